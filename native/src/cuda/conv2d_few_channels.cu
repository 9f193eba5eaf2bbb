// Forward convolution of few input channels (a network's first layer), DIRECT: the input is small, the output large,
// and k = channels * kernel_h * kernel_w too short for tiles of a GEMM.
//
//   block -> a band of the plane's pixels x 32 filters; its patch of x and its filters lie in shared memory
//   warp  -> 8 of the filters; a lane 8 pixels, 32 apart: 64 sums, for each tap two words of 16 bytes that the warp
//            shares and 8 words of neighbouring pixels
//
// grid (bands, filters / 32, samples).
#include "conv2d_few_channels.cuh"
#include "epilogue.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

constexpr int kWarps = 4, kThreads = kWarps * 32;
constexpr int kLaneFilters = 8, kLanePixels = 8;
constexpr int kFilters = kWarps * kLaneFilters;  // of a block
constexpr int kStep = 32 * kLanePixels;          // pixels that a warp computes at a time
constexpr int kMostSteps = 4;                    // of a band
constexpr int kSlots = kLanePixels * kThreads;

// Activations that are whole functions are applied one sum after the other, from the thread's slots in shared memory:
// inlined once for each filter, not for each sum.
__device__ void store_filter(const GemmEpilogue& epilogue, const float (&sums)[kLanePixels], float bias, int left,
                             float* slots, float* out) {
  const int32_t activation = epilogue.activation;
  if (activation != AZJ_SIGMOID && activation != AZJ_TANH) {
#pragma unroll
    for (int i = 0; i < kLanePixels; ++i) {
      if (i * 32 < left) out[i * 32] = activate(activation, epilogue.slope, sums[i] + bias);
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < kLanePixels; ++i) slots[i * kThreads] = sums[i] + bias;
#pragma unroll 1
  for (int i = 0; i < kLanePixels && i * 32 < left; ++i) {
    out[i * 32] = activate(activation, epilogue.slope, slots[i * kThreads]);
  }
}

// kWidth: kernel_w where the taps of a row are neighbours, so that a row of them takes one address; 0: any other.
template <int kWidth>
__global__ __launch_bounds__(kThreads, 4) void few_channels_kernel(const __grid_constant__ FewChannels c,
                                                                  const float* x, const float* w, float* y,
                                                                  const __grid_constant__ GemmEpilogue epilogue,
                                                                  int64_t first_sample) {
  const int kernel_w = kWidth > 0 ? kWidth : c.kernel_w, tap_step = kWidth > 0 ? 1 : c.dilation_w;
  float* const slots = dynamic_shared<float>();
  float* const weights = slots + kSlots;  // [tap][filter]
  float* const patch = weights + c.taps * kFilters;
  const int64_t n = first_sample + blockIdx.z;
  const int first_filter = static_cast<int>(blockIdx.y) * kFilters, first_pixel = static_cast<int>(blockIdx.x) * c.band;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;

  c.start_patch(x + n * c.in_sample, first_pixel, patch);
  for (int i = threadIdx.x; i < c.taps * kFilters; i += kThreads) {
    const int tap = i / kFilters, filter = first_filter + i % kFilters;
    const bool valid = filter < c.filters;
    cp_async_4(weights + i, w + (valid ? int64_t{filter} * c.taps + tap : 0), valid);
  }
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();

  const int end = first_pixel + c.band < c.out_plane ? first_pixel + c.band : c.out_plane;
  const int filter = first_filter + warp * kLaneFilters;
#pragma unroll 1
  for (int begin = first_pixel; begin < end; begin += kStep) {
    int offsets[kLanePixels];
#pragma unroll
    for (int i = 0; i < kLanePixels; ++i) {
      const int pixel = begin + i * 32 + lane;
      offsets[i] = c.pixel_offset(first_pixel, pixel < end ? pixel : first_pixel);
    }
    float sums[kLaneFilters][kLanePixels] = {};
    const float* of_tap = weights + warp * kLaneFilters;
    for (int channel = 0; channel < c.channels; ++channel) {
      for (int r = 0; r < c.kernel_h; ++r) {
        const float* const row = patch + (channel * c.rows + r * c.dilation_h) * c.pitch;
#pragma unroll kWidth > 0 ? kWidth : 1
        for (int s = 0; s < kernel_w; ++s, of_tap += kFilters) {
          const float4 low = *reinterpret_cast<const float4*>(of_tap);
          const float4 high = *reinterpret_cast<const float4*>(of_tap + 4);
          const float a[kLaneFilters] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
          for (int i = 0; i < kLanePixels; ++i) {
            const float value = (row + offsets[i])[s * tap_step];
#pragma unroll
            for (int f = 0; f < kLaneFilters; ++f) sums[f][i] += a[f] * value;
          }
        }
      }
    }
    float* out = y + n * c.out_sample + int64_t{filter} * c.out_plane + begin + lane;
#pragma unroll
    for (int f = 0; f < kLaneFilters; ++f, out += c.out_plane) {
      if (filter + f >= c.filters) break;
      store_filter(epilogue, sums[f], row_bias(epilogue, filter + f), end - begin - lane, slots + threadIdx.x, out);
    }
  }
}

int64_t shared_floats(const azj_conv2d_desc& d, const ConvSize& s, int64_t steps) {
  return kSlots + s.patch * kFilters + FewChannels::patch_floats(d, s, steps * kStep);
}

bool fits(const azj_conv2d_desc& d, const ConvSize& s, int64_t steps) {
  return shared_floats(d, s, steps) * int64_t{sizeof(float)} <= kFewChannelsShared;
}

// Long bands read less of x twice; short ones make enough blocks for all multiprocessors.
int64_t steps_of_band(const azj_conv2d_desc& d, const ConvSize& s) {
  const int64_t blocks = d.batch * divide_up(d.filters, kFilters);
  int64_t steps = kMostSteps;
  while (steps > 1 && (!fits(d, s, steps) || blocks * divide_up(s.out_plane, steps * kStep) < 4 * multiprocessors())) {
    steps /= 2;
  }
  return steps;
}

}  // namespace

bool conv2d_few_channels_fits(const azj_conv2d_desc& d) {
  return d.groups == 1 && d.channels <= kFewChannels && fits(d, ConvSize(d), 1);
}

void conv2d_few_channels_forward(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* w,
                                 const float* bias, float* y) {
  const ConvSize s(d);
  const int64_t steps = steps_of_band(d, s);
  const FewChannels c(d, s, steps * kStep);
  const GemmEpilogue epilogue = forward_gather(d, s, x, w, bias, y).epilogue;
  const size_t bytes = static_cast<size_t>(shared_floats(d, s, steps)) * sizeof(float);
  auto* kernel = few_channels_kernel<0>;
  if (d.dilation_w == 1 && d.kernel_w == 3) kernel = few_channels_kernel<3>;
  if (d.dilation_w == 1 && d.kernel_w == 5) kernel = few_channels_kernel<5>;
  if (d.dilation_w == 1 && d.kernel_w == 7) kernel = few_channels_kernel<7>;
  const unsigned filters = static_cast<unsigned>(divide_up(d.filters, kFilters));
  for_grid_ranges(d.batch, [&](int64_t first, unsigned samples) {
    launch_shared(kernel, dim3(static_cast<unsigned>(c.bands), filters, samples), dim3(kThreads), bytes,
                  stream, c, x, w, y, epilogue, first);
  });
}

}  // namespace azj::cuda
