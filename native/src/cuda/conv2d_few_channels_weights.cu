// Gradient to the weights of few input channels, DIRECT:
//   dw[filter][tap] = sum over samples and pixels of dz[filter][pixel] * patch[offset of pixel + offset of tap]
//
//   block  -> a slice of all bands of the batch, up to 64 filters, all taps; band by band dz and the patch of x lie in
//             shared memory
//   thread -> 8 filters x 4 taps, every n-th four pixels of a band. The threads of other pixels add up at the end
//
// dz is read once from memory, which bounds the kernel: 32 multiply-adds for each pixel, eight filters and four taps
// take two words of 16 bytes of dz and four words of the patch. The slices' parts lie in the workspace and are added in
// order.
#include "conv2d_few_channels.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

constexpr int kMaxThreads = 256;
constexpr int kThreadFilters = 8, kThreadTaps = 4, kThreadPixels = 4;
constexpr int kMostFilters = 64;  // of a block
constexpr int kBand = 128;        // pixels
constexpr int kPitch = kBand + 4;  // of dz, so that rows of neighbouring threads are in different banks
constexpr int64_t kBlocksPerProcessor = 4;

// How a block's threads share its filters, taps and pixels.
struct Share {
  int filters, taps, pixels;  // threads along each

  explicit Share(const azj_conv2d_desc& d, const ConvSize& s) {
    taps = static_cast<int>(divide_up(s.patch, kThreadTaps));
    const int64_t most = taps < kMaxThreads ? kMaxThreads / taps : 1;
    const int64_t all = divide_up(d.filters, kThreadFilters);
    const int64_t limit = most < kMostFilters / kThreadFilters ? most : kMostFilters / kThreadFilters;
    filters = static_cast<int>(divide_up(all, divide_up(all, limit)));  // blocks of about the same number
    pixels = kMaxThreads / (taps * filters);
    if (pixels > kBand / kThreadPixels) pixels = kBand / kThreadPixels;
    if (pixels < 1) pixels = 1;
  }

  __host__ __device__ int threads() const { return filters * taps * pixels; }
  __host__ __device__ int block_filters() const { return filters * kThreadFilters; }
  int64_t dz_floats() const { return int64_t{block_filters()} * kPitch; }
  int64_t sum_floats() const { return int64_t{threads()} * kThreadFilters * kThreadTaps; }
};

// grid (slices, blocks of filters). vectors: four pixels of dz lie on 16 bytes.
__global__ __launch_bounds__(kMaxThreads, 2) void few_channels_weights_kernel(const __grid_constant__ FewChannels c,
                                                                             const __grid_constant__ Share share,
                                                                             int64_t units, int64_t slice,
                                                                             const float* x, const float* grad_z,
                                                                             bool vectors, float* parts) {
  float* const dz = dynamic_shared<float>();                       // [filter][pixel]
  int* const pixels = reinterpret_cast<int*>(dz + share.block_filters() * kPitch);  // offsets in the patch
  float* const patch = dz + share.block_filters() * kPitch + kBand;
  const int thread = threadIdx.x;
  const int tap = thread % share.taps, filter = thread / share.taps % share.filters;
  const int first_quad = thread / (share.taps * share.filters);  // none for the threads that fill up the last warp
  const int first_filter = static_cast<int>(blockIdx.y) * share.block_filters();

  int offsets[kThreadTaps];
#pragma unroll
  for (int j = 0; j < kThreadTaps; ++j) {
    const int t = tap + j * share.taps, kernel = c.kernel_h * c.kernel_w;
    const int channel = t / kernel, r = t % kernel / c.kernel_w, s = t % c.kernel_w;
    offsets[j] = t < c.taps ? (channel * c.rows + r * c.dilation_h) * c.pitch + s * c.dilation_w : 0;
  }

  float sums[kThreadFilters][kThreadTaps] = {};
  const int64_t begin = blockIdx.x * slice, end = begin + slice < units ? begin + slice : units;
#pragma unroll 1
  for (int64_t unit = begin; unit < end; ++unit) {
    const int64_t n = unit / c.bands;
    const int first_pixel = static_cast<int>(unit - n * c.bands) * kBand;
    const int count = c.out_plane - first_pixel < kBand ? c.out_plane - first_pixel : kBand;
    __syncthreads();  // nobody reads the band before any more
    c.start_patch(x + n * c.in_sample, first_pixel, patch);
    const float* const grad = grad_z + n * c.out_sample + int64_t{first_filter} * c.out_plane + first_pixel;
    const int width = vectors ? 4 : 1, copies = kBand / width;
    for (int i = thread; i < share.block_filters() * copies; i += blockDim.x) {
      const int f = i / copies, pixel = i % copies * width;
      const bool valid = pixel < count && first_filter + f < c.filters;
      const float* const from = grad + (valid ? int64_t{f} * c.out_plane + pixel : 0);
      if (vectors) {
        cp_async_16(dz + f * kPitch + pixel, from, valid);
      } else {
        cp_async_4(dz + f * kPitch + pixel, from, valid);
      }
    }
    for (int i = thread; i < kBand; i += blockDim.x) {
      pixels[i] = i < count ? c.pixel_offset(first_pixel, first_pixel + i) : 0;  // where dz is 0
    }
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
    if (first_quad >= share.pixels) continue;
#pragma unroll 1
    for (int quad = first_quad; quad * kThreadPixels < count; quad += share.pixels) {
      const int4 at = reinterpret_cast<const int4*>(pixels)[quad];
      float4 g[kThreadFilters];
#pragma unroll
      for (int f = 0; f < kThreadFilters; ++f) {
        g[f] = *reinterpret_cast<const float4*>(dz + (filter + f * share.filters) * kPitch + quad * kThreadPixels);
      }
#pragma unroll
      for (int j = 0; j < kThreadTaps; ++j) {
        const float* const from = patch + offsets[j];
        const float x0 = from[at.x], x1 = from[at.y], x2 = from[at.z], x3 = from[at.w];
#pragma unroll
        for (int f = 0; f < kThreadFilters; ++f) {
          sums[f][j] += g[f].x * x0;
          sums[f][j] += g[f].y * x1;
          sums[f][j] += g[f].z * x2;
          sums[f][j] += g[f].w * x3;
        }
      }
    }
  }

  // [sum of a thread][thread], then the sums of the threads of one filter and tap in the order of their pixels.
  __syncthreads();
  float* const all = dynamic_shared<float>();
  const int threads = share.threads(), same = share.taps * share.filters;
  if (first_quad < share.pixels) {
#pragma unroll
    for (int f = 0; f < kThreadFilters; ++f) {
#pragma unroll
      for (int j = 0; j < kThreadTaps; ++j) all[(f * kThreadTaps + j) * threads + thread] = sums[f][j];
    }
  }
  __syncthreads();
  float* const part = parts + int64_t{blockIdx.x} * c.filters * c.taps;
  for (int i = thread; i < same * kThreadFilters * kThreadTaps; i += blockDim.x) {
    const int t = i % (share.taps * kThreadTaps), f = i / (share.taps * kThreadTaps);
    const int of_filter = f % share.filters, of_tap = t % share.taps;
    const int of_thread = f / share.filters * kThreadTaps + t / share.taps;  // which of its sums
    const float* from = all + of_thread * threads + of_filter * share.taps + of_tap;
    float sum = 0;
    for (int p = 0; p < share.pixels; ++p) sum += from[p * same];
    if (first_filter + f < c.filters && t < c.taps) part[int64_t{first_filter + f} * c.taps + t] = sum;
  }
}

