// Elementwise operations, activations and optimisers against double arithmetic: every length from 1 to 67 (all tails of
// all vector widths), one that is split over the threads, and the values where float arithmetic is special.
#include <cmath>
#include <limits>

#include "check.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<int64_t> lengths() {
  std::vector<int64_t> all;
  for (int64_t n = 1; n <= 67; ++n) all.push_back(n);
  all.push_back(70001);
  return all;
}

template <class F>
std::vector<double> map(int64_t count, F&& f) {
  std::vector<double> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(f(static_cast<size_t>(i)));
  return result;
}

double activate(int32_t kind, double slope, double z) {
  switch (kind) {
    case AZJ_RELU: return z > 0 ? z : 0;
    case AZJ_LEAKY_RELU: return z > 0 ? z : slope * z;
    case AZJ_SIGMOID: return 1 / (1 + std::exp(-z));
    case AZJ_TANH: return std::tanh(z);
    default: return z;
  }
}

double derivative(int32_t kind, double slope, double y) {
  switch (kind) {
    case AZJ_RELU: return y > 0 ? 1 : 0;
    case AZJ_LEAKY_RELU: return y > 0 ? 1 : slope;
    case AZJ_SIGMOID: return y * (1 - y);
    case AZJ_TANH: return 1 - y * y;
    default: return 1;
  }
}

void memory(azj_stream* stream, int64_t n) {
  const auto x = random_floats(n, 1);
  std::vector<float> y(x.size()), z(x.size());
  const uint64_t bytes = static_cast<uint64_t>(n) * sizeof(float);
  OK(azj_upload(stream, y.data(), x.data(), bytes));
  CHECK(y == x);
  OK(azj_copy(stream, z.data(), y.data(), bytes));
  CHECK(z == x);
  OK(azj_fill(stream, n, 0, y.data()));
  OK(azj_download(stream, y.data(), z.data(), bytes - 1));
  CHECK(std::memcmp(y.data(), x.data(), bytes - 1) == 0);
  OK(azj_synchronize(stream));
}

void vectors(azj_stream* stream, int64_t n) {
  const auto x = random_floats(n, 2);
  auto y = random_floats(n, 3);
  const auto y0 = y;
  OK(azj_axpy(stream, n, 0.75f, x.data(), y.data()));
  NEAR(y, map(n, [&](size_t i) { return y0[i] + 0.75 * x[i]; }), 1e-6);
  y = y0;
  OK(azj_scale(stream, n, -3, y.data()));
  NEAR(y, map(n, [&](size_t i) { return -3.0 * y0[i]; }), 1e-7);
  OK(azj_fill(stream, n, 2.5f, y.data()));
  CHECK(y == std::vector<float>(x.size(), 2.5f));

  double total = 0;
  for (float v : x) total += v;
  std::vector<float> result{kNaN};
  OK(azj_sum(stream, n, 2, x.data(), 0, result.data()));  // beta 0: the NaN is not read
  NEAR(result, std::vector<double>{2 * total}, 1e-6);
  OK(azj_sum(stream, n, 1, x.data(), 0.5f, result.data()));
  NEAR(result, std::vector<double>{2 * total}, 1e-6);
}

void activations(azj_stream* stream, int64_t n) {
  const auto x = random_floats(n, 4, -9, 9);
  const auto g = random_floats(n, 5);
  for (int32_t kind = AZJ_IDENTITY; kind <= AZJ_TANH; ++kind) {
    const float slope = 0.125f;
    std::vector<float> y(x.size()), grad(x.size());
    OK(azj_activation_forward(stream, kind, slope, n, x.data(), y.data()));
    NEAR(y, map(n, [&](size_t i) { return activate(kind, slope, x[i]); }), 3e-7);
    OK(azj_activation_backward(stream, kind, slope, n, y.data(), g.data(), grad.data()));
    NEAR(grad, map(n, [&](size_t i) { return g[i] * derivative(kind, slope, y[i]); }), 3e-7);

    auto in_place = x;
    OK(azj_activation_forward(stream, kind, slope, n, in_place.data(), in_place.data()));
    CHECK(in_place == y);
    in_place = g;
    OK(azj_activation_backward(stream, kind, slope, n, y.data(), in_place.data(), in_place.data()));
    CHECK(in_place == grad);
  }
}

