// Gradient to the input of few channels, DIRECT: the sum over filters and the taps of a phase (conv2d.hpp, ConvGather)
// for up to four planes. As a GEMM it has as many rows as channels, of which a tile has 32.
//
//   thread -> kStrip pixels of a phase, one below the other, in every channel. For each filter and each tap along w it
//             loads the kStrip + kTaps - 1 elements of grad_z that the taps along h meet, beside its neighbours', for
//             kStrip * kTaps * kRows multiply-adds
//   block  -> threads in the order of the pixels of one sample; the weights lie in shared memory
//
// Dilations along h are left out: their taps meet other elements for each pixel.
#include "conv2d.hpp"
#include "elements.cuh"
#include "grid.hpp"
#include "kernels.hpp"
#include "tile_launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kStrip = 8;
constexpr int64_t kMostTaps = 5;  // of a phase along h
constexpr int64_t kMostShared = 48 * 1024;

// grid (strips of pixels, samples). Weights: [filter][tap of w][tap of h][channel].
template <int kRows, int kTaps>
__global__ __launch_bounds__(kThreads, kResidentBlocks) void few_channels_input_kernel(
    const __grid_constant__ ConvGather g, int strips, int first_sample) {
  constexpr int kWindow = kStrip + kTaps - 1;
  float* const weights = dynamic_shared<float>();
  for (int i = threadIdx.x; i < g.channels * g.taps_w * kTaps * kRows; i += kThreads) {
    const int row = i % kRows, r = i / kRows % kTaps, line = i / (kRows * kTaps);
    const int s = line % g.taps_w, channel = line / g.taps_w;
    const int at = row * g.weight_row + channel * g.weight_channel + r * g.weight_tap_h + s * g.weight_tap_w;
    weights[i] = row < g.rows && r < g.taps_h ? g.weights[at] : 0.0f;
  }
  __syncthreads();
  const int strip = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (strip >= strips) return;
  const int row_of_strips = g.pixel_row.quotient(strip);
  const int v = g.pixel_row.remainder(strip, row_of_strips), first_u = row_of_strips * kStrip;
  const int64_t n = first_sample + static_cast<int>(blockIdx.y), plane = int64_t{g.source_h} * g.source_w;
  const float* source = g.source + n * g.source_sample;

  // Tap 0 meets the last elements of the window: taps go backwards.
  const int top = first_u + g.origin_h - (kTaps - 1);
  unsigned rows = 0;
#pragma unroll
  for (int k = 0; k < kWindow; ++k) {
    rows |= static_cast<unsigned>(top + k) < static_cast<unsigned>(g.source_h) ? 1u << k : 0u;
  }
  float sums[kRows][kStrip] = {};
  const float* weight = weights;
#pragma unroll 1
  for (int channel = 0; channel < g.channels; ++channel, source += plane) {
#pragma unroll 1
    for (int s = 0; s < g.taps_w; ++s, weight += kTaps * kRows) {
      const int w = v + g.origin_w + s * g.tap_w;
      const unsigned inside = static_cast<unsigned>(w) < static_cast<unsigned>(g.source_w) ? rows : 0;
      float window[kWindow];
#pragma unroll
      for (int k = 0; k < kWindow; ++k) {
        window[k] = inside >> k & 1 ? source[int64_t{top + k} * g.source_w + w] : 0.0f;
      }
#pragma unroll
      for (int r = 0; r < kTaps; ++r) {
#pragma unroll
        for (int row = 0; row < kRows; ++row) {
          const float value = weight[r * kRows + row];
#pragma unroll
          for (int i = 0; i < kStrip; ++i) sums[row][i] += value * window[i + kTaps - 1 - r];
        }
      }
    }
  }
  float* const out = g.out + n * g.out_sample + int64_t{first_u} * g.out_step_h + v * g.out_step_w;
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
    if (row >= g.rows) break;
#pragma unroll
    for (int i = 0; i < kStrip; ++i) {
      if (first_u + i < g.pixels_h) out[int64_t{row} * g.out_plane + int64_t{i} * g.out_step_h] = sums[row][i];
    }
  }
}

template <int kRows, int kTaps>
void run(cudaStream_t stream, const ConvGather& gather, int64_t batch) {
  const int64_t strips = divide_up(gather.pixels_h, kStrip) * gather.pixels_w;
  const size_t bytes = sizeof(float) * kRows * kTaps * gather.channels * gather.taps_w;
  for_grid_ranges(batch, [&](int64_t first, unsigned samples) {
    launch_shared(few_channels_input_kernel<kRows, kTaps>,
                  dim3(static_cast<unsigned>(divide_up(strips, kThreads)), samples), dim3(kThreads), bytes, stream,
                  gather, static_cast<int>(strips), static_cast<int>(first));
  });
}

template <int kRows>
void run_taps(cudaStream_t stream, const ConvGather& g, int64_t batch) {
  switch (g.taps_h) {
    case 5: return run<kRows, 5>(stream, g, batch);
    case 4: return run<kRows, 4>(stream, g, batch);
    case 3: return run<kRows, 3>(stream, g, batch);
    case 2: return run<kRows, 2>(stream, g, batch);
    default: return run<kRows, 1>(stream, g, batch);  // one or none, whose weights are 0
  }
}

}  // namespace

bool conv2d_few_channels_input_fits(const azj_conv2d_desc& d) {
  const int64_t taps_h = divide_up(d.kernel_h, d.stride_h), taps_w = divide_up(d.kernel_w, d.stride_w);
  const int64_t rows = d.channels == 2 ? 3 : d.channels;
  return d.groups == 1 && d.channels <= kFewChannels && d.dilation_h == 1 && d.dilation_w == 1 && taps_h <= kMostTaps &&
         taps_w * taps_h * rows * d.filters * int64_t{sizeof(float)} <= kMostShared;
}

void conv2d_few_channels_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                    float* grad_x) {
  for_phases(d, ConvSize(d), grad_z, w, grad_x, [&](const ConvGather& phase) {
    switch (phase.rows) {
      case 1: return run_taps<1>(stream, phase, d.batch);
      case 2:
      case 3: return run_taps<3>(stream, phase, d.batch);
      default: return run_taps<4>(stream, phase, d.batch);
    }
  });
}

}  // namespace azj::cuda
