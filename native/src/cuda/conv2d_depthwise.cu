// Depthwise convolution (one input channel and one filter a group), DIRECT: 3x3 and 5x5 kernels without gaps between
// taps.
//
//   forward, gradient to input   thread -> kOut x kOut outputs of one plane from a window of its source in registers
//   gradient to weights          thread -> kOut x kOut pixels at a time; a block has a channel and a slice of the batch
//
// Tiles are numbered through all planes of the batch, so that small images fill the blocks too: a 14 x 14 plane is 16
// tiles, half a warp. Bound by memory, 8 bytes a pixel: a thread takes (kOut + 2)^2 / kOut^2 = 2.25 loads for each
// pixel at 3x3, which find the neighbours' in the L1 cache, and no barrier.
#include "conv2d.hpp"
#include "epilogue.cuh"
#include "grid.hpp"
#include "kernels.hpp"
#include "launch.cuh"
#include "plane_window.cuh"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int64_t kMinTiles = 4;  // of a thread of the gradient to the weights

// Planes cut into kOut x kOut tiles.
struct DepthwiseTiles {
  DepthwiseTiles(int64_t height, int64_t width, int64_t out)
      : plane(divide_up(height, out) * divide_up(width, out)), row(divide_up(width, out)) {}
  int64_t of_plane() const { return plane.divisor; }
  Divisor plane, row;
};

// A tile's plane among those of a sample, and its first row and column.
template <int kOut>
struct DepthwiseTile {
  int plane, row, column;
  __device__ DepthwiseTile(const DepthwiseTiles& tiles, int index) {
    plane = tiles.plane.quotient(index);
    const int in_plane = tiles.plane.remainder(index, plane), r = tiles.row.quotient(in_plane);
    row = r * kOut;
    column = tiles.row.remainder(in_plane, r) * kOut;
  }
};

// Outputs along each side of a thread's tile.
template <int kStride>
constexpr int kTileSide = kStride == 1 ? 4 : 2;

// ---- forward and gradient to the input

// grid (tiles of a sample, samples).
template <int kKernel, int kStride>
__global__ __launch_bounds__(kThreads) void depthwise_kernel(const __grid_constant__ ConvGather g,
                                                            const __grid_constant__ DepthwiseTiles tiles, int count,
                                                            int first_sample) {
  constexpr int kOut = kTileSide<kStride>, kWindow = (kOut - 1) * kStride + kKernel;
  const int index = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (index >= count) return;
  const DepthwiseTile<kOut> tile(tiles, index);
  const int64_t n = first_sample + static_cast<int>(blockIdx.y);
  // Where taps go backwards (gradient to the input) the window begins with the last of them.
  const bool backwards_h = g.tap_h < 0, backwards_w = g.tap_w < 0;
  const PlaneWindow<kWindow> window(tile.row * kStride + g.origin_h - (backwards_h ? kKernel - 1 : 0),
                                    tile.column * kStride + g.origin_w - (backwards_w ? kKernel - 1 : 0), g.source_h,
                                    g.source_w);
  const float* const source = g.source + n * g.source_sample + tile.plane * (int64_t{g.source_h} * g.source_w);
  const float* const weights = g.weights + tile.plane * g.weight_group;
  float x[kWindow][kWindow];
#pragma unroll
  for (int i = 0; i < kWindow; ++i) {
#pragma unroll
    for (int j = 0; j < kWindow; ++j) x[i][j] = window.load(source, i, j);
  }
  const float bias = g.epilogue.bias != nullptr ? g.epilogue.bias[tile.plane] : 0.0f;
  float sums[kOut][kOut];
#pragma unroll
  for (int i = 0; i < kOut; ++i) {
#pragma unroll
    for (int j = 0; j < kOut; ++j) sums[i][j] = bias;
  }
#pragma unroll
  for (int r = 0; r < kKernel; ++r) {
#pragma unroll
    for (int s = 0; s < kKernel; ++s) {
      const float weight = weights[(backwards_h ? kKernel - 1 - r : r) * g.weight_tap_h +
                                   (backwards_w ? kKernel - 1 - s : s) * g.weight_tap_w];
#pragma unroll
      for (int i = 0; i < kOut; ++i) {
#pragma unroll
        for (int j = 0; j < kOut; ++j) sums[i][j] += weight * x[i * kStride + r][j * kStride + s];
      }
    }
  }
  float* const out = g.out + n * g.out_sample + int64_t{tile.plane} * g.out_plane;
#pragma unroll
  for (int i = 0; i < kOut; ++i) {
    if (tile.row + i >= g.pixels_h) break;
#pragma unroll
    for (int j = 0; j < kOut; ++j) {
      if (tile.column + j >= g.pixels_w) break;
      out[(tile.row + i) * g.out_step_h + tile.column + j] =
          activate(g.epilogue.activation, g.epilogue.slope, sums[i][j]);
    }
  }
}

