// Convolution on a CUDA stream: which algorithm runs.
#include <cinttypes>
#include <string>

#include "choice.hpp"
#include "conv2d_passes.hpp"
#include "kernels.hpp"
#include "stream.hpp"

namespace azj::cuda {

namespace {

// The first numbers of choices, beside GEMM's 0: of the passes, and of the forward pass that ends in pooling.
constexpr int64_t kFirstPass = 1, kPooledForward = 4;

}  // namespace

// The algorithm that is asked for, or AUTO; throws where this device or convolution has no such algorithm.
int32_t CudaStream::wanted_algorithm(const azj_conv2d_desc& d) {
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
         ", %" PRId64 " groups", large ? "AZJ_CONV_WINOGRAD is F(4x4" : "AZJ_CONV_WINOGRAD_2X2 is F(2x2", d.kernel_h,
         d.kernel_w, d.stride_h, d.stride_w, d.dilation_h, d.dilation_w, d.groups);
  }
  return d.algorithm;
}

// AUTO chooses among the algorithms that round no more than the precision allows.
int32_t CudaStream::measured_algorithm(const azj_conv2d_desc& d, int64_t operation,
                                       const std::function<Candidate(int32_t algorithm)>& candidate) {
  std::vector<Candidate> candidates;
  const auto add = [&](int32_t algorithm) { candidates.push_back(candidate(algorithm)); };
  const bool depthwise = ConvSize(d).depthwise;
  // Without measuring the first one is taken: a depthwise product has one row, and nothing for a GEMM to reuse.
  add(depthwise ? AZJ_CONV_DIRECT : AZJ_CONV_IMPLICIT_GEMM);
  add(depthwise ? AZJ_CONV_IMPLICIT_GEMM : AZJ_CONV_DIRECT);
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
  const ChoiceKey key{operation, d.batch, d.channels, d.height, d.width, d.filters, d.kernel_h, d.kernel_w, d.stride_h,
                      d.stride_w, d.pad_h, d.pad_w, d.dilation_h, d.dilation_w, d.groups, d.samples_per_unroll,
                      d.precision};
  return choose(device_, handle(), recording_, key, candidates);
}

int32_t CudaStream::algorithm(const azj_conv2d_desc& d, int32_t pass) {
  const int32_t wanted = wanted_algorithm(d);
  if (wanted != AZJ_CONV_AUTO) return wanted;
  const ConvSize size(d);
  const uint64_t x = aligned_bytes(d.batch * size.in_sample), w = aligned_bytes(size.weights),
                 y = aligned_bytes(d.batch * size.out_sample);
  const uint64_t first = pass == AZJ_CONV_GRAD_INPUT ? y : x;
  const uint64_t second = pass == AZJ_CONV_GRAD_WEIGHTS ? y : w;
  const uint64_t result = pass == AZJ_CONV_FORWARD ? y : pass == AZJ_CONV_GRAD_INPUT ? x : w;
  return measured_algorithm(d, kFirstPass + pass, [&](int32_t algorithm) {
    return Candidate{algorithm, first + second + result + pass_workspace_bytes(d, pass, algorithm),
                     [=, &d](char* memory) {
                       PassOperands o{};
                       o.first = reinterpret_cast<const float*>(memory);
                       o.second = reinterpret_cast<const float*>(memory + first);
                       o.result = reinterpret_cast<float*>(memory + first + second);
                       o.workspace = memory + first + second + result;
                       run_pass(handle(), d, pass, algorithm, o);
                     }};
  });
}

// Measured with the pooling: an algorithm that does it in its epilogue gains what the others' second kernel costs.
int32_t CudaStream::pool_algorithm(const azj_conv2d_desc& d) {
  const int32_t wanted = wanted_algorithm(d);
  if (wanted != AZJ_CONV_AUTO) return wanted;
  const ConvSize size(d);
  const uint64_t x = aligned_bytes(d.batch * size.in_sample), w = aligned_bytes(size.weights),
                 y = aligned_bytes(d.batch * d.filters * (size.out_h / 2) * (size.out_w / 2));
  return measured_algorithm(d, kPooledForward, [&](int32_t algorithm) {
    return Candidate{algorithm, x + w + 2 * y + pool_workspace_bytes(d, algorithm),
                     [=, &d](char* memory) {
                       PassOperands o{};
                       o.first = reinterpret_cast<const float*>(memory);
                       o.second = reinterpret_cast<const float*>(memory + x);
                       o.result = reinterpret_cast<float*>(memory + x + w);
                       o.workspace = memory + x + w + 2 * y;
                       run_pool(handle(), d, algorithm, o, reinterpret_cast<int32_t*>(memory + x + w + y));
                     }};
  });
}

int32_t CudaStream::conv2d_algorithm(const azj_conv2d_desc& d, int32_t pass) {
  return device_.enter([&] { return algorithm(d, pass); });
}

uint64_t CudaStream::conv2d_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  return device_.enter([&] { return pass_workspace_bytes(d, pass, algorithm(d, pass)); });
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

int32_t CudaStream::conv2d_pool_algorithm(const azj_conv2d_desc& d) {
  return device_.enter([&] { return pool_algorithm(d); });
}

uint64_t CudaStream::conv2d_pool_workspace_bytes(const azj_conv2d_desc& d) {
  return device_.enter([&] { return pool_workspace_bytes(d, pool_algorithm(d)); });
}

void CudaStream::conv2d_pool_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                     float* y, int32_t* argmax, void* workspace) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}, {"argmax", argmax}, {"workspace", workspace}},
      [&] { run_pool(handle(), d, pool_algorithm(d), {x, w, bias, y, workspace}, argmax); });
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
