// A convolution of BF16 tensors with channels last that ends in max pooling: the bits of the two operations one after the
// other, by every tile, in slices, with odd heights and widths; and the way back, window by window in double.
#include <cmath>
#include <limits>

#include "bf16_numbers.hpp"
#include "cuda_bf16_conv2d.hpp"
#include "emulated_session.hpp"

namespace {

using namespace bf16_passes;

struct ForwardCase {
  azj_conv2d_desc d;
  HopperPlan plan;
};

constexpr GemmTile kSmallTile = GemmTile::SMALL, kMediumTile = GemmTile::MEDIUM, kLargeTile = GemmTile::LARGE;

// Batch, channels, height, width, filters, kernel, stride, padding, dilation, groups.
const ForwardCase kCases[] = {
    // One window; windows of one row, of one column; an odd row, column, both.
    {conv(1, 5, 2, 2, 3, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}},
    {conv(2, 3, 2, 9, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}},
    {conv(3, 1, 8, 2, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 1}},
    {conv(2, 6, 9, 8, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 1}},
    {conv(2, 6, 8, 11, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kSmallTile, 1}},
    {conv(3, 10, 7, 5, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}},
    // Channels and filters around chunks, tiles and sectors; more tiles than multiprocessors, in turns.
    {conv(2, 33, 6, 6, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kSmallTile, 1}},
    {conv(1, 65, 6, 7, 65, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 1}},
    {conv(1, 16, 9, 9, 129, 2, 2, 1, 1, 0, 1, 1, 1, 1), {kLargeTile, 1}},
    {conv(2, 1, 28, 29, 6, 5, 5, 1, 1, 2, 2, 1, 1, 1), {kSmallTile, 1}},
    {conv(3, 20, 26, 25, 50, 1, 1, 1, 1, 0, 0, 1, 1, 1), {kMediumTile, 1}},
    // Clusters of two that share pixels, of which each block brings the upper or the lower ones, or weights.
    {conv(2, 130, 9, 8, 250, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 1}},
    {conv(1, 20, 13, 20, 200, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 1}},
    {conv(1, 100, 20, 25, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 3}},
    // An odd number of columns of tiles, where the convolution alone has an even one.
    {conv(1, 20, 13, 20, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kLargeTile, 1}},
    // Slices.
    {conv(2, 32, 6, 5, 31, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 2}},
    {conv(1, 65, 7, 7, 65, 3, 1, 1, 1, 1, 0, 1, 1, 1), {kSmallTile, 2}},
    {conv(2, 136, 4, 6, 8, 3, 3, 1, 1, 2, 0, 1, 1, 1), {kLargeTile, 7}},
    {conv(1, 264, 5, 6, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}},
    // Strides, of which twice is the step along the height, and dilation.
    {conv(2, 3, 16, 13, 4, 2, 3, 4, 5, 1, 2, 1, 1, 1), {kLargeTile, 1}},
    {conv(1, 9, 20, 40, 7, 1, 3, 3, 8, 0, 1, 1, 1, 1), {kSmallTile, 1}},
    {conv(2, 4, 14, 12, 5, 4, 3, 3, 2, 4, 3, 2, 3, 1), {kMediumTile, 1}},
    // 128 to the corner, with an odd width whose last column is left out.
    {conv(1, 2, 2, 131, 3, 1, 2, 1, 1, 0, 0, 1, 127, 1), {}},
    {conv(1, 2, 130, 3, 3, 2, 1, 1, 1, 0, 0, 127, 1, 1), {}}};

struct Maxima {
  std::vector<uint16_t> y;
  std::vector<uint8_t> argmax;
};

class Forward {
 public:
  // Operands between -1 and 1 or, coarse, with equal outputs, of which the first one wins, NaN and infinity.
  Forward(cudaStream_t stream, const azj_conv2d_desc& d, bool coarse)
      : stream_(stream), d_(d), ref_(d), windows_(d.batch * (ref_.out_h / 2) * (ref_.out_w / 2)),
        x_(packed(operand(ref_.x, 31, coarse), d.channels, d.height * d.width, kNan)),
        w_(packed(rounded(random_floats(ref_.w, 32), Rounding::BF16), d.channels, d.kernel_h * d.kernel_w, kNan)),
        bias_(random_floats(d.filters, 33)) {}

