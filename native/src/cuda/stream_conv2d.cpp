// Convolution on a CUDA stream: which algorithm runs, and what each needs.
#include <cinttypes>
#include <string>

#include "choice.hpp"
#include "kernels.hpp"
#include "stream.hpp"

namespace azj::cuda {

namespace {

constexpr GemmRung kIm2colRung = GemmRung::REGISTER;
constexpr uint64_t kAlignment = 256;

// The three tensors of a pass in the order of azulejo.h, inputs first: (x, w, y), (grad_z, w, grad_x), (x, grad_z, grad_w).
struct PassOperands {
  const float* first;
  const float* second;
  const float* bias;  // of the forward pass, or nullptr
  float* result;
  void* workspace;
};

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

bool is_hopper(int32_t algorithm) {
  return algorithm == AZJ_CONV_HOPPER_TF32 || algorithm == AZJ_CONV_HOPPER_BF16;
}

bool is_winograd(int32_t algorithm) { return algorithm == AZJ_CONV_WINOGRAD || algorithm == AZJ_CONV_WINOGRAD_2X2; }

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

uint64_t workspace_bytes(const azj_conv2d_desc& d, int32_t pass, int32_t algorithm) {
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

uint64_t floats(int64_t count) {
  return (static_cast<uint64_t>(count) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

// AUTO chooses among the algorithms that round no more than the precision allows.
int32_t CudaStream::algorithm(const azj_conv2d_desc& d, int32_t pass) {
  if (d.algorithm == AZJ_CONV_IMPLICIT_GEMM_TF32 || d.algorithm == AZJ_CONV_IMPLICIT_GEMM_BF16) {
    if (device_.capability() >= 80) return d.algorithm;
    fail(AZJ_UNSUPPORTED, "convolution algorithm %d uses tensor cores with TF32 or BF16 inputs, which need compute "
         "capability 8.0; this device has %d.%d", d.algorithm, device_.capability() / 10, device_.capability() % 10);
  }
  if (is_hopper(d.algorithm)) {
    std::string reason;
    if (has_hopper(reason) && conv2d_hopper_fits(d, reason)) return d.algorithm;
    throw Error(AZJ_UNSUPPORTED, "convolution algorithm " + std::to_string(d.algorithm) + ": " + reason);
  }
  if (is_winograd(d.algorithm) && !conv2d_winograd_supports(d)) {
    const bool large = d.algorithm == AZJ_CONV_WINOGRAD;
    fail(AZJ_UNSUPPORTED, "%s, 3x3): it needs a 3x3 kernel, stride 1, dilation 1 and one group; "
         "this is a %" PRId64 "x%" PRId64 " kernel, stride %" PRId64 "x%" PRId64 ", dilation %" PRId64 "x%" PRId64
         ", %" PRId64 " groups", large ? "AZJ_CONV_WINOGRAD is F(4x4" : "AZJ_CONV_WINOGRAD_2X2 is F(2x2", d.kernel_h, d.kernel_w, d.stride_h, d.stride_w, d.dilation_h, d.dilation_w, d.groups);
  }
  if (d.algorithm != AZJ_CONV_AUTO) return d.algorithm;
  const ConvSize size(d);
  const uint64_t x = floats(d.batch * size.in_sample), w = floats(size.weights), y = floats(d.batch * size.out_sample);
  const uint64_t first = pass == AZJ_CONV_GRAD_INPUT ? y : x;
  const uint64_t second = pass == AZJ_CONV_GRAD_WEIGHTS ? y : w;
  const uint64_t result = pass == AZJ_CONV_FORWARD ? y : pass == AZJ_CONV_GRAD_INPUT ? x : w;
  std::vector<Candidate> candidates;
  const auto add = [&](int32_t algorithm) {
    candidates.push_back({algorithm, first + second + result + workspace_bytes(d, pass, algorithm),
                          [&, algorithm](char* memory) {
                            PassOperands o{};
                            o.first = reinterpret_cast<const float*>(memory);
                            o.second = reinterpret_cast<const float*>(memory + first);
                            o.result = reinterpret_cast<float*>(memory + first + second);
                            o.workspace = memory + first + second + result;
                            run_pass(handle(), d, pass, algorithm, o);
                          }});
  };
  // Without measuring the first one is taken: a depthwise product has one row, and nothing for a GEMM to reuse.
  add(size.depthwise ? AZJ_CONV_DIRECT : AZJ_CONV_IMPLICIT_GEMM);
  add(size.depthwise ? AZJ_CONV_IMPLICIT_GEMM : AZJ_CONV_DIRECT);
  add(AZJ_CONV_IM2COL_GEMM);
  if (conv2d_winograd_supports(d)) add(AZJ_CONV_WINOGRAD);
  if (d.precision != AZJ_FP32) {
    std::string reason;
    const bool tensor_cores = device_.capability() >= 80;
    const bool hopper = has_hopper(reason) && conv2d_hopper_fits(d, reason);
    const bool bf16 = d.precision == AZJ_BF16;
    if (tensor_cores) add(AZJ_CONV_IMPLICIT_GEMM_TF32);
    if (hopper) add(AZJ_CONV_HOPPER_TF32);
    if (tensor_cores && bf16) add(AZJ_CONV_IMPLICIT_GEMM_BF16);
    if (hopper && bf16) add(AZJ_CONV_HOPPER_BF16);
  }
  const ChoiceKey key{1 + pass, d.batch, d.channels, d.height, d.width, d.filters, d.kernel_h, d.kernel_w, d.stride_h,
                      d.stride_w, d.pad_h, d.pad_w, d.dilation_h, d.dilation_w, d.groups, d.samples_per_unroll,
                      d.precision};
  return choose(device_, handle(), recording_, key, candidates);
}

int32_t CudaStream::conv2d_algorithm(const azj_conv2d_desc& d, int32_t pass) {
  return device_.enter([&] { return algorithm(d, pass); });
}

uint64_t CudaStream::conv2d_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  return device_.enter([&] { return workspace_bytes(d, pass, algorithm(d, pass)); });
}

void CudaStream::conv2d_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias, float* y,
                                void* workspace) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}, {"workspace", workspace}}, [&] {
    run_pass(handle(), d, AZJ_CONV_FORWARD, algorithm(d, AZJ_CONV_FORWARD), {x, w, bias, y, workspace});
  });
}

