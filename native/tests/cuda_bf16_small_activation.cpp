// The way back through an activation, with the bias's gradient, in double.
#include <limits>

#include "bf16.hpp"
#include "bf16_numbers.hpp"
#include "cuda_bf16_small.hpp"
#include "device_array.hpp"

namespace {

constexpr float kSlope = 0.1f;
constexpr azj_bf16 kNaN = 0x7fc0;

double derivative(int32_t activation, double y) {
  switch (activation) {
    case AZJ_RELU: return y > 0 ? 1 : 0;
    case AZJ_LEAKY_RELU: return y > 0 ? 1 : double{kSlope};
    case AZJ_SIGMOID: return y * (1 - y);
    case AZJ_TANH: return 1 - y * y;
    default: return 1;
  }
}

// y between the values an activation can have; beyond the channels NaN, which must neither stay nor be added.
std::vector<azj_bf16> pixels_of(int64_t pixels, int64_t channels, uint32_t seed, float low, float high) {
  auto values = to_bf16(random_floats(pixels * pitch_of(channels), seed, low, high));
  for (size_t i = 0; i < values.size(); ++i) {
    if (static_cast<int64_t>(i) % pitch_of(channels) >= channels) values[i] = kNaN;
  }
  return values;
}

struct Result {
  std::vector<azj_bf16> grad_z;
  std::vector<float> grad_bias;
};

Result run(cudaStream_t stream, int32_t activation, int64_t pixels, int64_t channels, const std::vector<azj_bf16>& y,
           const std::vector<azj_bf16>& grad_y, bool in_place) {
  DeviceArray<azj_bf16> out(y), g(grad_y), to(y.size(), 0);
  DeviceArray<float> bias(static_cast<size_t>(channels), 0);
  DeviceArray<float> partials(azj::cuda::bf16_activation_partial_bytes(pixels, channels) / sizeof(float), 0);
  azj_bf16* grad_z = in_place ? g.data() : to.data();
  azj::cuda::bf16_activation_backward(stream, activation, kSlope, pixels, channels, out.data(), g.data(), grad_z,
                                      bias.data(), partials.data());
  finish_stream(stream);
  partials.read();  // its guards
  return {in_place ? g.read() : to.read(), bias.read()};
}

void backward(cudaStream_t stream, int32_t activation, int64_t pixels, int64_t channels) {
  const int64_t pitch = pitch_of(channels);
  const auto y = pixels_of(pixels, channels, 1, -0.9f, 0.9f), grad_y = pixels_of(pixels, channels, 2, -2, 2);
  std::vector<double> grad_z(y.size()), grad_bias(static_cast<size_t>(channels)), magnitude(grad_bias);
  for (int64_t i = 0; i < pixels * pitch; ++i) {
    if (i % pitch >= channels) continue;
    const size_t at = static_cast<size_t>(i);
    grad_z[at] = from_bf16(grad_y[at]) * derivative(activation, from_bf16(y[at]));
    grad_bias[static_cast<size_t>(i % pitch)] += grad_z[at];
    magnitude[static_cast<size_t>(i % pitch)] += std::fabs(grad_z[at]);
  }
  const Result result = run(stream, activation, pixels, channels, y, grad_y, false);
  ROUNDED(result.grad_z, grad_z, 1e-6);
  for (size_t c = 0; c < grad_bias.size(); ++c) {
    CHECK(std::fabs(result.grad_bias[c] - grad_bias[c]) <= 0x1p-23 * magnitude[c]);
  }

  const Result again = run(stream, activation, pixels, channels, y, grad_y, true);
  CHECK(again.grad_z == result.grad_z);
  CHECK(again.grad_bias == result.grad_bias);

  DeviceArray<azj_bf16> out(y), g(grad_y), to(y.size(), 0);
  azj::cuda::bf16_activation_backward(stream, activation, kSlope, pixels, channels, out.data(), g.data(), to.data(),
                                      nullptr, nullptr);
  finish_stream(stream);
  CHECK(to.read() == result.grad_z);
}

// What is no number comes out, in its channel alone; an infinite gradient stays where the activation passes it on.
void no_numbers(cudaStream_t stream) {
  const azj_bf16 infinity = to_bf16(std::numeric_limits<float>::infinity()), one = to_bf16(1.0f);
  const std::vector<azj_bf16> y{one, one, kNaN, 0, one, 0, 0, 0}, grad_y{kNaN, infinity, one, infinity, one, 0, 0, 0};
  const Result result = run(stream, AZJ_RELU, 1, 5, y, grad_y, false);
  const auto grad = from_bf16(result.grad_z);
  CHECK(std::isnan(grad[0]) && grad[1] == INFINITY && std::isnan(grad[2]) && grad[3] == 0 && grad[4] == 1);
  CHECK(grad[5] == 0 && grad[6] == 0 && grad[7] == 0);
  const auto& bias = result.grad_bias;
  CHECK(std::isnan(bias[0]) && bias[1] == INFINITY && std::isnan(bias[2]) && bias[3] == 0 && bias[4] == 1);
}

}  // namespace

void test_bf16_activation(cudaStream_t stream) {
  const int64_t sizes[][2] = {{1, 1},    {3, 5},     {64, 10},  {300, 8},   {33, 264}, {7, 520},
                              {2, 2049}, {5000, 17}, {129, 96}, {20000, 6}, {17, 257}};
  for (const auto& s : sizes) {
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      backward(stream, activation, s[0], s[1]);
    }
  }
  no_numbers(stream);
}
