// A convolution with random operands, and every algorithm's three passes of it against sums in double.
#pragma once

#include <cinttypes>

#include "backend.hpp"
#include "cuda_gemm_conv.hpp"
#include "error.hpp"
#include "kernels.hpp"

namespace conv_passes {

using azj::cuda::ConvMath;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;
using azj::cuda::WinogradForm;

constexpr size_t at(int64_t index) { return static_cast<size_t>(index); }

inline azj_conv2d_desc conv(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t filters,
                            int64_t kernel_h, int64_t kernel_w, int64_t stride_h, int64_t stride_w, int64_t pad_h,
                            int64_t pad_w, int64_t dilation_h, int64_t dilation_w, int64_t groups) {
  azj_conv2d_desc d{};
  d.batch = batch;
  d.channels = channels;
  d.height = height;
  d.width = width;
  d.filters = filters;
  d.kernel_h = kernel_h;
  d.kernel_w = kernel_w;
  d.stride_h = stride_h;
  d.stride_w = stride_w;
  d.pad_h = pad_h;
  d.pad_w = pad_w;
  d.dilation_h = dilation_h;
  d.dilation_w = dilation_w;
  d.groups = groups;
  return d;
}

inline std::string describe(const azj_conv2d_desc& d) {
  char text[300];
  std::snprintf(text, sizeof text,
                "N%" PRId64 " C%" PRId64 " %" PRId64 "x%" PRId64 " M%" PRId64 " %" PRId64 "x%" PRId64 " stride %" PRId64
                "x%" PRId64 " pad %" PRId64 "x%" PRId64 " dilation %" PRId64 "x%" PRId64 " groups %" PRId64
                " unroll %" PRId64,
                d.batch, d.channels, d.height, d.width, d.filters, d.kernel_h, d.kernel_w, d.stride_h, d.stride_w,
                d.pad_h, d.pad_w, d.dilation_h, d.dilation_w, d.groups, d.samples_per_unroll);
  return text;
}

// The plain statement of azulejo.h: calls body(index in x, index in w, index in z) for every product of the convolution.
struct Reference {
  explicit Reference(const azj_conv2d_desc& desc)
      : d(desc),
        out_h(azj::output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h)),
        out_w(azj::output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w)),
        x(d.batch * d.channels * d.height * d.width),
        w(d.filters * (d.channels / d.groups) * d.kernel_h * d.kernel_w),
        z(d.batch * d.filters * out_h * out_w) {}

  template <class Body>
  void products(Body&& body) const {
    const int64_t group_channels = d.channels / d.groups, group_filters = d.filters / d.groups;
    for (int64_t i = 0; i < z; ++i) {
      const int64_t q = i % out_w, p = i / out_w % out_h, m = i / (out_w * out_h) % d.filters;
      const int64_t n = i / (out_w * out_h * d.filters);
      for (int64_t j = 0; j < group_channels * d.kernel_h * d.kernel_w; ++j) {
        const int64_t s = j % d.kernel_w, r = j / d.kernel_w % d.kernel_h, c = j / (d.kernel_w * d.kernel_h);
        const int64_t row = p * d.stride_h - d.pad_h + r * d.dilation_h;
        const int64_t column = q * d.stride_w - d.pad_w + s * d.dilation_w;
        if (row < 0 || row >= d.height || column < 0 || column >= d.width) continue;
        const int64_t channel = m / group_filters * group_channels + c;
        body(at(((n * d.channels + channel) * d.height + row) * d.width + column),
             at(m * group_channels * d.kernel_h * d.kernel_w + j), at(i));
      }
    }
  }

  int64_t filter_of(size_t i) const { return static_cast<int64_t>(i) / (out_w * out_h) % d.filters; }

  azj_conv2d_desc d;
  int64_t out_h, out_w, x, w, z;  // sizes
};

struct Workspace {
  explicit Workspace(uint64_t bytes) : memory(bytes / sizeof(float), 0), used(bytes > 0) {}
  void* data() { return used ? memory.data() : nullptr; }
  DeviceArray<float> memory;
  bool used;
};

// All algorithms of the three passes of one convolution.
class Passes {
 public:
  Passes(cudaStream_t stream, const azj_conv2d_desc& d, size_t offset)
      : stream_(stream), d_(d), ref_(d), offset_(offset), x_(random_floats(ref_.x, 11)), w_(random_floats(ref_.w, 12)),
        dz_(random_floats(ref_.z, 13)), bias_(random_floats(d.filters, 14)), device_x_(x_, offset),
        device_w_(w_, offset), device_dz_(dz_, offset), device_bias_(bias_) {}

