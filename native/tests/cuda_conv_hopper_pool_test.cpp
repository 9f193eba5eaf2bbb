// A float32 convolution on wgmma that ends in max pooling: the bits of the two operations one after the other, by every
// tile, in slices, pairs and groups, with odd heights and widths.
#include <cmath>
#include <cstring>
#include <limits>

#include "cuda_conv_reference.hpp"
#include "emulated_session.hpp"
#include "kernels.hpp"

namespace {

using namespace conv_passes;
using azj::cuda::ConvMath;
using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;

struct PoolCase {
  azj_conv2d_desc d;
  HopperPlan tf32, bf16;
};

constexpr GemmTile kSmallTile = GemmTile::SMALL, kMediumTile = GemmTile::MEDIUM, kLargeTile = GemmTile::LARGE;

// Batch, channels, height, width, filters, kernel, stride, padding, dilation, groups.
const PoolCase kCases[] = {
    // One window; windows of one row, of one column; an odd row, column, both.
    {conv(1, 5, 2, 2, 3, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}, {}},
    {conv(2, 3, 2, 9, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}, {kSmallTile, 1}},
    {conv(3, 1, 8, 2, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 1}, {}},
    {conv(2, 6, 9, 8, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 1}, {kMediumTile, 2}},
    {conv(2, 6, 8, 11, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kSmallTile, 1}, {kLargeTile, 1}},
    // Groups, with more tiles than multiprocessors; slices of them; channels around chunks and tiles.
    {conv(7, 12, 12, 13, 48, 3, 3, 1, 1, 1, 1, 1, 1, 12), {kSmallTile, 1}, {kMediumTile, 1}},
    {conv(1, 18, 14, 15, 40, 4, 5, 1, 2, 1, 2, 1, 1, 2), {kSmallTile, 3}, {kMediumTile, 2}},
    {conv(1, 65, 6, 7, 65, 3, 1, 1, 1, 1, 0, 1, 1, 1), {kMediumTile, 1}, {kSmallTile, 2}},
    {conv(1, 16, 9, 9, 129, 2, 2, 1, 1, 0, 1, 1, 1, 1), {kLargeTile, 3}, {kMediumTile, 1}},
    // Clusters of two that share pixels, or weights; an odd number of columns of tiles, where the convolution alone has
    // an even one.
    {conv(1, 24, 11, 12, 500, 3, 3, 1, 1, 1, 1, 1, 1, 2), {kMediumTile, 2}, {kLargeTile, 1}},
    {conv(1, 30, 20, 25, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 1}, {kMediumTile, 2}},
    {conv(1, 20, 13, 20, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 1}, {kLargeTile, 1}},
    // Deep sums, left to the plan.
    {conv(1, 264, 5, 6, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}, {}},
    // Strides and dilation; of 1 x 1 kernels, of which only the pixels that are met are packed, any stride.
    {conv(2, 3, 16, 13, 4, 2, 3, 4, 5, 1, 2, 1, 1, 1), {kLargeTile, 1}, {}},
    {conv(2, 4, 14, 12, 5, 4, 3, 3, 2, 4, 3, 2, 3, 1), {kMediumTile, 1}, {kSmallTile, 1}},
    {conv(2, 10, 21, 40, 20, 1, 1, 7, 8, 0, 0, 1, 1, 1), {}, {kLargeTile, 1}}};

struct Maxima {
  std::vector<float> y;
  std::vector<int32_t> argmax;
};

class Pooled {
 public:
  // Operands between -1 and 1 or, coarse, with equal outputs, of which the first one wins, NaN and infinity.
  Pooled(cudaStream_t stream, const azj_conv2d_desc& d, bool coarse)
      : stream_(stream), d_(d), ref_(d), outputs_(at(d.batch * d.filters * (ref_.out_h / 2) * (ref_.out_w / 2))),
        x_(operand(ref_.x, 31, coarse)), w_(operand(ref_.w, 32, false)), bias_(random_floats(d.filters, 33)) {}

  void check(ConvMath math, const HopperPlan& plan) {
    for (const float* bias : {static_cast<const float*>(bias_.data()), static_cast<const float*>(nullptr)}) {
      const Maxima expected = one_after_the_other(math, plan, bias), actual = together(math, plan, bias, true);
      const int failed = failures;
      CHECK(same_bits(actual.y, expected.y));
      CHECK(actual.argmax == expected.argmax);
      CHECK(same_bits(together(math, plan, bias, false).y, expected.y));
      if (failures != failed) {
        std::printf("  %s, math %d tile %d slices %d\n", describe(d_).c_str(), static_cast<int>(math),
                    static_cast<int>(plan.tile), plan.slices);
      }
    }
  }

 private:
  static bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  }

  static std::vector<float> operand(int64_t count, uint32_t seed, bool coarse) {
    auto values = random_floats(count, seed);
    if (!coarse) return values;
    for (float& value : values) value = std::round(2 * value);
    for (size_t i = 5; i < values.size(); i += 97) {
      values[i] = i % 2 ? std::numeric_limits<float>::quiet_NaN() : HUGE_VALF;
    }
    return values;
  }