void optimisers(azj_stream* stream, int64_t n) {
  const auto g = random_floats(n, 6);
  const auto w0 = random_floats(n, 7);
  const auto v0 = random_floats(n, 8, 0, 2);
  const auto m0 = random_floats(n, 9);
  for (const float momentum : {0.0f, 0.9f}) {
    for (const float nesterov : {0.0f, 1.0f}) {
      const azj_sgd_settings s{0.1f, momentum, 0.01f, nesterov};
      auto w = w0;
      auto v = v0;
      OK(azj_sgd(stream, &s, n, g.data(), w.data(), momentum == 0 ? nullptr : v.data()));
      const auto gradient = [&](size_t i) { return g[i] + double{s.weight_decay} * w0[i]; };
      const auto velocity = [&](size_t i) { return double{momentum} * v0[i] + gradient(i); };
      NEAR(w, map(n, [&](size_t i) {
             return w0[i] - double{s.learning_rate} * (nesterov != 0 ? gradient(i) + momentum * velocity(i) : velocity(i));
           }), 1e-6);
      NEAR(v, map(n, [&](size_t i) { return momentum == 0 ? v0[i] : velocity(i); }), 1e-6);
    }
  }
  for (const float decoupled : {0.0f, 1.0f}) {
    const azj_adam_settings s{0.01f, 0.9f, 0.99f, 1e-6f, 0.1f, decoupled, 10.0f, 100.0f};
    auto w = w0;
    auto m = m0;
    auto v = v0;
    OK(azj_adam(stream, &s, n, g.data(), w.data(), m.data(), v.data()));
    const auto gradient = [&](size_t i) { return g[i] + (decoupled != 0 ? 0 : double{s.weight_decay} * w0[i]); };
    const auto mean = [&](size_t i) { return s.beta1 * double{m0[i]} + (1 - double{s.beta1}) * gradient(i); };
    const auto square = [&](size_t i) {
      return s.beta2 * double{v0[i]} + (1 - double{s.beta2}) * gradient(i) * gradient(i);
    };
    NEAR(m, map(n, mean), 1e-6);
    NEAR(v, map(n, square), 1e-6);
    NEAR(w, map(n, [&](size_t i) {
           return w0[i] - double{s.learning_rate} *
                              (mean(i) * s.correction1 / (std::sqrt(square(i) * s.correction2) + s.epsilon) +
                               (decoupled != 0 ? double{s.weight_decay} * w0[i] : 0));
         }), 1e-6);
  }
}

void special_values(azj_stream* stream) {
  const std::vector<float> x{kNaN, kInfinity, -kInfinity, 0.0f, -0.0f, 200, -200, 1e-30f, -100, 1e-38f};
  const auto n = static_cast<int64_t>(x.size());
  for (int32_t kind = AZJ_IDENTITY; kind <= AZJ_TANH; ++kind) {
    std::vector<float> y(x.size());
    OK(azj_activation_forward(stream, kind, 0.5f, n, x.data(), y.data()));
    NEAR(y, map(n, [&](size_t i) { return std::isnan(x[i]) ? x[i] : activate(kind, 0.5, x[i]); }), 3e-7);
    std::vector<float> grad(x.size());
    const std::vector<float> ones(x.size(), 1);
    OK(azj_activation_backward(stream, kind, 0.5f, n, y.data(), ones.data(), grad.data()));
    CHECK(std::isnan(grad[0]) || kind == AZJ_IDENTITY);
  }
  // Small results keep their digits: relative error, not absolute.
  const std::vector<float> small{-80, -20, -5, 1e-20f, 1e-3f, 0.5f};
  std::vector<float> y(small.size());
  OK(azj_activation_forward(stream, AZJ_SIGMOID, 0, 6, small.data(), y.data()));
  for (size_t i = 0; i < 6; ++i) CHECK(std::fabs(y[i] * (1 + std::exp(-double{small[i]})) - 1) < 3e-7);
  OK(azj_activation_forward(stream, AZJ_TANH, 0, 6, small.data(), y.data()));
  for (size_t i = 0; i < 6; ++i) CHECK(std::fabs(y[i] / std::tanh(double{small[i]}) - 1) < 3e-7);

  std::vector<float> scaled = x;
  OK(azj_scale(stream, n, 1, scaled.data()));
  CHECK(std::isnan(scaled[0]) && scaled[1] == kInfinity && std::signbit(scaled[4]));
  float sum = 0;
  OK(azj_sum(stream, n, 1, x.data(), 0, &sum));
  CHECK(std::isnan(sum));
}

// 0.1f summed ten million times: float accumulation would be off in the third digit.
void long_sum(azj_stream* stream, std::vector<float>& sums) {
  const int64_t n = 10000000;
  std::vector<float> x(static_cast<size_t>(n));
  OK(azj_fill(stream, n, 0.1f, x.data()));
  float sum = 0;
  OK(azj_sum(stream, n, 1, x.data(), 0, &sum));
  CHECK(std::fabs(sum / (double{0.1f} * static_cast<double>(n)) - 1) < 1e-7);
  sums.push_back(sum);
}

}  // namespace

int main() {
  std::vector<float> sums;
  for (const int32_t threads : {1, 3}) {
    Session session(threads);
    for (const int64_t n : lengths()) {
      memory(session.stream, n);
      vectors(session.stream, n);
      activations(session.stream, n);
      optimisers(session.stream, n);
    }
    special_values(session.stream);
    long_sum(session.stream, sums);
  }
  CHECK(sums[0] == sums[1]);
  return finish("elementwise");
}
