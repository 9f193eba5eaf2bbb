// fill, scale, axpy, sum and the activations.
#include <limits>

#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kBeyondGrid = INT64_C(4096) * 256 * 4 + 5;  // more packs than a grid of elements.cuh has threads

// Random, with the values that a careless kernel gets wrong where there is room.
std::vector<float> with_specials(int64_t count, uint32_t seed) {
  auto x = random_floats(count, seed);
  const float specials[] = {kNaN, kInfinity, -kInfinity, 0.0f, -0.0f, 1e-40f, 100.0f, -100.0f};
  for (size_t i = 0; i < std::size(specials) && 3 * i + 2 < x.size(); ++i) x[3 * i + 2] = specials[i];
  return x;
}

void elementwise(cudaStream_t stream, int64_t count, size_t offset) {
  const auto x = with_specials(count, 1), y = random_floats(count, 2);
  const auto size = static_cast<size_t>(count);

  DeviceArray<float> filled(size, offset);
  azj::cuda::fill(stream, count, 2.5f, filled.data());
  finish_stream(stream);
  CHECK(filled.read() == std::vector<float>(size, 2.5f));

  DeviceArray<float> in(x, offset), out(y, offset);
  azj::cuda::axpy(stream, count, -0.75f, in.data(), out.data());
  finish_stream(stream);
  std::vector<double> expected(size);
  for (size_t i = 0; i < size; ++i) expected[i] = y[i] + -0.75 * x[i];
  NEAR(out.read(), expected, 1e-6);

  azj::cuda::scale(stream, count, -3, in.data());
  finish_stream(stream);
  std::vector<float> scaled(size);
  for (size_t i = 0; i < size; ++i) scaled[i] = -3 * x[i];
  NEAR(in.read(), scaled, 0);
}

float sum_on_device(cudaStream_t stream, DeviceArray<float>& x, int64_t count, float alpha, float beta, float before) {
  DeviceArray<float> result(std::vector<float>{before});
  DeviceArray<double> partials(static_cast<size_t>(azj::cuda::sum_partials()), 0);
  azj::cuda::sum(stream, count, alpha, x.data(), beta, result.data(), partials.data());
  finish_stream(stream);
  partials.read();
  return result.read()[0];
}

void sum(cudaStream_t stream, int64_t count) {
  const auto x = random_floats(count, 3, -1, 3);
  double exact = 0;
  for (const float v : x) exact += v;
  DeviceArray<float> aligned(x), shifted(x, 1);
  const float first = sum_on_device(stream, aligned, count, 0.5f, 0, kNaN);  // beta 0: the NaN is not read
  CHECK(std::fabs(first - 0.5 * exact) <= 1e-6 * (1 + std::fabs(exact)));
  CHECK(sum_on_device(stream, aligned, count, 0.5f, 0, kNaN) == first);
  CHECK(sum_on_device(stream, shifted, count, 0.5f, 0, 0) == first);  // the same bits for every alignment
  const float more = sum_on_device(stream, shifted, count, -2, 3, 1.25f);
  CHECK(std::fabs(more - (-2 * exact + 3.75)) <= 1e-6 * (1 + std::fabs(exact)));
}

void sum_specials(cudaStream_t stream) {
  for (const int64_t count : {7, 5003}) {
    auto x = random_floats(count, 4);
    x[6] = kInfinity;
    DeviceArray<float> infinite(x);
    CHECK(sum_on_device(stream, infinite, count, 1, 0, 0) == kInfinity);
    x[2] = kNaN;
    DeviceArray<float> nan(x);
    CHECK(std::isnan(sum_on_device(stream, nan, count, 1, 0, 0)));
  }
}

double activated(int32_t activation, double slope, double z) {
  if (std::isnan(z)) return z;
  switch (activation) {
    case AZJ_RELU: return z > 0 ? z : 0;
    case AZJ_LEAKY_RELU: return z > 0 ? z : slope * z;
    case AZJ_SIGMOID: return 1 / (1 + std::exp(-z));
    case AZJ_TANH: return std::tanh(z);
    default: return z;
  }
}

// activation'(z) * g from y = activation(z).
double gradient(int32_t activation, double slope, double y, double g) {
  if (std::isnan(y) && activation != AZJ_IDENTITY) return y;
  switch (activation) {
    case AZJ_RELU: return y > 0 ? g : 0;
    case AZJ_LEAKY_RELU: return y > 0 ? g : slope * g;
    case AZJ_SIGMOID: return g * y * (1 - y);
    case AZJ_TANH: return g * (1 - y * y);
    default: return g;
  }
}

void activation(cudaStream_t stream, int32_t kind, int64_t count, size_t offset) {
  constexpr float kSlope = 0.125f;
  const auto size = static_cast<size_t>(count);
  const auto x = with_specials(count, 5), g = random_floats(count, 6);
  std::vector<double> expected(size);
  for (size_t i = 0; i < size; ++i) expected[i] = activated(kind, kSlope, x[i]);

  DeviceArray<float> in(x, offset), y(size, offset);
  azj::cuda::activation_forward(stream, kind, kSlope, count, in.data(), y.data());
  azj::cuda::activation_forward(stream, kind, kSlope, count, in.data(), in.data());  // in place
  finish_stream(stream);
  const auto out = y.read();
  NEAR(out, expected, 1e-6);
  NEAR(in.read(), out, 0);

  for (size_t i = 0; i < size; ++i) expected[i] = gradient(kind, kSlope, out[i], g[i]);
  DeviceArray<float> grad_y(g, offset), grad_x(size, offset);
  azj::cuda::activation_backward(stream, kind, kSlope, count, y.data(), grad_y.data(), grad_x.data());
  azj::cuda::activation_backward(stream, kind, kSlope, count, y.data(), grad_y.data(), grad_y.data());
  finish_stream(stream);
  NEAR(grad_x.read(), expected, 1e-6);
  NEAR(grad_y.read(), expected, 1e-6);
}

}  // namespace

void test_elements(cudaStream_t stream) {
  for (const size_t offset : {0, 1}) {
    for (int64_t count = 1; count <= 67; ++count) elementwise(stream, count, offset);
    elementwise(stream, 5003, offset);
  }
  elementwise(stream, kBeyondGrid, 0);
  for (int64_t count = 1; count <= 67; ++count) sum(stream, count);
  for (const int64_t count : {4096, 4097, 4098, 4099, 512 * 256 * 4 + 3, 600000}) sum(stream, count);
  sum_specials(stream);
  for (const int32_t kind : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
    for (const size_t offset : {0, 3}) {
      for (const int64_t count : {1, 2, 3, 4, 5, 31, 32, 33, 67, 2000}) activation(stream, kind, count, offset);
    }
  }
}
