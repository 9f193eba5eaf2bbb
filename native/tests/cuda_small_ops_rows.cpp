// Softmax, the losses and argmax: row by row in double.
#include <algorithm>
#include <limits>

#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();

struct Matrix {
  int64_t rows, columns;
  size_t size() const { return static_cast<size_t>(rows * columns); }
};

// log(sum exp(x)), in two parts: their sum would lose the digits of the smaller.
struct LogSum {
  double largest = -kInfinity, rest = 0;
};

// y = softmax(x)
LogSum softmax_row(const float* x, int64_t classes, double* y) {
  double largest = -kInfinity, sum = 0;
  for (int64_t c = 0; c < classes; ++c) largest = std::max(largest, static_cast<double>(x[c]));
  for (int64_t c = 0; c < classes; ++c) sum += y[c] = std::exp(x[c] - largest);
  for (int64_t c = 0; c < classes; ++c) y[c] /= sum;
  return {largest, std::log(sum)};
}

void softmax(cudaStream_t stream, Matrix m, const std::vector<float>& x) {
  const auto g = random_floats(m.rows * m.columns, 2);
  std::vector<double> expected(m.size()), expected_grad(m.size());
  for (int64_t r = 0; r < m.rows; ++r) {
    const auto at = static_cast<size_t>(r * m.columns);
    softmax_row(&x[at], m.columns, &expected[at]);
  }
  DeviceArray<float> in(x), y(m.size(), 0), grad_y(g), grad_x(m.size(), 0);
  azj::cuda::softmax_forward(stream, m.rows, m.columns, in.data(), y.data());
  azj::cuda::softmax_forward(stream, m.rows, m.columns, in.data(), in.data());
  finish_stream(stream);
  const auto p = y.read();
  NEAR(p, expected, 2e-6);
  NEAR(in.read(), p, 0);

  for (size_t at = 0; at < m.size(); at += static_cast<size_t>(m.columns)) {
    double dot = 0;
    for (int64_t c = 0; c < m.columns; ++c) dot += static_cast<double>(g[at + c]) * p[at + c];
    for (int64_t c = 0; c < m.columns; ++c) expected_grad[at + c] = p[at + c] * (g[at + c] - dot);
  }
  azj::cuda::softmax_backward(stream, m.rows, m.columns, y.data(), grad_y.data(), grad_x.data());
  azj::cuda::softmax_backward(stream, m.rows, m.columns, y.data(), grad_y.data(), grad_y.data());
  finish_stream(stream);
  NEAR(grad_x.read(), expected_grad, 1e-6);
  NEAR(grad_y.read(), expected_grad, 1e-6);
}

void softmax_cross_entropy(cudaStream_t stream, Matrix m, const std::vector<float>& x) {
  constexpr float kScale = 0.25f;
  std::mt19937 random(3);
  std::vector<int32_t> labels(static_cast<size_t>(m.rows));
  for (int32_t& label : labels) label = static_cast<int32_t>(random() % static_cast<uint32_t>(m.columns));
  if (m.rows > 2) labels[1] = -1;
  if (m.rows > 3) labels[2] = static_cast<int32_t>(m.columns);
  std::vector<double> losses(labels.size()), grad(m.size());
  for (int64_t r = 0; r < m.rows; ++r) {
    const auto row = static_cast<size_t>(r), at = static_cast<size_t>(r * m.columns);
    const LogSum log_sum = softmax_row(&x[at], m.columns, &grad[at]);
    const bool bad = labels[row] < 0 || labels[row] >= m.columns;
    losses[row] = bad ? kNaN : log_sum.rest + (log_sum.largest - x[at + static_cast<size_t>(labels[row])]);
    if (!bad) grad[at + static_cast<size_t>(labels[row])] -= 1;
    for (int64_t c = 0; c < m.columns; ++c) grad[at + c] = bad ? kNaN : kScale * grad[at + c];
  }
  DeviceArray<float> in(x), device_losses(labels.size(), 0), device_grad(m.size(), 0);
  DeviceArray<int32_t> device_labels(labels);
  azj::cuda::softmax_cross_entropy(stream, m.rows, m.columns, in.data(), device_labels.data(), kScale,
                                   device_losses.data(), device_grad.data());
  finish_stream(stream);
  NEAR(device_losses.read(), losses, 2e-6);
  NEAR(device_grad.read(), grad, 1e-6);
  azj::cuda::softmax_cross_entropy(stream, m.rows, m.columns, in.data(), device_labels.data(), kScale,
                                   device_losses.data(), nullptr);
  azj::cuda::softmax_cross_entropy(stream, m.rows, m.columns, in.data(), device_labels.data(), kScale,
                                   device_losses.data(), in.data());
  finish_stream(stream);
  NEAR(device_losses.read(), losses, 2e-6);
  NEAR(in.read(), device_grad.read(), 0);
}

