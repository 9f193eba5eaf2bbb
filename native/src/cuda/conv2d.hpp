// What the CUDA convolutions share: sizes, and the sum of taps that forward pass and gradient to the input both are.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "azulejo.h"
#include "divisor.hpp"
#include "gemm.hpp"

namespace azj::cuda {

struct ConvSize {
  // Throws AZJ_UNSUPPORTED where one sample is beyond what the kernels' 32-bit coordinates hold. Batches may be.
  explicit ConvSize(const azj_conv2d_desc& desc);

  int64_t out_h, out_w, in_plane, out_plane;
  int64_t taps;                           // kernel_h * kernel_w
  int64_t group_channels, group_filters;  // of one group
  int64_t patch;                          // group_channels * taps: rows of one group's X_unroll
  int64_t in_sample, out_sample, unrolled_sample, weights;
  bool pointwise;  // 1 x 1, stride 1, no padding: the input is its own X_unroll
  bool depthwise;  // one input channel and one filter a group
};

// One sum over channels and taps for every pixel (u, v) of a grid of pixels:
//   out[n][g * rows + i][u * out_step_h][v * out_step_w] = sum_{c, r, s} weights[g][i][c][r][s]
//       * source[n][g * channels + c][u * step_h + origin_h + r * tap_h][v * step_w + origin_w + s * tap_w]
// with 0 for the source outside its plane.
//
// The forward pass is one of these. The gradient to the input is stride_h * stride_w of them, one for each phase
// (h mod stride_h, w mod stride_w) of input pixels: the taps that meet the pixels of one phase are the same for all of
// them, every stride-th divided by its common divisor with the dilation. So no tap between output pixels is visited.
struct ConvGather {
  int samples, groups, rows, channels;
  int taps_h, taps_w;

  const float* source;
  int source_h, source_w;
  int64_t source_sample;
  int step_h, step_w, origin_h, origin_w, tap_h, tap_w;

  const float* weights;
  int64_t weight_group;
  int weight_row, weight_channel, weight_tap_h, weight_tap_w;  // strides
  int first_tap;  // of the kernel, to which `weights` points

  float* out;
  int pixels_h, pixels_w;
  int64_t out_sample;
  int out_plane, out_step_h, out_step_w;  // out_step_h in elements: rows of the plane times its width
  int first_pixel;  // of a plane, to which `out` points

  Divisor pixels, pixel_row;  // by pixels_h * pixels_w, by pixels_w
  Divisor taps, tap_row;      // by taps_h * taps_w, by taps_w

  GemmEpilogue epilogue;  // bias of rows * groups elements
};

// The units that multiply: FP32 is GEMM rung 5, TF32 and BF16 (inputs rounded, float sums) are rungs 6 and 7.
enum class ConvMath : int32_t { FP32, TF32, BF16 };

ConvGather forward_gather(const azj_conv2d_desc& desc, const ConvSize& size, const float* x, const float* w,
                          const float* bias, float* y);

// The phase of the pixels (phase_h + i * stride_h, phase_w + j * stride_w), phases less than strides and input sizes.
// taps_h or taps_w may be 0: no tap meets these pixels, their gradient is 0.
ConvGather grad_input_gather(const azj_conv2d_desc& desc, const ConvSize& size, int64_t phase_h, int64_t phase_w,
                             const float* grad_z, const float* w, float* grad_x);

// Calls body(gather) for every phase.
template <class Body>
void for_phases(const azj_conv2d_desc& d, const ConvSize& size, const float* grad_z, const float* w, float* grad_x,
                Body&& body) {
  for (int64_t h = 0; h < d.stride_h && h < d.height; ++h) {
    for (int64_t v = 0; v < d.stride_w && v < d.width; ++v) body(grad_input_gather(d, size, h, v, grad_z, w, grad_x));
  }
}

// Calls body(gather) for parts of the batch whose pixels are at most kMaxGemmExtent.
template <class Body>
void for_sample_ranges(const ConvGather& gather, int64_t batch, Body&& body) {
  const int64_t most = kMaxGemmExtent / (int64_t{gather.pixels_h} * gather.pixels_w);
  for (int64_t first = 0; first < batch; first += most) {
    ConvGather part = gather;
    part.samples = static_cast<int>(batch - first < most ? batch - first : most);
    part.source += first * gather.source_sample;
    part.out += first * gather.out_sample;
    body(part);
  }
}

}  // namespace azj::cuda