template <int kKernel, int kStride>
void run(cudaStream_t stream, const ConvGather& gather, int64_t batch) {
  const DepthwiseTiles tiles(gather.pixels_h, gather.pixels_w, kTileSide<kStride>);
  const int64_t count = tiles.of_plane() * gather.groups;
  for_sample_ranges(gather, batch, [&](const ConvGather& g) {
    for_grid_ranges(g.samples, [&](int64_t first, unsigned samples) {
      launch(depthwise_kernel<kKernel, kStride>, dim3(static_cast<unsigned>(divide_up(count, kThreads)), samples),
             dim3(kThreads), 0, stream, g, tiles, static_cast<int>(count), static_cast<int>(first));
    });
  });
}

// ---- gradient to the weights

struct DepthwiseWeights {
  int channels, out_h, out_w, height, width, pad_h, pad_w;
  int64_t samples, slice;  // of the batch, of a slice of it
  int64_t in_sample, out_sample;
};

// grid (channels, slices); parts [slice][channel][kKernel * kKernel].
template <int kKernel>
__global__ __launch_bounds__(kThreads) void depthwise_weights_kernel(const __grid_constant__ DepthwiseWeights k,
                                                                    const __grid_constant__ DepthwiseTiles tiles,
                                                                    int tiles_of_plane, const float* x,
                                                                    const float* grad_z, float* parts) {
  constexpr int kOut = kTileSide<1>, kWindow = kOut - 1 + kKernel;
  const BlockTeam team;
  const int64_t channel = blockIdx.x, first = blockIdx.y * k.slice;
  const int64_t samples = k.samples - first < k.slice ? k.samples - first : k.slice;
  const float* const plane = x + first * k.in_sample + channel * (int64_t{k.height} * k.width);
  const float* const grad = grad_z + first * k.out_sample + channel * (int64_t{k.out_h} * k.out_w);
  float sums[kKernel][kKernel] = {};
#pragma unroll 1
  for (int64_t index = threadIdx.x; index < samples * tiles_of_plane; index += kThreads) {
    const DepthwiseTile<kOut> tile(tiles, static_cast<int>(index));  // its plane is the sample
    const PlaneWindow<kWindow> window(tile.row - k.pad_h, tile.column - k.pad_w, k.height, k.width);
    const PlaneWindow<kOut> pixels(tile.row, tile.column, k.out_h, k.out_w);
    float source[kWindow][kWindow];
#pragma unroll
    for (int i = 0; i < kWindow; ++i) {
#pragma unroll
      for (int j = 0; j < kWindow; ++j) source[i][j] = window.load(plane + tile.plane * k.in_sample, i, j);
    }
#pragma unroll
    for (int i = 0; i < kOut; ++i) {
#pragma unroll
      for (int j = 0; j < kOut; ++j) {
        const float dz = pixels.load(grad + tile.plane * k.out_sample, i, j);
#pragma unroll
        for (int r = 0; r < kKernel; ++r) {
#pragma unroll
          for (int s = 0; s < kKernel; ++s) sums[r][s] += dz * source[i + r][j + s];
        }
      }
    }
  }
  float* const part = parts + (blockIdx.y * int64_t{k.channels} + channel) * (kKernel * kKernel);
#pragma unroll
  for (int r = 0; r < kKernel; ++r) {
#pragma unroll
    for (int s = 0; s < kKernel; ++s) {
      const float sum = team.reduce(sums[r][s], Add{});
      if (threadIdx.x == 0) part[r * kKernel + s] = sum;
    }
  }
}