void CudaStream::conv2d_grad_input(const azj_conv2d_desc& d, const float* grad_z, const float* w, float* grad_x,
                                   void* workspace) {
  run({{"grad_z", grad_z}, {"w", w}, {"grad_x", grad_x}, {"workspace", workspace}}, [&] {
    const PassOperands operands{grad_z, w, nullptr, grad_x, workspace};
    run_pass(handle(), d, AZJ_CONV_GRAD_INPUT, algorithm(d, AZJ_CONV_GRAD_INPUT), operands);
  });
}

void CudaStream::conv2d_grad_weights(const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                                     void* workspace) {
  run({{"x", x}, {"grad_z", grad_z}, {"grad_w", grad_w}, {"workspace", workspace}}, [&] {
    const PassOperands operands{x, grad_z, nullptr, grad_w, workspace};
    run_pass(handle(), d, AZJ_CONV_GRAD_WEIGHTS, algorithm(d, AZJ_CONV_GRAD_WEIGHTS), operands);
  });
}

void CudaStream::conv2d_grad_bias(const azj_conv2d_desc& d, const float* grad_z, float* grad_bias) {
  run({{"grad_z", grad_z}, {"grad_bias", grad_bias}}, [&] { cuda::conv2d_grad_bias(handle(), d, grad_z, grad_bias); });
}

namespace {

// The algorithm whose epilogue pools, so that the convolution's output is nowhere.
bool pools_itself(const azj_conv2d_desc& d, int32_t algorithm) {
  return algorithm == AZJ_CONV_IMPLICIT_GEMM && conv2d_implicit_pools(d);
}

}  // namespace

uint64_t CudaStream::conv2d_pool_workspace_bytes(const azj_conv2d_desc& d) {
  return device_.enter([&] {
    const int32_t chosen = algorithm(d, AZJ_CONV_FORWARD);
    if (pools_itself(d, chosen)) return uint64_t{0};
    return floats(d.batch * ConvSize(d).out_sample) + workspace_bytes(d, AZJ_CONV_FORWARD, chosen);
  });
}

// The workspace holds the convolution's output, then what the convolution needs.
void CudaStream::conv2d_pool_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                     float* y, int32_t* argmax, void* workspace) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}, {"argmax", argmax}, {"workspace", workspace}}, [&] {
    const int32_t chosen = algorithm(d, AZJ_CONV_FORWARD);
    if (pools_itself(d, chosen)) return conv2d_implicit_pool_forward(handle(), d, x, w, bias, y, argmax);
    const ConvSize s(d);
    float* output = static_cast<float*>(workspace);
    char* rest = static_cast<char*>(workspace) + floats(d.batch * s.out_sample);
    run_pass(handle(), d, AZJ_CONV_FORWARD, chosen, {x, w, bias, output, rest});
    const azj_pool2d_desc halves{d.batch, d.filters, s.out_h, s.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
    cuda::pool2d_forward(handle(), halves, output, y, argmax);
  });
}

void CudaStream::conv2d_pool_backward(const azj_conv2d_desc& d, const float* y, const int32_t* argmax,
                                      const float* grad_y, float* grad_z, float* grad_bias) {
  run({{"y", y}, {"argmax", argmax}, {"grad_y", grad_y}, {"grad_z", grad_z}, {"grad_bias", grad_bias}}, [&] {
    const uint64_t bytes = grad_bias == nullptr ? 0 : conv2d_pool_partial_bytes(d);
    cuda::conv2d_pool_backward(handle(), d, y, argmax, grad_y, grad_z, grad_bias,
                               static_cast<double*>(this->workspace(bytes)));
  });
}

void CudaStream::im2col(const azj_conv2d_desc& d, const float* x, float* x_unroll) {
  run({{"x", x}, {"x_unroll", x_unroll}}, [&] { cuda::im2col(handle(), d, d.batch, x, x_unroll); });
}

void CudaStream::col2im(const azj_conv2d_desc& d, const float* x_unroll, float* x) {
  run({{"x_unroll", x_unroll}, {"x", x}}, [&] { cuda::col2im(handle(), d, d.batch, x_unroll, x); });
}

}  // namespace azj::cuda