  void check(const HopperPlan& plan) {
    for (const float* bias : {static_cast<const float*>(bias_.data()), static_cast<const float*>(nullptr)}) {
      const Maxima expected = one_after_the_other(plan, bias), actual = together(plan, bias, true);
      const int failed = failures;
      CHECK(actual.y == expected.y);
      CHECK(actual.argmax == expected.argmax);
      CHECK(together(plan, bias, false).y == expected.y);
      if (failures != failed) {
        std::printf("  %s, tile %d slices %d\n", describe(d_).c_str(), static_cast<int>(plan.tile), plan.slices);
      }
    }
  }

 private:
  static std::vector<float> operand(int64_t count, uint32_t seed, bool coarse) {
    auto values = rounded(random_floats(count, seed), Rounding::BF16);
    if (!coarse) return values;
    for (float& value : values) value = std::round(2 * value);
    for (size_t i = 5; i < values.size(); i += 97) values[i] = i % 2 ? widened(kNan) : HUGE_VALF;
    return values;
  }

  Maxima one_after_the_other(const HopperPlan& plan, const float* bias) {
    DeviceArray<uint16_t> z(at(d_.batch * ref_.out_h * ref_.out_w * bf16_pitch(d_.filters)), 0);
    DeviceArray<uint16_t> y(at(windows_ * bf16_pitch(d_.filters)), 0);
    DeviceArray<uint8_t> argmax(at(windows_ * bf16_pitch(d_.filters)), 0);
    Workspace workspace(azj::cuda::bf16_conv2d_forward_workspace_bytes(d_, plan));
    azj::cuda::bf16_conv2d_forward(stream_, d_, x_.data(), w_.data(), bias, z.data(), workspace.data(), plan);
    const azj_pool2d_desc halves{d_.batch, d_.filters, ref_.out_h, ref_.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
    azj::cuda::bf16_pool2d_forward(stream_, halves, z.data(), y.data(), argmax.data());
    finish_stream(stream_);
    return {y.read(), argmax.read()};
  }

  Maxima together(const HopperPlan& plan, const float* bias, bool with_argmax) {
    DeviceArray<uint16_t> y(at(windows_ * bf16_pitch(d_.filters)), 0);
    DeviceArray<uint8_t> argmax(at(windows_ * bf16_pitch(d_.filters)), 0);
    Workspace workspace(azj::cuda::bf16_conv2d_forward_workspace_bytes(d_, plan));
    azj::cuda::bf16_conv2d_pool_forward(stream_, d_, x_.data(), w_.data(), bias, y.data(),
                                        with_argmax ? argmax.data() : nullptr, workspace.data(), plan);
    finish_stream(stream_);
    if (workspace.used) workspace.memory.read();  // checks its margins
    return {y.read(), argmax.read()};
  }

  cudaStream_t stream_;
  azj_conv2d_desc d_;
  Reference ref_;
  int64_t windows_;
  DeviceArray<uint16_t> x_, w_;
  DeviceArray<float> bias_;
};

void forward(cudaStream_t stream) {
  int number = 0;
  for (ForwardCase c : kCases) {
    c.d.activation = number++ % 5;
    c.d.slope = 0.25f;
    Forward(stream, c.d, false).check(c.plan);
    Forward(stream, c.d, true).check(c.plan);
  }
  for (const GemmTile tile : {kSmallTile, kMediumTile, kLargeTile}) {  // both ways out of the registers
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      azj_conv2d_desc d = conv(2, 6, 9, 18, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1);
      d.activation = activation;
      d.slope = 0.125f;
      Forward(stream, d, true).check({tile, 1});
    }
  }
}

// Where a tensor map no longer holds the windows' rows.
void limits() {
  std::string reason;
  CHECK(azj::cuda::conv2d_hopper_pool_fits(conv(1, 1, 20, 20, 1, 3, 3, 4, 8, 1, 1, 1, 1, 1), reason));
  const azj_conv2d_desc beyond[] = {conv(1, 1, 40, 40, 1, 3, 3, 5, 1, 1, 1, 1, 1, 1),
                                    conv(1, 1, 2, 131, 1, 1, 2, 1, 1, 0, 0, 1, 128, 1),
                                    conv(1, 1, 131, 3, 1, 2, 1, 1, 1, 0, 0, 128, 1, 1),
                                    conv(1, 1, 60, 3, 1, 256, 1, 1, 1, 127, 0, 1, 1, 1)};
  for (const auto& d : beyond) {
    CHECK(azj::cuda::conv2d_hopper_fits(d, reason));
    CHECK(!azj::cuda::conv2d_hopper_pool_fits(d, reason) && reason.find("with max pooling") == 0);
  }
  CHECK(!azj::cuda::conv2d_hopper_pool_fits(conv(1, 1, 40, 40, 1, 3, 3, 9, 9, 1, 1, 1, 1, 1), reason));
}

// ---- the way back

azj_conv2d_desc output_of(int64_t batch, int64_t filters, int64_t out_h, int64_t out_w, int32_t activation) {
  return {batch, 1, out_h, out_w, filters, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, activation, 0.1f, 0};
}

double derivative(int32_t activation, double slope, double y) {
  switch (activation) {
    case AZJ_RELU: return y > 0 ? 1 : 0;
    case AZJ_LEAKY_RELU: return y > 0 ? 1 : slope;
    case AZJ_SIGMOID: return y * (1 - y);
    case AZJ_TANH: return 1 - y * y;
    default: return 1;
  }
}

struct Gradients {
  std::vector<azj_bf16> grad_z;
  std::vector<float> grad_bias;
};

// What `y` and the others hold beyond the channels must neither stay nor be added.
Gradients backward(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<azj_bf16>& y,
                   const std::vector<uint8_t>& argmax, const std::vector<azj_bf16>& grad_y) {
  DeviceArray<azj_bf16> out(y), g(grad_y), to(at(d.batch * d.height * d.width * pitch_of(d.filters)), 0),
      alone(at(d.batch * d.height * d.width * pitch_of(d.filters)), 0);
  DeviceArray<uint8_t> taps(argmax);
  DeviceArray<float> bias(at(d.filters), 0), partials(azj::cuda::bf16_conv2d_pool_partial_bytes(d) / sizeof(float), 0);
  azj::cuda::bf16_conv2d_pool_backward(stream, d, out.data(), taps.data(), g.data(), to.data(), bias.data(),
                                       partials.data());
  azj::cuda::bf16_conv2d_pool_backward(stream, d, out.data(), taps.data(), g.data(), alone.data(), nullptr, nullptr);
  finish_stream(stream);
  partials.read();  // its guards
  CHECK(alone.read() == to.read());
  return {to.read(), bias.read()};
}

void check_backward(cudaStream_t stream, const azj_conv2d_desc& d) {
  const int64_t rows = d.height / 2, columns = d.width / 2, pitch = pitch_of(d.filters);
  const int64_t count = d.batch * rows * columns * pitch;
  auto y = to_bf16(random_floats(count, 41, -0.9f, 0.9f)), grad_y = to_bf16(random_floats(count, 42, -2, 2));
  std::vector<uint8_t> argmax(at(count));
  std::vector<double> grad_z(at(d.batch * d.height * d.width * pitch)), grad_bias(at(d.filters)), sizes(grad_bias);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t filter = i % pitch, window = i / pitch, q = window % columns, p = window / columns % rows;
    const int64_t sample = window / columns / rows, tap = i * 7 % 4;
    if (filter >= d.filters) {
      y[at(i)] = grad_y[at(i)] = kNan;
      argmax[at(i)] = static_cast<uint8_t>(i);
      continue;
    }
    argmax[at(i)] = static_cast<uint8_t>(tap);
    const double g = from_bf16(grad_y[at(i)]) * derivative(d.activation, d.slope, from_bf16(y[at(i)]));
    const int64_t row = 2 * p + tap / 2, column = 2 * q + tap % 2;
    grad_z[at(((sample * d.height + row) * d.width + column) * pitch + filter)] = g;
    grad_bias[at(filter)] += g;
    sizes[at(filter)] += std::fabs(g);
  }
  const Gradients result = backward(stream, d, y, argmax, grad_y);
  ROUNDED(result.grad_z, grad_z, 1e-6);
  for (size_t m = 0; m < grad_bias.size(); ++m) {
    CHECK(std::fabs(result.grad_bias[m] - grad_bias[m]) <= 0x1p-22 * sizes[m]);
  }
}