int64_t shared_floats(const azj_conv2d_desc& d, const ConvSize& s) {
  const Share share(d, s);
  const int64_t bands = share.dz_floats() + kBand + FewChannels::patch_floats(d, s, kBand);
  return bands > share.sum_floats() ? bands : share.sum_floats();
}

// Slices of the units (samples times bands): as many as the multiprocessors hold blocks. Grows with the batch.
int64_t most_slices(const azj_conv2d_desc& d, const ConvSize& s) {
  const int64_t units = d.batch * divide_up(s.out_plane, kBand);
  const int64_t blocks = divide_up(d.filters, Share(d, s).block_filters());
  const int64_t slices = divide_up(kBlocksPerProcessor * multiprocessors(), blocks);
  return slices < units ? slices : units;
}

}  // namespace

bool conv2d_few_channels_weights_fits(const azj_conv2d_desc& d) {
  if (d.groups != 1 || d.channels > kFewChannels) return false;
  const ConvSize s(d);
  return Share(d, s).threads() <= kMaxThreads && shared_floats(d, s) * int64_t{sizeof(float)} <= kFewChannelsShared;
}

uint64_t conv2d_few_channels_weights_workspace_bytes(const azj_conv2d_desc& d) {
  const ConvSize s(d);
  return static_cast<uint64_t>(most_slices(d, s)) * static_cast<uint64_t>(s.weights) * sizeof(float);
}

void conv2d_few_channels_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x,
                                      const float* grad_z, float* grad_w, void* workspace) {
  const ConvSize s(d);
  const FewChannels c(d, s, kBand);
  const Share share(d, s);
  const int64_t units = d.batch * c.bands;
  const int64_t slice = divide_up(units, most_slices(d, s)), slices = divide_up(units, slice);
  float* const parts = static_cast<float*>(workspace);
  const dim3 grid(static_cast<unsigned>(slices), static_cast<unsigned>(divide_up(d.filters, share.block_filters())));
  const dim3 block(static_cast<unsigned>(divide_up(share.threads(), 32) * 32));
  const bool vectors = s.out_plane % 4 == 0 && reinterpret_cast<uintptr_t>(grad_z) % 16 == 0;
  const size_t bytes = static_cast<size_t>(shared_floats(d, s)) * sizeof(float);
  launch_shared(few_channels_weights_kernel, grid, block, bytes, stream, c, share, units, slice, x, grad_z, vectors,
                parts);
  add_parts(stream, parts, slices, s.weights, grad_w);
}

}  // namespace azj::cuda
