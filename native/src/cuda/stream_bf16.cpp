// The operations on BF16 with channels last on a CUDA stream: operands checked, kernels launched.
#include <string>

#include "bf16.hpp"
#include "kernels.hpp"
#include "stream.hpp"

namespace azj::cuda {

namespace {

void check_conv2d(const azj_conv2d_desc& d) {
  std::string reason;
  if (has_hopper(reason) && conv2d_hopper_fits(d, reason)) return;
  throw Error(AZJ_UNSUPPORTED, "convolution on BF16 with channels last: " + reason);
}

void check_conv2d_pool(const azj_conv2d_desc& d) {
  std::string reason;
  if (has_hopper(reason) && conv2d_hopper_pool_fits(d, reason)) return;
  throw Error(AZJ_UNSUPPORTED, "convolution and pooling on BF16 with channels last: " + reason);
}

}  // namespace

void CudaStream::bf16_pack(int64_t rows, int64_t channels, int64_t positions, const float* x, azj_bf16* packed) {
  run({{"x", x}, {"packed", packed}}, [&] { cuda::bf16_pack(handle(), rows, channels, positions, x, packed); });
}

void CudaStream::bf16_unpack(int64_t rows, int64_t channels, int64_t positions, const azj_bf16* packed, float* x) {
  run({{"packed", packed}, {"x", x}}, [&] { cuda::bf16_unpack(handle(), rows, channels, positions, packed, x); });
}

void CudaStream::bf16_gemm(const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c) {
  run({{"a", a}, {"b", b}, {"c", c}}, [&] {
    std::string reason;  // before memory is taken for a product that will not be
    if (!bf16_gemm_supports(d, reason)) throw Error(AZJ_UNSUPPORTED, reason);
    cuda::bf16_gemm(handle(), d, a, b, c, workspace(bf16_gemm_workspace_bytes(d)));
  });
}

uint64_t CudaStream::bf16_conv2d_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  return device_.enter([&] {
    check_conv2d(d);
    switch (pass) {
      case AZJ_CONV_FORWARD: return bf16_conv2d_forward_workspace_bytes(d);
      case AZJ_CONV_GRAD_INPUT: return bf16_conv2d_grad_input_workspace_bytes(d);
      default: return bf16_conv2d_grad_weights_workspace_bytes(d);
    }
  });
}

void CudaStream::bf16_conv2d_forward(const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* w, const float* bias,
                                     azj_bf16* y, void* workspace) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}, {"workspace", workspace}}, [&] {
    check_conv2d(d);
    cuda::bf16_conv2d_forward(handle(), d, x, w, bias, y, workspace);
  });
}

void CudaStream::bf16_conv2d_grad_input(const azj_conv2d_desc& d, const azj_bf16* grad_z, const azj_bf16* w,
                                        azj_bf16* grad_x, void* workspace) {
  run({{"grad_z", grad_z}, {"w", w}, {"grad_x", grad_x}, {"workspace", workspace}}, [&] {
    check_conv2d(d);
    cuda::bf16_conv2d_grad_input(handle(), d, grad_z, w, grad_x, workspace);
  });
}

void CudaStream::bf16_conv2d_grad_weights(const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* grad_z,
                                          float* grad_w, void* workspace) {
  run({{"x", x}, {"grad_z", grad_z}, {"grad_w", grad_w}, {"workspace", workspace}}, [&] {
    check_conv2d(d);
    cuda::bf16_conv2d_grad_weights(handle(), d, x, grad_z, grad_w, workspace);
  });
}

uint64_t CudaStream::bf16_conv2d_pool_workspace_bytes(const azj_conv2d_desc& d) {
  return device_.enter([&] {
    check_conv2d_pool(d);
    return bf16_conv2d_forward_workspace_bytes(d);
  });
}

void CudaStream::bf16_conv2d_pool_forward(const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* w,
                                          const float* bias, azj_bf16* y, uint8_t* argmax, void* workspace) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}, {"argmax", argmax}, {"workspace", workspace}}, [&] {
    check_conv2d_pool(d);
    cuda::bf16_conv2d_pool_forward(handle(), d, x, w, bias, y, argmax, workspace);
  });
}

void CudaStream::bf16_conv2d_pool_backward(const azj_conv2d_desc& d, const azj_bf16* y, const uint8_t* argmax,
                                           const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias) {
  run({{"y", y}, {"argmax", argmax}, {"grad_y", grad_y}, {"grad_z", grad_z}, {"grad_bias", grad_bias}}, [&] {
    const uint64_t bytes = grad_bias == nullptr ? 0 : bf16_conv2d_pool_partial_bytes(d);
    cuda::bf16_conv2d_pool_backward(handle(), d, y, argmax, grad_y, grad_z, grad_bias,
                                    static_cast<float*>(workspace(bytes)));
  });
}

void CudaStream::bf16_activation_backward(int32_t activation, float slope, int64_t pixels, int64_t channels,
                                          const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z,
                                          float* grad_bias) {
  run({{"y", y}, {"grad_y", grad_y}, {"grad_z", grad_z}, {"grad_bias", grad_bias}}, [&] {
    const uint64_t bytes = grad_bias == nullptr ? 0 : bf16_activation_partial_bytes(pixels, channels);
    cuda::bf16_activation_backward(handle(), activation, slope, pixels, channels, y, grad_y, grad_z, grad_bias,
                                   static_cast<float*>(workspace(bytes)));
  });
}

void CudaStream::bf16_pool2d_forward(const azj_pool2d_desc& d, const azj_bf16* x, azj_bf16* y, uint8_t* argmax) {
  run({{"x", x}, {"y", y}, {"argmax", argmax}}, [&] { cuda::bf16_pool2d_forward(handle(), d, x, y, argmax); });
}

void CudaStream::bf16_pool2d_backward(const azj_pool2d_desc& d, const azj_bf16* grad_y, const uint8_t* argmax,
                                      azj_bf16* grad_x) {
  run({{"grad_y", grad_y}, {"argmax", argmax}, {"grad_x", grad_x}},
      [&] { cuda::bf16_pool2d_backward(handle(), d, grad_y, argmax, grad_x); });
}

}  // namespace azj::cuda