// A tap that no window has makes that channel of the window NaN, and with it the filter's bias, and only those.
void stray_tap(cudaStream_t stream) {
  const azj_conv2d_desc d = output_of(1, 2, 2, 5, AZJ_IDENTITY);
  std::vector<azj_bf16> ones(16, to_bf16(1.0f));
  std::vector<uint8_t> argmax(16, 3);
  argmax[0] = 4;
  const Gradients result = backward(stream, d, ones, argmax, ones);
  const auto grad_z = from_bf16(result.grad_z);
  for (int pixel = 0; pixel < 10; ++pixel) {
    const bool strays = pixel % 5 < 2;
    CHECK(std::isnan(grad_z[at(8 * pixel)]) == strays);
    CHECK(grad_z[at(8 * pixel + 1)] == (pixel == 6 || pixel == 8 ? 1 : 0));
  }
  CHECK(std::isnan(result.grad_bias[0]) && result.grad_bias[1] == 2);
}

// ---- azulejo.h

void contract(bool hopper) {
  Emulated s;
  azj_conv2d_desc d = conv(3, 20, 7, 6, 12, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  d.activation = AZJ_TANH;
  uint64_t bytes = 0;
  const size_t pooled = at(3 * 3 * 3 * 16), whole = at(3 * 7 * 6 * 16);
  auto* const y = s.upload(std::vector<uint16_t>(pooled, 0x3f00));
  auto* const argmax = s.upload(std::vector<uint8_t>(pooled, 1));
  auto* const grad_z = s.alloc<uint16_t>(whole);
  float* const grad_bias = s.alloc(12);
  OK(azj_bf16_conv2d_pool_backward(s.stream, &d, y, argmax, y, grad_z, grad_bias));  // on every device
  // 27 windows a filter: 1/2 (1 - 1/4) each.
  CHECK(s.download(grad_bias, 12) == std::vector<float>(12, 27 * 0.375f));
  if (!hopper) {
    FAILS(AZJ_UNSUPPORTED, "convolution and pooling on BF16 with channels last",
          azj_bf16_conv2d_pool_workspace_bytes(s.stream, &d, &bytes));
    return;
  }
  azj_conv2d_desc strided = d;
  strided.stride_h = 5;
  strided.pad_h = 2;
  FAILS(AZJ_UNSUPPORTED, "a stride along the height of at most 4",
        azj_bf16_conv2d_pool_workspace_bytes(s.stream, &strided, &bytes));
  OK(azj_bf16_conv2d_pool_workspace_bytes(s.stream, &d, &bytes));
  auto* const x = s.upload(to_bf16(random_floats(3 * 7 * 6 * 24, 51)));
  auto* const w = s.upload(to_bf16(random_floats(12 * 9 * 24, 52)));
  auto* const workspace = s.alloc<char>(bytes + 1);
  const auto run = [&] {
    OK(azj_bf16_conv2d_pool_forward(s.stream, &d, x, w, nullptr, y, argmax, workspace, bytes));
  };
  if (bytes > 0) {
    FAILS(AZJ_WORKSPACE_TOO_SMALL, "azj_bf16_conv2d_pool_workspace_bytes()",
          azj_bf16_conv2d_pool_forward(s.stream, &d, x, w, nullptr, y, argmax, workspace, bytes - 1));
  }
  run();
  const auto eager = s.download(y, pooled);
  const auto places = s.download(argmax, pooled);
  azj_graph* graph = nullptr;
  OK(azj_graph_begin(s.stream));
  run();
  OK(azj_graph_end(s.stream, &graph));
  for (int launch = 0; launch < 2; ++launch) {
    OK(azj_upload(s.stream, y, std::vector<uint16_t>(pooled, kNan).data(), pooled * sizeof(uint16_t)));
    OK(azj_graph_launch(graph));
    CHECK(s.download(y, pooled) == eager && s.download(argmax, pooled) == places);
  }
  OK(azj_graph_close(graph));
}

}  // namespace

int main() {
  std::string reason;
  const bool hopper = azj::cuda::has_hopper(reason);
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  if (hopper) {
    forward(stream);
    limits();
  }
  const int64_t sizes[][4] = {{1, 1, 2, 2},    {2, 3, 5, 7},   {3, 6, 28, 28}, {1, 1200, 2, 3},
                              {65, 10, 3, 4}, {9, 1, 33, 70}, {4, 264, 3, 2}, {2, 96, 8, 8}};
  for (const auto& size : sizes) {
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      check_backward(stream, output_of(size[0], size[1], size[2], size[3], activation));
    }
  }
  stray_tap(stream);
  CUDA(cudaStreamDestroy(stream));
  contract(hopper);
  return finish("cuda_bf16_conv2d_pool");
}