  Maxima one_after_the_other(ConvMath math, const HopperPlan& plan, const float* bias) {
    auto z = poisoned<float>(at(ref_.z)), y = poisoned<float>(outputs_);
    auto argmax = poisoned<int32_t>(outputs_);
    Workspace workspace(azj::cuda::conv2d_hopper_forward_workspace_bytes(d_, math, plan));
    azj::cuda::conv2d_hopper_forward(stream_, d_, math, x_.data(), w_.data(), bias, z.data(), workspace.data(), plan);
    const azj_pool2d_desc halves{d_.batch, d_.filters, ref_.out_h, ref_.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
    azj::cuda::pool2d_forward(stream_, halves, z.data(), y.data(), argmax.data());
    finish_stream(stream_);
    return {y.read(), argmax.read()};
  }

  Maxima together(ConvMath math, const HopperPlan& plan, const float* bias, bool with_argmax) {
    auto y = poisoned<float>(outputs_);
    auto argmax = poisoned<int32_t>(outputs_);
    Workspace workspace(azj::cuda::conv2d_hopper_forward_workspace_bytes(d_, math, plan));
    azj::cuda::conv2d_hopper_pool_forward(stream_, d_, math, x_.data(), w_.data(), bias, y.data(),
                                          with_argmax ? argmax.data() : nullptr, workspace.data(), plan);
    finish_stream(stream_);
    if (workspace.used) workspace.memory.read();  // checks its margins
    return {y.read(), argmax.read()};
  }

  cudaStream_t stream_;
  azj_conv2d_desc d_;
  Reference ref_;
  size_t outputs_;
  DeviceArray<float> x_, w_, bias_;
};

void forward(cudaStream_t stream) {
  int number = 0;
  for (PoolCase c : kCases) {
    c.d.activation = number++ % 5;
    c.d.slope = 0.25f;
    CHECK(azj::cuda::conv2d_hopper_pools(c.d));
    for (const bool coarse : {false, true}) {
      Pooled pooled(stream, c.d, coarse);
      pooled.check(ConvMath::TF32, c.tf32);
      pooled.check(ConvMath::BF16, c.bf16);
    }
  }
  for (const GemmTile tile : {kSmallTile, kMediumTile, kLargeTile}) {  // both ways out of the registers
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      azj_conv2d_desc d = conv(2, 6, 9, 18, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1);
      d.activation = activation;
      d.slope = activation == AZJ_LEAKY_RELU && tile == kSmallTile ? 0.0f : 0.125f;
      Pooled(stream, d, true).check(ConvMath::TF32, {tile, 1});
    }
  }
}

// azj_conv2d_pool_forward() by either algorithm; beyond what a tensor map holds of the windows' rows, in two kernels.
void contract() {
  Emulated s;
  for (azj_conv2d_desc d : {conv(3, 5, 9, 8, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                            conv(2, 4, 28, 10, 6, 3, 3, 5, 1, 1, 1, 1, 1, 2)}) {
    for (const int32_t algorithm : {AZJ_CONV_HOPPER_TF32, AZJ_CONV_HOPPER_BF16}) {
      d.algorithm = algorithm;
      d.activation = AZJ_RELU;
      const Reference ref(d);
      const size_t outputs = at(d.batch * d.filters * (ref.out_h / 2) * (ref.out_w / 2));
      uint64_t whole = 0, pooled = 0;
      OK(azj_conv2d_workspace_bytes(s.stream, &d, AZJ_CONV_FORWARD, &whole));
      OK(azj_conv2d_pool_workspace_bytes(s.stream, &d, &pooled));
      CHECK(azj::cuda::conv2d_hopper_pools(d) == (d.stride_h < 5));
      CHECK((pooled == whole) == azj::cuda::conv2d_hopper_pools(d));
      float* const x = s.upload(random_floats(ref.x, 41));
      float* const w = s.upload(random_floats(ref.w, 42));
      float* const z = s.alloc(at(ref.z));
      float* const y = s.alloc(outputs);
      float* const expected = s.alloc(outputs);
      auto* const argmax = s.alloc<int32_t>(outputs);
      auto* const places = s.alloc<int32_t>(outputs);
      auto* const workspace = s.alloc<char>(pooled);
      OK(azj_conv2d_forward(s.stream, &d, x, w, nullptr, z, workspace, whole));
      const azj_pool2d_desc halves{d.batch, d.filters, ref.out_h, ref.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
      OK(azj_pool2d_forward(s.stream, &halves, z, expected, places));
      OK(azj_conv2d_pool_forward(s.stream, &d, x, w, nullptr, y, argmax, workspace, pooled));
      CHECK(s.download(y, outputs) == s.download(expected, outputs));
      CHECK(s.download(argmax, outputs) == s.download(places, outputs));
    }
  }
}

}  // namespace

int main() {
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  forward(stream);
  CUDA(cudaStreamDestroy(stream));
  contract();
  return finish("cuda_conv_hopper_pool");
}
