// A convolution of BF16 tensors with channels last with random operands, and its three passes against sums in double.
#pragma once

#include "bf16.hpp"
#include "cuda_conv_reference.hpp"
#include "kernels.hpp"

void test_bf16_conv2d_contract();

namespace bf16_passes {

using azj::cuda::bf16_pitch;
using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;
using conv_passes::at;
using conv_passes::conv;
using conv_passes::describe;
using conv_passes::Reference;
using conv_passes::Workspace;

constexpr uint16_t kNan = 0x7fc0;

inline uint16_t upper_half(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}
inline float widened(uint16_t upper) {
  const uint32_t bits = uint32_t{upper} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// [rows][channels][positions], of BF16 values, to [rows][positions][pitch], `pad` up to the pitch.
inline std::vector<uint16_t> packed(const std::vector<float>& values, int64_t channels, int64_t positions,
                                    uint16_t pad) {
  const int64_t pitch = bf16_pitch(channels), rows = static_cast<int64_t>(values.size()) / (channels * positions);
  std::vector<uint16_t> result(at(rows * positions * pitch), pad);
  for (int64_t i = 0; i < rows * channels * positions; ++i) {
    const int64_t row = i / (channels * positions), channel = i / positions % channels;
    result[at((row * positions + i % positions) * pitch + channel)] = upper_half(values[at(i)]);
  }
  return result;
}

// The way back. What fills the pitch has to be zero.
inline std::vector<float> unpacked(const std::vector<uint16_t>& from, int64_t channels, int64_t positions) {
  const int64_t pitch = bf16_pitch(channels), rows = static_cast<int64_t>(from.size()) / (positions * pitch);
  std::vector<float> values(at(rows * channels * positions));
  int64_t not_zero = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(from.size()); ++i) {
    const int64_t channel = i % pitch, position = i / pitch % positions, row = i / (pitch * positions);
    if (channel < channels) {
      values[at((row * channels + channel) * positions + position)] = widened(from[at(i)]);
    } else {
      not_zero += from[at(i)] != 0;
    }
  }
  CHECK(not_zero == 0);
  return values;
}

// Every element within half a unit in the last place of BF16 of what float sums may be.
inline void compare_rounded(const std::string& what, const std::vector<float>& actual,
                            const std::vector<Exact>& expected) {
  constexpr double kHalfUnit = 1.0 / 256;  // of a value, 8 digits
  CHECK(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size() && i < expected.size(); ++i) {
    const double sums = kRounding * expected[i].size + 1e-6;
    const double allowed = kHalfUnit * (std::fabs(expected[i].sum) + sums) + sums;
    if (std::fabs(static_cast<double>(actual[i]) - expected[i].sum) <= allowed) continue;
    ++failures;
    std::printf("%s: element %zu of %zu is %.9g, expected %.9g +- %.3g\n", what.c_str(), i, actual.size(),
                static_cast<double>(actual[i]), expected[i].sum, allowed);
    return;
  }
}

class Bf16Passes {
 public:
  Bf16Passes(cudaStream_t stream, const azj_conv2d_desc& d)
      : stream_(stream), d_(d), ref_(d), in_plane_(d.height * d.width), out_plane_(ref_.out_h * ref_.out_w),
        taps_(d.kernel_h * d.kernel_w), x_(rounded(random_floats(ref_.x, 21), Rounding::BF16)),
        w_(rounded(random_floats(ref_.w, 22), Rounding::BF16)), dz_(rounded(random_floats(ref_.z, 23), Rounding::BF16)),
        bias_(random_floats(d.filters, 24)),
        // Nothing of an operand's pads is read.
        device_x_(packed(x_, d.channels, in_plane_, kNan)), device_w_(packed(w_, d.channels, taps_, kNan)),
        device_dz_(packed(dz_, d.filters, out_plane_, kNan)), device_bias_(bias_) {}

  void check(const HopperPlan& plan) {
    const std::string what = describe(d_) + ", tile " + std::to_string(static_cast<int>(plan.tile)) + " slices " +
                             std::to_string(plan.slices);
    std::vector<Exact> y(at(ref_.z)), dx(at(ref_.x)), dw(at(ref_.w));
    ref_.products([&](size_t i, size_t j, size_t k) {
      y[k].add(static_cast<double>(x_[i]) * w_[j]);
      dx[i].add(static_cast<double>(dz_[k]) * w_[j]);
      dw[j].add(static_cast<double>(dz_[k]) * x_[i]);
    });
    for (size_t i = 0; i < y.size(); ++i) {
      y[i].add(bias_[at(ref_.filter_of(i))]);
      y[i].sum = activated(d_.activation, static_cast<double>(d_.slope), y[i].sum);
    }
    compare_rounded("forward: " + what, unpacked(forward(plan), d_.filters, out_plane_), y);
    compare_rounded("gradient to input: " + what, unpacked(grad_input(plan), d_.channels, in_plane_), dx);
    compare("gradient to weights: " + what, grad_weights(plan), dw);
  }

  // Makes a NaN of channel 0 of the first sample's pixel.
  void spoil(int64_t row, int64_t column) {
    x_[at(row * d_.width + column)] = widened(kNan);
    device_x_.write(packed(x_, d_.channels, in_plane_, kNan));
  }

  std::vector<uint16_t> forward(const HopperPlan& plan, bool with_bias = true) {
    auto out = poisoned<uint16_t>(at(d_.batch * out_plane_ * bf16_pitch(d_.filters)));
    Workspace workspace(azj::cuda::bf16_conv2d_forward_workspace_bytes(d_, plan));
    azj::cuda::bf16_conv2d_forward(stream_, d_, device_x_.data(), device_w_.data(),
                                   with_bias ? device_bias_.data() : nullptr, out.data(), workspace.data(), plan);
    return result(out, workspace);
  }

  std::vector<uint16_t> grad_input(const HopperPlan& plan) {
    auto out = poisoned<uint16_t>(at(d_.batch * in_plane_ * bf16_pitch(d_.channels)));
    Workspace workspace(azj::cuda::bf16_conv2d_grad_input_workspace_bytes(d_, plan));
    azj::cuda::bf16_conv2d_grad_input(stream_, d_, device_dz_.data(), device_w_.data(), out.data(), workspace.data(),
                                      plan);
    return result(out, workspace);
  }

  std::vector<float> grad_weights(const HopperPlan& plan) {
    auto out = poisoned<float>(at(ref_.w));
    Workspace workspace(azj::cuda::bf16_conv2d_grad_weights_workspace_bytes(d_, plan));
    azj::cuda::bf16_conv2d_grad_weights(stream_, d_, device_x_.data(), device_dz_.data(), out.data(), workspace.data(),
                                        plan);
    return result(out, workspace);
  }

 private:
  template <class T>
  std::vector<T> result(DeviceArray<T>& out, Workspace& workspace) {
    finish_stream(stream_);
    if (workspace.used) workspace.memory.read();  // checks its margins
    return out.read();
  }

  cudaStream_t stream_;
  azj_conv2d_desc d_;
  Reference ref_;
  int64_t in_plane_, out_plane_, taps_;
  std::vector<float> x_, w_, dz_, bias_;
  DeviceArray<uint16_t> device_x_, device_w_, device_dz_;
  DeviceArray<float> device_bias_;
};

}  // namespace bf16_passes
