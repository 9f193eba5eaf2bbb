// A convolution with random operands, and every algorithm's three passes of it against sums in double.
#pragma once

#include "cuda_conv_reference.hpp"
#include "error.hpp"
#include "kernels.hpp"

namespace conv_passes {

using azj::cuda::ConvMath;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;
using azj::cuda::WinogradForm;
using azj::cuda::WinogradSize;

// All algorithms of the three passes of one convolution.
class Passes {
 public:
  Passes(cudaStream_t stream, const azj_conv2d_desc& d, size_t offset)
      : stream_(stream), d_(d), ref_(d), offset_(offset), x_(random_floats(ref_.x, 11)), w_(random_floats(ref_.w, 12)),
        dz_(random_floats(ref_.z, 13)), bias_(random_floats(d.filters, 14)), device_x_(x_, offset),
        device_w_(w_, offset), device_dz_(dz_, offset), device_bias_(bias_) {}

  // DIRECT by the kernels that it takes for the shape, and by those that do every shape.
  void direct() {
    check("direct", Rounding::NONE,
          [&](float* y) {
            azj::cuda::conv2d_direct_forward(stream_, d_, device_x_.data(), device_w_.data(), device_bias_.data(), y);
          },
          [&](float* dx) {
            azj::cuda::conv2d_direct_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), dx);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_direct_workspace_bytes(d_, AZJ_CONV_GRAD_WEIGHTS));
            azj::cuda::conv2d_direct_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), dw,
                                                  workspace.data());
            finish_workspace(workspace);
          });
    check("direct, general", Rounding::NONE,
          [&](float* y) {
            azj::cuda::conv2d_general_forward(stream_, d_, device_x_.data(), device_w_.data(), device_bias_.data(), y);
          },
          [&](float* dx) {
            azj::cuda::conv2d_general_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), dx);
          },
          [&](float* dw) {
            azj::cuda::conv2d_general_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), dw);
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
          math == ConvMath::TF32 ? Rounding::TF32_COPIED : Rounding::BF16,
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

  // Its sums are of numbers larger than the terms: |A^T| [|G||g||G^T| . |B^T||d||B|] |A|, where d and g are of one size
  // up to 256 times as large in F(4x4, 3x3), 7 times in F(2x2, 3x3) (docs/numerics.md has the exact bound, which the
  // tests in core use). Random signs leave a part of the error.
  void winograd(WinogradSize size, WinogradForm form) {
    if (!azj::cuda::conv2d_winograd_supports(d_)) return;
    const double share = size == WinogradSize::F4X4 ? 2e-5 : 4e-6;
    check("winograd, size " + std::to_string(static_cast<int>(size)) + " form " +
              std::to_string(static_cast<int>(form)),
          Rounding::NONE,
          [&](float* y) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, size, AZJ_CONV_FORWARD, form));
            azj::cuda::conv2d_winograd_forward(stream_, d_, size, device_x_.data(), device_w_.data(),
                                               device_bias_.data(), y, workspace.data(), form);
            finish_workspace(workspace);
          },
          [&](float* dx) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, size, AZJ_CONV_GRAD_INPUT, form));
            azj::cuda::conv2d_winograd_grad_input(stream_, d_, size, device_dz_.data(), device_w_.data(), dx,
                                                  workspace.data(), form);
            finish_workspace(workspace);
          },
          [&](float* dw) {
            Workspace workspace(azj::cuda::conv2d_winograd_workspace_bytes(d_, size, AZJ_CONV_GRAD_WEIGHTS));
            azj::cuda::conv2d_winograd_grad_weights(stream_, d_, size, device_x_.data(), device_dz_.data(), dw,
                                                    workspace.data());
            finish_workspace(workspace);
          },
          share);
  }

  // The passes whose kernel does the shape; returns how many.
  int few_channels() {
    Expected expected = sums(Rounding::NONE);
    int passes = 0;
    if (azj::cuda::conv2d_few_channels_fits(d_)) {
      ++passes;
      pass("forward: few channels, " + describe(d_), expected.y, [&](float* y) {
        azj::cuda::conv2d_few_channels_forward(stream_, d_, device_x_.data(), device_w_.data(), device_bias_.data(), y);
      });
    }
    if (azj::cuda::conv2d_few_channels_input_fits(d_)) {
      ++passes;
      pass("gradient to input: few channels, " + describe(d_), expected.dx, [&](float* dx) {
        azj::cuda::conv2d_few_channels_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), dx);
      });
    }
    if (azj::cuda::conv2d_few_channels_weights_fits(d_)) {
      ++passes;
      pass("gradient to weights: few channels, " + describe(d_), expected.dw, [&](float* dw) {
        Workspace workspace(azj::cuda::conv2d_few_channels_weights_workspace_bytes(d_));
        azj::cuda::conv2d_few_channels_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), dw,
                                                    workspace.data());
        finish_workspace(workspace);
      });
    }
    return passes;
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
    const Expected expected = sums(rounding);
    const std::string what = algorithm + ", " + describe(d_);
    pass("forward: " + what, expected.y, forward, share);
    pass("gradient to input: " + what, expected.dx, grad_input, share);
    pass("gradient to weights: " + what, expected.dw, grad_weights, share);
  }

  struct Expected {
    std::vector<Exact> y, dx, dw;
  };

  Expected sums(Rounding rounding) const {
    const auto x = rounded(x_, rounding), w = rounded(w_, rounding), dz = rounded(dz_, rounding);
    Expected e{std::vector<Exact>(at(ref_.z)), std::vector<Exact>(at(ref_.x)), std::vector<Exact>(at(ref_.w))};
    ref_.products([&](size_t i, size_t j, size_t k) {
      e.y[k].add(static_cast<double>(x[i]) * w[j]);
      e.dx[i].add(static_cast<double>(dz[k]) * w[j]);
      e.dw[j].add(static_cast<double>(dz[k]) * x[i]);
    });
    finish_forward(e.y);
    return e;
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