// Slices of the batch: enough blocks for all multiprocessors, enough tiles for a thread. Grows with the batch.
int64_t most_slices(const azj_conv2d_desc& d, const ConvSize& s) {
  const int64_t tiles = d.batch * DepthwiseTiles(s.out_h, s.out_w, kTileSide<1>).of_plane();
  const int64_t wanted = divide_up(4 * multiprocessors(), d.channels), full = divide_up(tiles, kThreads * kMinTiles);
  int64_t slices = wanted < full ? wanted : full;
  // A slice's tiles are numbered in 31 bits.
  const int64_t needed = divide_up(tiles, kMaxGemmExtent / 2);
  if (slices < needed) slices = needed;
  return slices < d.batch ? slices : d.batch;
}

template <int kKernel>
void run_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                 float* parts) {
  const ConvSize s(d);
  DepthwiseWeights k{};
  k.channels = static_cast<int>(d.channels);
  k.out_h = static_cast<int>(s.out_h);
  k.out_w = static_cast<int>(s.out_w);
  k.height = static_cast<int>(d.height);
  k.width = static_cast<int>(d.width);
  k.pad_h = static_cast<int>(d.pad_h);
  k.pad_w = static_cast<int>(d.pad_w);
  k.samples = d.batch;
  k.slice = divide_up(d.batch, most_slices(d, s));
  k.in_sample = s.in_sample;
  k.out_sample = s.out_sample;
  const DepthwiseTiles tiles(s.out_h, s.out_w, kTileSide<1>);
  const int64_t slices = divide_up(d.batch, k.slice);
  launch(depthwise_weights_kernel<kKernel>, dim3(static_cast<unsigned>(d.channels), static_cast<unsigned>(slices)),
         dim3(kThreads), 0, stream, k, tiles, static_cast<int>(tiles.of_plane()), x, grad_z,
         slices == 1 ? grad_w : parts);
  if (slices > 1) add_parts(stream, parts, slices, s.weights, grad_w);
}

}  // namespace

bool conv2d_depthwise_fits(const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  if (!s.depthwise || d.dilation_h != 1 || d.dilation_w != 1 || d.kernel_h != d.kernel_w) return false;
  const bool dense = d.stride_h == 1 && d.stride_w == 1;
  if (dense) return d.kernel_h == 3 || d.kernel_h == 5;
  return pass == AZJ_CONV_FORWARD && d.kernel_h == 3 && d.stride_h == 2 && d.stride_w == 2;
}

void conv2d_depthwise_forward(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* w,
                              const float* bias, float* y) {
  const ConvGather gather = forward_gather(d, ConvSize(d), x, w, bias, y);
  if (d.stride_h == 2) return run<3, 2>(stream, gather, d.batch);
  if (d.kernel_h == 5) return run<5, 1>(stream, gather, d.batch);
  run<3, 1>(stream, gather, d.batch);
}

void conv2d_depthwise_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                 float* grad_x) {
  const ConvGather gather = grad_input_gather(d, ConvSize(d), 0, 0, grad_z, w, grad_x);  // the only phase of stride 1
  if (d.kernel_h == 5) return run<5, 1>(stream, gather, d.batch);
  run<3, 1>(stream, gather, d.batch);
}

uint64_t conv2d_depthwise_grad_weights_workspace_bytes(const azj_conv2d_desc& d) {
  const ConvSize s(d);
  const int64_t slices = most_slices(d, s);
  return slices == 1 ? 0 : static_cast<uint64_t>(slices) * static_cast<uint64_t>(s.weights) * sizeof(float);
}

void conv2d_depthwise_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                   float* grad_w, void* workspace) {
  float* const parts = static_cast<float*>(workspace);
  if (d.kernel_h == 5) return run_weights<5>(stream, d, x, grad_z, grad_w, parts);
  run_weights<3>(stream, d, x, grad_z, grad_w, parts);
}

}  // namespace azj::cuda
