#include "conv2d_passes.hpp"

#include "kernels.hpp"

namespace azj::cuda {

namespace {

constexpr uint64_t kAlignment = 256;
constexpr GemmRung kIm2colRung = GemmRung::REGISTER;

ConvMath math_of(int32_t algorithm) {
  switch (algorithm) {
    case AZJ_CONV_IMPLICIT_GEMM_TF32:
    case AZJ_CONV_HOPPER_TF32:
      return ConvMath::TF32;
    case AZJ_CONV_IMPLICIT_GEMM_BF16:
    case AZJ_CONV_HOPPER_BF16:
      return ConvMath::BF16;
    default:
      return ConvMath::FP32;
  }
}

WinogradSize size_of(int32_t algorithm) {
  return algorithm == AZJ_CONV_WINOGRAD_2X2 ? WinogradSize::F2X2 : WinogradSize::F4X4;
}

uint64_t hopper_workspace_bytes(const azj_conv2d_desc& d, int32_t pass, ConvMath math) {
  switch (pass) {
    case AZJ_CONV_FORWARD: return conv2d_hopper_forward_workspace_bytes(d, math);
    case AZJ_CONV_GRAD_INPUT: return conv2d_hopper_grad_input_workspace_bytes(d, math);
    default: return conv2d_hopper_grad_weights_workspace_bytes(d, math);
  }
}

void run_direct(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, const PassOperands& o) {
  switch (pass) {
    case AZJ_CONV_FORWARD: return conv2d_direct_forward(stream, d, o.first, o.second, o.bias, o.result);
    case AZJ_CONV_GRAD_INPUT: return conv2d_direct_grad_input(stream, d, o.first, o.second, o.result);
    default: return conv2d_direct_grad_weights(stream, d, o.first, o.second, o.result, o.workspace);
  }
}

void run_im2col(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, const PassOperands& o) {
  switch (pass) {
    case AZJ_CONV_FORWARD:
      return conv2d_im2col_forward(stream, d, kIm2colRung, o.first, o.second, o.bias, o.result, o.workspace);
    case AZJ_CONV_GRAD_INPUT:
      return conv2d_im2col_grad_input(stream, d, kIm2colRung, o.first, o.second, o.result, o.workspace);
    default:
      return conv2d_im2col_grad_weights(stream, d, kIm2colRung, o.first, o.second, o.result, o.workspace);
  }
}

void run_winograd(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, WinogradSize size,
                  const PassOperands& o) {
  switch (pass) {
    case AZJ_CONV_FORWARD:
      return conv2d_winograd_forward(stream, d, size, o.first, o.second, o.bias, o.result, o.workspace);
    case AZJ_CONV_GRAD_INPUT:
      return conv2d_winograd_grad_input(stream, d, size, o.first, o.second, o.result, o.workspace);
    default: return conv2d_winograd_grad_weights(stream, d, size, o.first, o.second, o.result, o.workspace);
  }
}

void run_implicit(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, ConvMath math, const PassOperands& o) {
  switch (pass) {
    case AZJ_CONV_FORWARD: return conv2d_implicit_forward(stream, d, math, o.first, o.second, o.bias, o.result);
    case AZJ_CONV_GRAD_INPUT: return conv2d_implicit_grad_input(stream, d, math, o.first, o.second, o.result);
    default: return conv2d_implicit_grad_weights(stream, d, math, o.first, o.second, o.result, o.workspace);
  }
}

void run_hopper(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, ConvMath math, const PassOperands& o) {
  switch (pass) {
    case AZJ_CONV_FORWARD:
      return conv2d_hopper_forward(stream, d, math, o.first, o.second, o.bias, o.result, o.workspace);
    case AZJ_CONV_GRAD_INPUT: return conv2d_hopper_grad_input(stream, d, math, o.first, o.second, o.result, o.workspace);
    default: return conv2d_hopper_grad_weights(stream, d, math, o.first, o.second, o.result, o.workspace);
  }
}

bool implicit_pools(const azj_conv2d_desc& d, int32_t algorithm) {
  return algorithm == AZJ_CONV_IMPLICIT_GEMM && conv2d_implicit_pools(d);
}

bool hopper_pools(const azj_conv2d_desc& d, int32_t algorithm) {
  return is_hopper(algorithm) && conv2d_hopper_pools(d);
}

}  // namespace

bool is_hopper(int32_t algorithm) {
  return algorithm == AZJ_CONV_HOPPER_TF32 || algorithm == AZJ_CONV_HOPPER_BF16;
}

bool is_winograd(int32_t algorithm) { return algorithm == AZJ_CONV_WINOGRAD || algorithm == AZJ_CONV_WINOGRAD_2X2; }

uint64_t pass_workspace_bytes(const azj_conv2d_desc& d, int32_t pass, int32_t algorithm) {
  switch (algorithm) {
    case AZJ_CONV_DIRECT:
      return conv2d_direct_workspace_bytes(d, pass);
    case AZJ_CONV_IM2COL_GEMM:
      return conv2d_im2col_workspace_bytes(d, pass);
    case AZJ_CONV_WINOGRAD:
    case AZJ_CONV_WINOGRAD_2X2:
      return conv2d_winograd_workspace_bytes(d, size_of(algorithm), pass);
    default:
      if (is_hopper(algorithm)) return hopper_workspace_bytes(d, pass, math_of(algorithm));
      return pass == AZJ_CONV_GRAD_WEIGHTS ? conv2d_implicit_grad_weights_workspace_bytes(d, math_of(algorithm)) : 0;
  }
}

void run_pass(cudaStream_t stream, const azj_conv2d_desc& d, int32_t pass, int32_t algorithm, const PassOperands& o) {
  switch (algorithm) {
    case AZJ_CONV_DIRECT: return run_direct(stream, d, pass, o);
    case AZJ_CONV_IM2COL_GEMM: return run_im2col(stream, d, pass, o);
    case AZJ_CONV_WINOGRAD:
    case AZJ_CONV_WINOGRAD_2X2: return run_winograd(stream, d, pass, size_of(algorithm), o);
    default:
      if (is_hopper(algorithm)) return run_hopper(stream, d, pass, math_of(algorithm), o);
      return run_implicit(stream, d, pass, math_of(algorithm), o);
  }
}

uint64_t pool_workspace_bytes(const azj_conv2d_desc& d, int32_t algorithm) {
  if (implicit_pools(d, algorithm)) return 0;
  if (hopper_pools(d, algorithm)) return pass_workspace_bytes(d, AZJ_CONV_FORWARD, algorithm);
  if (is_winograd(algorithm)) return conv2d_winograd_pool_workspace_bytes(d, size_of(algorithm));
  return aligned_bytes(d.batch * ConvSize(d).out_sample) + pass_workspace_bytes(d, AZJ_CONV_FORWARD, algorithm);
}

void run_pool(cudaStream_t stream, const azj_conv2d_desc& d, int32_t algorithm, const PassOperands& o,
              int32_t* argmax) {
  if (implicit_pools(d, algorithm)) {
    return conv2d_implicit_pool_forward(stream, d, o.first, o.second, o.bias, o.result, argmax);
  }
  if (is_winograd(algorithm)) {
    return conv2d_winograd_pool_forward(stream, d, size_of(algorithm), o.first, o.second, o.bias, o.result, argmax,
                                        o.workspace);
  }
  if (hopper_pools(d, algorithm)) {
    return conv2d_hopper_pool_forward(stream, d, math_of(algorithm), o.first, o.second, o.bias, o.result, argmax,
                                      o.workspace);
  }
  const ConvSize s(d);
  PassOperands convolution = o;  // the workspace holds its output, then what it needs itself
  convolution.result = static_cast<float*>(o.workspace);
  convolution.workspace = static_cast<char*>(o.workspace) + aligned_bytes(d.batch * s.out_sample);
  run_pass(stream, d, AZJ_CONV_FORWARD, algorithm, convolution);
  const azj_pool2d_desc halves{d.batch, d.filters, s.out_h, s.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
  pool2d_forward(stream, halves, convolution.result, o.result, argmax);
}

uint64_t aligned_bytes(int64_t floats) {
  return (static_cast<uint64_t>(floats) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace azj::cuda
