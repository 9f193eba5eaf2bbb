// Convolution, azj_conv2d_*: which algorithm runs, and the gradient to the bias, which all share.
#include "conv2d.hpp"

namespace azj::cpu::AZJ_ISA {

int32_t Stream::conv2d_algorithm(const azj_conv2d_desc& d, int32_t) {
  if (d.algorithm > AZJ_CONV_IM2COL_GEMM) {
    fail(AZJ_UNSUPPORTED,
         "convolution algorithm %d is a CUDA kernel; the CPU has AZJ_CONV_DIRECT (1) and AZJ_CONV_IM2COL_GEMM (2)",
         d.algorithm);
  }
  if (d.algorithm != AZJ_CONV_AUTO) return d.algorithm;
  // Depthwise: a GEMM with one row has nothing to reuse, and X_unroll would be most of the memory traffic.
  const bool depthwise = d.channels == d.groups && d.filters == d.groups;
  return depthwise ? AZJ_CONV_DIRECT : AZJ_CONV_IM2COL_GEMM;
}

uint64_t Stream::conv2d_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  return conv2d_algorithm(d, pass) == AZJ_CONV_DIRECT ? 0 : conv2d_im2col_workspace_bytes(team_, d, pass);
}

void Stream::conv2d_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias, float* y,
                            void* workspace) {
  if (conv2d_algorithm(d, AZJ_CONV_FORWARD) == AZJ_CONV_DIRECT) {
    conv2d_direct_forward(team_, d, x, w, bias, y);
  } else {
    conv2d_im2col_forward(team_, d, x, w, bias, y, static_cast<float*>(workspace));
  }
}

void Stream::conv2d_grad_input(const azj_conv2d_desc& d, const float* grad_z, const float* w, float* grad_x,
                               void* workspace) {
  if (conv2d_algorithm(d, AZJ_CONV_GRAD_INPUT) == AZJ_CONV_DIRECT) {
    conv2d_direct_grad_input(team_, d, grad_z, w, grad_x);
  } else {
    conv2d_im2col_grad_input(team_, d, grad_z, w, grad_x, static_cast<float*>(workspace));
  }
}

void Stream::conv2d_grad_weights(const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                                 void* workspace) {
  if (conv2d_algorithm(d, AZJ_CONV_GRAD_WEIGHTS) == AZJ_CONV_DIRECT) {
    conv2d_direct_grad_weights(team_, d, x, grad_z, grad_w);
  } else {
    conv2d_im2col_grad_weights(team_, d, x, grad_z, grad_w, static_cast<float*>(workspace));
  }
}

void Stream::conv2d_grad_bias(const azj_conv2d_desc& d, const float* grad_z, float* grad_bias) {
  const ConvSize s(d);
  const int64_t grain = 1 + 16384 / (d.batch * s.out_plane);
  team_.parallel(d.filters, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t m = begin; m < end; ++m) {
      double total = 0;  // the sum over a large batch of planes needs more than float's digits
      for (int64_t n = 0; n < d.batch; ++n) {
        const float* plane = grad_z + n * s.out_sample + m * s.out_plane;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < s.out_plane; ++i) sum += plane[i];
        total += sum;
      }
      grad_bias[m] = static_cast<float>(total);
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