// Binary cross-entropy of sigmoid(x), and the mean squared error.
void target_losses(cudaStream_t stream, Matrix m, const std::vector<float>& x) {
  constexpr float kScale = 0.5f;
  const auto t = random_floats(m.rows * m.columns, 4, 0, 1);
  const auto rows = static_cast<size_t>(m.rows);
  const auto columns = static_cast<double>(m.columns);
  std::vector<double> binary(rows), binary_grad(m.size()), square(rows), square_grad(m.size());
  for (size_t i = 0; i < m.size(); ++i) {
    const size_t r = i / static_cast<size_t>(m.columns);
    const double v = x[i];
    binary[r] += std::max(v, 0.0) - v * t[i] + std::log1p(std::exp(-std::fabs(v)));
    binary_grad[i] = kScale * (1 / (1 + std::exp(-v)) - t[i]);
    square[r] += (v - t[i]) * (v - t[i]) / columns;
    square_grad[i] = kScale * 2 / columns * (v - t[i]);
  }
  DeviceArray<float> in(x), targets(t), losses(rows, 0), grad(m.size(), 0);
  azj::cuda::sigmoid_cross_entropy(stream, m.rows, m.columns, in.data(), targets.data(), kScale, losses.data(),
                                   grad.data());
  finish_stream(stream);
  NEAR(losses.read(), binary, 2e-6);
  NEAR(grad.read(), binary_grad, 1e-6);
  azj::cuda::mean_squared_error(stream, m.rows, m.columns, in.data(), targets.data(), kScale, losses.data(),
                                grad.data());
  finish_stream(stream);
  NEAR(losses.read(), square, 2e-6);
  NEAR(grad.read(), square_grad, 1e-6);
  azj::cuda::sigmoid_cross_entropy(stream, m.rows, m.columns, in.data(), targets.data(), kScale, losses.data(),
                                   nullptr);
  finish_stream(stream);
  NEAR(losses.read(), binary, 2e-6);
  azj::cuda::mean_squared_error(stream, m.rows, m.columns, in.data(), targets.data(), kScale, losses.data(), nullptr);
  azj::cuda::mean_squared_error(stream, m.rows, m.columns, in.data(), targets.data(), kScale, losses.data(), in.data());
  finish_stream(stream);
  NEAR(losses.read(), square, 2e-6);
  NEAR(in.read(), square_grad, 1e-6);
}

void argmax(cudaStream_t stream, Matrix m, std::vector<float> x) {
  for (float& v : x) v = std::round(v);  // many equals
  for (size_t r = 0; r < static_cast<size_t>(m.rows); ++r) {
    float* row = &x[r * static_cast<size_t>(m.columns)];
    const auto columns = static_cast<size_t>(m.columns);
    if (r % 4 == 1) std::fill(row, row + columns, -kFloatInfinity);
    if (r % 4 == 2) row[columns / 2] = row[columns - 1] = r % 8 == 2 ? kNaN : -kNaN;
    if (r % 4 == 3) std::fill(row, row + columns, r % 8 == 3 ? -0.0f : 0.0f);
    if (r % 4 == 3 && columns > 1) row[1] = r % 8 == 3 ? 0.0f : -0.0f;
  }
  std::vector<int32_t> expected(static_cast<size_t>(m.rows)), labels(expected.size(), 0);
  std::vector<float> hits(expected.size());
  for (size_t r = 0; r < expected.size(); ++r) {
    const float* row = &x[r * static_cast<size_t>(m.columns)];
    for (int32_t c = 0; c < m.columns; ++c) {
      if (std::isnan(row[expected[r]])) break;
      if (std::isnan(row[c]) || row[c] > row[expected[r]]) expected[r] = c;
    }
    hits[r] = expected[r] == 0 ? 1 : 0;
  }
  DeviceArray<float> in(x), device_hits(hits.size(), 0);
  DeviceArray<int32_t> device_labels(labels), predictions(expected.size(), 0);
  azj::cuda::argmax(stream, m.rows, m.columns, in.data(), nullptr, predictions.data(), nullptr);
  finish_stream(stream);
  CHECK(predictions.read() == expected);
  azj::cuda::argmax(stream, m.rows, m.columns, in.data(), device_labels.data(), predictions.data(), device_hits.data());
  finish_stream(stream);
  CHECK(predictions.read() == expected);
  CHECK(device_hits.read() == hits);
}