  void direct() {
    check("direct", Rounding::NONE,
          [&](float* y) {
            azj::cuda::conv2d_direct_forward(stream_, d_, device_x_.data(), device_w_.data(), device_bias_.data(), y);
          },
          [&](float* dx) {
            azj::cuda::conv2d_direct_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), dx);
          },
          [&](float* dw) {
            azj::cuda::conv2d_direct_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), dw);
          });
  }

  void im2col(GemmRung rung, int64_t samples, Rounding rounding) {
    if (rounding != Rounding::NONE && !tensor_cores()) return;
    d_.samples_per_unroll = samples;
    check("im2col, rung " + std::to_string(static_cast<int>(rung)), rounding,
          [&](float* y) {
            Workspace workspace(azj::cuda::conv2d_im2col_workspace_bytes(d_, AZJ_CONV_FORWARD));
            azj::cuda::conv2d_im2col_forward(stream_, d_, rung, device_x_.data(), device_w_.data(),
                                             device_bias_.data(), y, workspace.data());
            finish_workspace(workspace);
          },
          [&](float* dx) {
            Workspace workspace(azj::cuda::conv2d_im2col_workspace_bytes(d_, AZJ_CONV_GRAD_INPUT));
            azj::cuda::conv2d_im2col_grad_input(stream_, d_, rung, device_dz_.data(), device_w_.data(), dx,
                                                workspace.data());
            finish_workspace(workspace);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_im2col_workspace_bytes(d_, AZJ_CONV_GRAD_WEIGHTS));
            azj::cuda::conv2d_im2col_grad_weights(stream_, d_, rung, device_x_.data(), device_dz_.data(), dw,
                                                  workspace.data());
            finish_workspace(workspace);
          });
    d_.samples_per_unroll = 0;
  }

  void implicit(ConvMath math, GemmTile tile) {
    if (math != ConvMath::FP32 && !tensor_cores()) return refused(math);
    const Rounding rounding = math == ConvMath::TF32   ? Rounding::TF32
                              : math == ConvMath::BF16 ? Rounding::BF16
                                                       : Rounding::NONE;
    check("implicit, math " + std::to_string(static_cast<int>(math)) + " tile " +
              std::to_string(static_cast<int>(tile)),
          rounding,
          [&](float* y) {
            azj::cuda::conv2d_implicit_forward(stream_, d_, math, device_x_.data(), device_w_.data(),
                                               device_bias_.data(), y, tile);
          },
          [&](float* dx) {
            azj::cuda::conv2d_implicit_grad_input(stream_, d_, math, device_dz_.data(), device_w_.data(), dx, tile);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_implicit_grad_weights_workspace_bytes(d_, math, tile));
            azj::cuda::conv2d_implicit_grad_weights(stream_, d_, math, device_x_.data(), device_dz_.data(), dw,
                                                    workspace.data(), tile);
            finish_workspace(workspace);
          });
  }

  void hopper(ConvMath math, const HopperPlan& plan) {
    std::string reason;
    if (!azj::cuda::has_hopper(reason) || !azj::cuda::conv2d_hopper_fits(d_, reason)) return;
    check("wgmma, math " + std::to_string(static_cast<int>(math)) + " tile " +
              std::to_string(static_cast<int>(plan.tile)) + " slices " + std::to_string(plan.slices),
          math == ConvMath::TF32 ? Rounding::TF32 : Rounding::BF16,
          [&](float* y) {
            Workspace workspace(azj::cuda::conv2d_hopper_forward_workspace_bytes(d_, math, plan));
            azj::cuda::conv2d_hopper_forward(stream_, d_, math, device_x_.data(), device_w_.data(),
                                             device_bias_.data(), y, workspace.data(), plan);
            finish_workspace(workspace);
          },
          [&](float* dx) {
            Workspace workspace(azj::cuda::conv2d_hopper_grad_input_workspace_bytes(d_, math, plan));
            azj::cuda::conv2d_hopper_grad_input(stream_, d_, math, device_dz_.data(), device_w_.data(), dx,
                                                workspace.data(), plan);
            finish_workspace(workspace);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_hopper_grad_weights_workspace_bytes(d_, math, plan));
            azj::cuda::conv2d_hopper_grad_weights(stream_, d_, math, device_x_.data(), device_dz_.data(), dw,
                                                  workspace.data(), plan);
            finish_workspace(workspace);
          });
  }

  // Its sums are of numbers larger than the terms: |A^T| [|G||g||G^T| . |B^T||d||B|] |A|, at most 58 times the largest
  // (docs/numerics.md has the exact bound, which the tests in core use).
  void winograd(WinogradForm form) {
    if (!azj::cuda::conv2d_winograd_supports(d_)) return;
    constexpr double kShare = 2e-5;
    check("winograd, form " + std::to_string(static_cast<int>(form)), Rounding::NONE,
          [&](float* y) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, AZJ_CONV_FORWARD, form));
            azj::cuda::conv2d_winograd_forward(stream_, d_, device_x_.data(), device_w_.data(), device_bias_.data(), y,
                                               workspace.data(), form);
            finish_workspace(workspace);
          },
          [&](float* dx) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, AZJ_CONV_GRAD_INPUT, form));
            azj::cuda::conv2d_winograd_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), dx,
                                                  workspace.data(), form);
            finish_workspace(workspace);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, AZJ_CONV_GRAD_WEIGHTS));
            azj::cuda::conv2d_winograd_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), dw,
                                                    workspace.data());
            finish_workspace(workspace);
          },
          kShare);
  }

  void grad_bias() {
    std::vector<Exact> expected(at(d_.filters));
    for (size_t i = 0; i < dz_.size(); ++i) expected[at(ref_.filter_of(i))].add(dz_[i]);
    auto out = poisoned<float>(at(d_.filters));
    azj::cuda::conv2d_grad_bias(stream_, d_, device_dz_.data(), out.data());
    finish_stream(stream_);
    compare("bias gradient of " + describe(d_), out.read(), expected);
  }

  // No bias, no activation.
  void plain_forward() {
    std::vector<Exact> expected(at(ref_.z));
    ref_.products([&](size_t i, size_t j, size_t k) { expected[k].add(static_cast<double>(x_[i]) * w_[j]); });
    azj_conv2d_desc d = d_;
    d.activation = AZJ_IDENTITY;
    auto out = poisoned<float>(at(ref_.z), offset_);
    azj::cuda::conv2d_implicit_forward(stream_, d, ConvMath::FP32, device_x_.data(), device_w_.data(), nullptr,
                                       out.data());
    finish_stream(stream_);
    compare("forward without bias, " + describe(d), out.read(), expected);
  }

 private:
  static bool tensor_cores() {
    std::string reason;
    return azj::cuda::has_tensor_cores(reason);
  }

  void refused(ConvMath math) {
    auto out = poisoned<float>(at(ref_.z));
    try {
      azj::cuda::conv2d_implicit_forward(stream_, d_, math, device_x_.data(), device_w_.data(), nullptr, out.data());
      CHECK(!"a convolution on tensor cores that the device does not have");
    } catch (const azj::Error& error) {
      CHECK(error.status() == AZJ_UNSUPPORTED);
    }
  }

  void finish_workspace(Workspace& workspace) {
    finish_stream(stream_);
    if (workspace.used) workspace.memory.read();  // checks its margins
  }

  template <class Forward, class GradInput, class GradWeights>
  void check(const std::string& algorithm, Rounding rounding, Forward&& forward, GradInput&& grad_input,
             GradWeights&& grad_weights, double share = kRounding) {
    const auto x = rounded(x_, rounding), w = rounded(w_, rounding), dz = rounded(dz_, rounding);
    std::vector<Exact> y(at(ref_.z)), dx(at(ref_.x)), dw(at(ref_.w));
    ref_.products([&](size_t i, size_t j, size_t k) {
      y[k].add(static_cast<double>(x[i]) * w[j]);
      dx[i].add(static_cast<double>(dz[k]) * w[j]);
      dw[j].add(static_cast<double>(dz[k]) * x[i]);
    });
    finish_forward(y);
    const std::string what = algorithm + ", " + describe(d_);
    pass("forward: " + what, y, forward, share);
    pass("gradient to input: " + what, dx, grad_input, share);
    pass("gradient to weights: " + what, dw, grad_weights, share);
  }

  void finish_forward(std::vector<Exact>& y) const {
    for (size_t i = 0; i < y.size(); ++i) {
      y[i].add(bias_[at(ref_.filter_of(i))]);
      y[i].sum = activated(d_.activation, static_cast<double>(d_.slope), y[i].sum);
    }
  }

  template <class Run>
  void pass(const std::string& what, const std::vector<Exact>& expected, Run&& run, double share = kRounding) {
    auto out = poisoned<float>(expected.size(), offset_);
    run(out.data());
    finish_stream(stream_);
    compare(what, out.read(), expected, share);
  }

  cudaStream_t stream_;
  azj_conv2d_desc d_;
  Reference ref_;
  size_t offset_;
  std::vector<float> x_, w_, dz_, bias_;
  DeviceArray<float> device_x_, device_w_, device_dz_, device_bias_;
};

}  // namespace conv_passes
