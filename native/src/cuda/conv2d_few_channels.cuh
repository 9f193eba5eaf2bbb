// What the kernels for few input channels share: the part of the input that a band of output pixels needs, in shared
// memory.
//
// There an element of X_unroll is patch[offset of its pixel + offset of its tap], so that the inner loops have neither
// comparisons nor divisions: zeros stand where the taps leave the input, and any kernel, stride and dilation is alike.
#pragma once

#include "conv2d.hpp"
#include "grid.hpp"
#include "ptx.cuh"
#include "tile_launch.cuh"

namespace azj::cuda {

struct FewChannels {
  int channels, filters, kernel_h, kernel_w, taps;  // taps: channels * kernel_h * kernel_w
  int height, width, out_w, out_plane;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t in_sample, out_sample;
  int band, bands;   // output pixels of a band, in the order of the plane; bands of a plane
  int rows, pitch;   // of a channel of the patch of a band
  Divisor out_row;

  FewChannels(const azj_conv2d_desc& d, const ConvSize& s, int64_t pixels)
      : channels(static_cast<int>(d.channels)),
        filters(static_cast<int>(d.filters)),
        kernel_h(static_cast<int>(d.kernel_h)),
        kernel_w(static_cast<int>(d.kernel_w)),
        taps(static_cast<int>(s.patch)),
        height(static_cast<int>(d.height)),
        width(static_cast<int>(d.width)),
        out_w(static_cast<int>(s.out_w)),
        out_plane(static_cast<int>(s.out_plane)),
        stride_h(static_cast<int>(d.stride_h)),
        stride_w(static_cast<int>(d.stride_w)),
        pad_h(static_cast<int>(d.pad_h)),
        pad_w(static_cast<int>(d.pad_w)),
        dilation_h(static_cast<int>(d.dilation_h)),
        dilation_w(static_cast<int>(d.dilation_w)),
        in_sample(s.in_sample),
        out_sample(s.out_sample),
        band(static_cast<int>(pixels)),
        bands(static_cast<int>(divide_up(s.out_plane, pixels))),
        rows(static_cast<int>(patch_rows(d, s, pixels))),
        pitch(static_cast<int>(patch_pitch(d, s))),
        out_row(s.out_w) {}

  static int64_t patch_rows(const azj_conv2d_desc& d, const ConvSize& s, int64_t pixels) {
    const int64_t touched = (pixels + s.out_w - 2) / s.out_w + 1;
    return ((touched < s.out_h ? touched : s.out_h) - 1) * d.stride_h + (d.kernel_h - 1) * d.dilation_h + 1;
  }
  static int64_t patch_pitch(const azj_conv2d_desc& d, const ConvSize& s) {
    return (s.out_w - 1) * d.stride_w + (d.kernel_w - 1) * d.dilation_w + 1;
  }
  // Floats of the patch, a multiple of 4.
  static int64_t patch_floats(const azj_conv2d_desc& d, const ConvSize& s, int64_t pixels) {
    return divide_up(d.channels * patch_rows(d, s, pixels) * patch_pitch(d, s), 4) * 4;
  }

  __device__ int first_row(int first_pixel) const { return out_row.quotient(first_pixel); }

  // Where the patch has tap (0, 0) of a pixel of the band.
  __device__ int pixel_offset(int first_pixel, int pixel) const {
    const int p = out_row.quotient(pixel), q = out_row.remainder(pixel, p);
    return (p - first_row(first_pixel)) * stride_h * pitch + q * stride_w;
  }

  // Starts the copies of the patch of the band that begins with first_pixel; x is the sample.
  __device__ void start_patch(const float* x, int first_pixel, float* patch) const {
    const int top = first_row(first_pixel) * stride_h - pad_h;
    const int lane = threadIdx.x % 32, warps = blockDim.x / 32;
    for (int line = threadIdx.x / 32; line < channels * rows; line += warps) {
      const int channel = line / rows, h = top + line - channel * rows;
      const bool inside = h >= 0 && h < height;
      const float* const from = x + (int64_t{channel} * height + (inside ? h : 0)) * width;
      for (int j = lane; j < pitch; j += 32) {
        const int w = j - pad_w;
        const bool valid = inside && w >= 0 && w < width;
        cp_async_4(patch + line * pitch + j, from + (valid ? w : 0), valid);
      }
    }
  }
};

// Of a block at most: what every device has.
constexpr int64_t kFewChannelsShared = 64 * 1024;

}  // namespace azj::cuda
