// X_unroll[n][(c, r, s)][(p, q)] = x[n][c][p * stride_h - pad_h + r * dilation_h][q * stride_w - pad_w + s * dilation_w],
// T4.1, and its adjoint, col2im.
//
//   im2col: grid (pixels of a row of X_unroll, rows (c, r, s), samples); a thread one element, a warp neighbours of a row
//   col2im: grid (pixels of a plane, channels, samples); a thread one element of x, which gathers the elements of
//           X_unroll that came from it in the order of (r, s): no atomics, the same sum every time
//
// Bound by memory: X_unroll has R * S / (stride_h * stride_w) times the elements of x, each written (or read) once.
#include "conv2d.hpp"
#include "grid.hpp"
#include "kernels.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kMaxThreads = 256;

struct Unroll {
  int channels, height, width, kernel_h, kernel_w, out_h, out_w;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int rows, in_plane, out_plane;  // rows of X_unroll: channels * kernel_h * kernel_w
  int64_t in_sample, unrolled_sample;
  Divisor in_row, out_row;  // by width, by out_w
};

Unroll make_unroll(const azj_conv2d_desc& d, const ConvSize& s) {
  Unroll u{};
  u.channels = static_cast<int>(d.channels);
  u.height = static_cast<int>(d.height);
  u.width = static_cast<int>(d.width);
  u.kernel_h = static_cast<int>(d.kernel_h);
  u.kernel_w = static_cast<int>(d.kernel_w);
  u.out_h = static_cast<int>(s.out_h);
  u.out_w = static_cast<int>(s.out_w);
  u.stride_h = static_cast<int>(d.stride_h);
  u.stride_w = static_cast<int>(d.stride_w);
  u.pad_h = static_cast<int>(d.pad_h);
  u.pad_w = static_cast<int>(d.pad_w);
  u.dilation_h = static_cast<int>(d.dilation_h);
  u.dilation_w = static_cast<int>(d.dilation_w);
  u.rows = static_cast<int>(d.channels * s.taps);
  u.in_plane = static_cast<int>(s.in_plane);
  u.out_plane = static_cast<int>(s.out_plane);
  u.in_sample = s.in_sample;
  u.unrolled_sample = s.unrolled_sample;
  u.in_row = Divisor(d.width);
  u.out_row = Divisor(s.out_w);
  return u;
}

__global__ __launch_bounds__(kMaxThreads) void im2col_kernel(const __grid_constant__ Unroll u, int64_t first_sample,
                                                             const float* x, float* x_unroll) {
  const int64_t pixel = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (pixel >= u.out_plane) return;
  const int64_t n = first_sample + blockIdx.z;
  const int p = u.out_row.quotient(static_cast<int>(pixel));
  const int q = u.out_row.remainder(static_cast<int>(pixel), p);
  const float* sample = x + n * u.in_sample;
  float* out = x_unroll + n * u.unrolled_sample + pixel;
  for (int row = blockIdx.y; row < u.rows; row += gridDim.y) {  // the same for the whole block
    const int tap = row % (u.kernel_h * u.kernel_w), channel = row / (u.kernel_h * u.kernel_w);
    const int h = p * u.stride_h - u.pad_h + tap / u.kernel_w * u.dilation_h;
    const int w = q * u.stride_w - u.pad_w + tap % u.kernel_w * u.dilation_w;
    const bool inside = h >= 0 && h < u.height && w >= 0 && w < u.width;
    out[int64_t{row} * u.out_plane] = inside ? sample[(channel * u.height + h) * u.width + w] : 0.0f;
  }
}

__global__ __launch_bounds__(kMaxThreads) void col2im_kernel(const __grid_constant__ Unroll u, int64_t first_sample,
                                                             const float* x_unroll, float* x) {
  const int64_t pixel = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (pixel >= u.in_plane) return;
  const int64_t n = first_sample + blockIdx.z;
  const int h = u.in_row.quotient(static_cast<int>(pixel));
  const int w = u.in_row.remainder(static_cast<int>(pixel), h);
  for (int channel = blockIdx.y; channel < u.channels; channel += gridDim.y) {
    const float* rows = x_unroll + n * u.unrolled_sample + int64_t{channel} * u.kernel_h * u.kernel_w * u.out_plane;
    float sum = 0;
    for (int r = 0; r < u.kernel_h; ++r) {
      const int from_h = h + u.pad_h - r * u.dilation_h, p = from_h / u.stride_h;
      if (from_h < 0 || p * u.stride_h != from_h || p >= u.out_h) continue;
      for (int s = 0; s < u.kernel_w; ++s) {
        const int from_w = w + u.pad_w - s * u.dilation_w, q = from_w / u.stride_w;
        if (from_w < 0 || q * u.stride_w != from_w || q >= u.out_w) continue;
        sum += rows[int64_t{r * u.kernel_w + s} * u.out_plane + p * u.out_w + q];
      }
    }
    x[n * u.in_sample + int64_t{channel} * u.in_plane + pixel] = sum;
  }
}

// A thread for each element of a plane and a block for each of `lines` planes of a sample, as far as a grid goes.
template <class Kernel>
void launch_planes(Kernel kernel, cudaStream_t stream, const Unroll& u, int64_t samples, int64_t plane, int64_t lines,
                   const float* from, float* to) {
  const int64_t warps = divide_up(plane, 32) * 32;
  const int64_t threads = warps < kMaxThreads ? warps : kMaxThreads;
  for_grid_ranges(samples, [&](int64_t first, unsigned count) {
    const dim3 grid(static_cast<unsigned>(divide_up(plane, threads)),
                    static_cast<unsigned>(lines < kMaxGridYZ ? lines : kMaxGridYZ), count);
    launch(kernel, grid, dim3(static_cast<unsigned>(threads)), 0, stream, u, first, from, to);
  });
}

}  // namespace

void im2col(cudaStream_t stream, const azj_conv2d_desc& d, int64_t samples, const float* x, float* x_unroll) {
  const ConvSize s(d);
  const Unroll u = make_unroll(d, s);
  launch_planes(im2col_kernel, stream, u, samples, u.out_plane, u.rows, x, x_unroll);
}

void col2im(cudaStream_t stream, const azj_conv2d_desc& d, int64_t samples, const float* x_unroll, float* x) {
  const ConvSize s(d);
  const Unroll u = make_unroll(d, s);
  launch_planes(col2im_kernel, stream, u, samples, u.in_plane, u.channels, x_unroll, x);
}

}  // namespace azj::cuda