void all(cudaStream_t stream, Matrix m) {
  const auto x = random_floats(m.rows * m.columns, 1, -5, 5);
  softmax(stream, m, x);
  softmax_cross_entropy(stream, m, x);
  target_losses(stream, m, x);
  argmax(stream, m, x);
}

// Logits no exponential survives, and rows that have no softmax: NaN in the whole row and in no other.
void extremes(cudaStream_t stream, int64_t classes) {
  const Matrix m{6, classes};
  const auto n = static_cast<size_t>(classes);
  std::vector<float> x = random_floats(6 * classes, 5, -1, 1);
  for (size_t c = 0; c < n; ++c) {
    x[c] = c % 2 ? -1e4f : 1e4f;
    x[n + c] += 3e38f;
    x[2 * n + c] = -kFloatInfinity;
  }
  x[3 * n + n / 2] = kNaN;
  x[4 * n + n - 1] = kFloatInfinity;
  softmax(stream, m, x);
  std::vector<float> finite(x.begin(), x.begin() + static_cast<long>(2 * n));
  softmax_cross_entropy(stream, {2, classes}, finite);
  for (size_t i = 0; i < 2 * n; ++i) finite[i] = i % 3 == 0 ? 100 : i % 3 == 1 ? -100 : 30;
  target_losses(stream, {2, classes}, finite);

  DeviceArray<float> in(x), losses(6, 0), grad(m.size(), 0);
  DeviceArray<int32_t> labels(std::vector<int32_t>(6, 0));
  azj::cuda::softmax_cross_entropy(stream, 6, classes, in.data(), labels.data(), 1, losses.data(), grad.data());
  finish_stream(stream);
  const auto l = losses.read(), g = grad.read();
  for (size_t r = 0; r < 6; ++r) {
    const bool broken = r >= 2 && r <= 4;
    CHECK(std::isnan(l[r]) == broken);
    for (size_t c = 0; c < n; ++c) CHECK(std::isnan(g[r * n + c]) == broken);
  }
}

// A confident row: p - 1 in float would be 0 or 6e-8.
void confident(cudaStream_t stream) {
  DeviceArray<float> x(std::vector<float>{20, 0}), losses(1, 0), grad(2, 0);
  DeviceArray<int32_t> labels(std::vector<int32_t>{0});
  azj::cuda::softmax_cross_entropy(stream, 1, 2, x.data(), labels.data(), 1, losses.data(), grad.data());
  finish_stream(stream);
  CHECK(std::fabs(losses.read()[0] / std::log1p(std::exp(-20.0)) - 1) < 1e-6);
  CHECK(std::fabs(grad.read()[0] / (-std::exp(-20.0) / (1 + std::exp(-20.0))) - 1) < 1e-6);
}

}  // namespace

void test_rows(cudaStream_t stream) {
  for (int64_t classes = 1; classes <= 67; ++classes) all(stream, {1 + classes % 11, classes});
  for (const int64_t classes : {1000, 1024, 1025, 3001}) all(stream, {9, classes});
  all(stream, {33000, 2});                                                  // more rows than a grid has warps
  softmax(stream, {4100, 1025}, random_floats(4100 * 1025, 6));             // ... and blocks
  for (const int64_t classes : {2, 10, 33, 1500}) extremes(stream, classes);
  confident(stream);
}
