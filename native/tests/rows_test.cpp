// Softmax, losses, argmax and dense layers: values worked out by hand, then double arithmetic at many widths.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void by_hand(azj_stream* stream) {
  const std::vector<float> x{0, 0, std::log(2.0f), 1000, 1000, -1000};  // two rows of three
  std::vector<float> y(6);
  OK(azj_softmax_forward(stream, 2, 3, x.data(), y.data()));
  NEAR(y, (std::vector<float>{0.25f, 0.25f, 0.5f, 0.5f, 0.5f, 0}), 1e-7);

  const std::vector<int32_t> labels{2, 0};
  std::vector<float> losses(2), grad(6);
  OK(azj_softmax_cross_entropy(stream, 2, 3, x.data(), labels.data(), 0.5f, losses.data(), grad.data()));
  NEAR(losses, (std::vector<float>{std::log(2.0f), std::log(2.0f)}), 1e-7);
  NEAR(grad, (std::vector<float>{0.125f, 0.125f, -0.25f, -0.25f, 0.25f, 0}), 1e-7);
  OK(azj_softmax_cross_entropy(stream, 2, 3, x.data(), labels.data(), 0.5f, losses.data(), nullptr));
  NEAR(losses, (std::vector<float>{std::log(2.0f), std::log(2.0f)}), 1e-7);

  // A label outside the classes: NaN in its row, and only there.
  for (const int32_t label : {-1, 3}) {
    const std::vector<int32_t> bad{label, 1};
    OK(azj_softmax_cross_entropy(stream, 2, 3, x.data(), bad.data(), 1, losses.data(), grad.data()));
    CHECK(std::isnan(losses[0]) && std::isnan(grad[0]) && std::isnan(grad[2]));
    CHECK(!std::isnan(losses[1]) && !std::isnan(grad[3]));
  }

  // A confident row: p - 1 in float would be 0 or 6e-8.
  const std::vector<float> confident{20, 0};
  const std::vector<int32_t> first{0};
  OK(azj_softmax_cross_entropy(stream, 1, 2, confident.data(), first.data(), 1, losses.data(), grad.data()));
  CHECK(std::fabs(losses[0] / std::log1p(std::exp(-20.0)) - 1) < 1e-6);
  CHECK(std::fabs(grad[0] / (-std::exp(-20.0) / (1 + std::exp(-20.0))) - 1) < 1e-6);

  const std::vector<float> logits{0, 100, -100}, targets{1, 1, 0};
  OK(azj_sigmoid_cross_entropy(stream, 1, 3, logits.data(), targets.data(), 2, losses.data(), grad.data()));
  CHECK(std::fabs(losses[0] - std::log(2.0f)) < 1e-6);
  NEAR((std::vector<float>{grad[0], grad[1], grad[2]}), (std::vector<float>{-1, 0, 0}), 1e-7);

  const std::vector<float> a{1, 2, 3, 4}, b{1, 0, 3, 8};
  grad.resize(4);
  OK(azj_mean_squared_error(stream, 2, 2, a.data(), b.data(), 0.5f, losses.data(), grad.data()));
  NEAR(losses, (std::vector<float>{2, 8}), 0);
  NEAR(grad, (std::vector<float>{0, 1, 0, -2}), 0);

  const std::vector<float> rows{1, 3, 3, -1, -kInfinity, -kInfinity, 2, kNaN, 5};
  const std::vector<int32_t> expected{1, 0, 1};
  std::vector<int32_t> predictions(3);
  std::vector<float> hits(3);
  OK(azj_argmax(stream, 3, 3, rows.data(), std::vector<int32_t>{1, 1, 1}.data(), predictions.data(), hits.data()));
  CHECK(predictions == expected);
  CHECK(hits == (std::vector<float>{1, 0, 1}));
  OK(azj_argmax(stream, 3, 3, rows.data(), nullptr, predictions.data(), nullptr));

  // Dense: x 2x3, w 2x3, bias.
  const azj_dense_desc desc{2, 3, 2, AZJ_RELU, 0, AZJ_FP32, 0};
  const std::vector<float> in{1, 2, 3, -1, 0, 1}, w{1, 0, -1, 2, 1, 0}, bias{1, -1}, grad_z{1, 2, 3, 4};
  std::vector<float> out(4), grad_x(6), grad_w(6), grad_bias(2);
  OK(azj_dense_forward(stream, &desc, in.data(), w.data(), bias.data(), out.data()));
  CHECK(out == (std::vector<float>{0, 3, 0, 0}));
  OK(azj_dense_grad_input(stream, &desc, grad_z.data(), w.data(), grad_x.data()));
  CHECK(grad_x == (std::vector<float>{5, 2, -1, 11, 4, -3}));
  OK(azj_dense_grad_weights(stream, &desc, in.data(), grad_z.data(), grad_w.data()));
  CHECK(grad_w == (std::vector<float>{-2, 2, 6, -2, 4, 10}));
  OK(azj_dense_grad_bias(stream, &desc, grad_z.data(), grad_bias.data()));
  CHECK(grad_bias == (std::vector<float>{4, 6}));
}

void softmax(azj_stream* stream, int64_t rows, int64_t classes) {
  const int64_t n = rows * classes;
  const auto x = random_floats(n, 1, -5, 5);
  const auto g = random_floats(n, 2);
  std::vector<int32_t> labels;
  std::vector<double> p, grad_x, losses, grad;
  for (int64_t r = 0; r < rows; ++r) {
    const float* row = x.data() + r * classes;
    const int64_t label = (r * 7) % classes;
    labels.push_back(static_cast<int32_t>(label));
    double sum = 0, dot = 0;
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(double{row[c]});
    for (int64_t c = 0; c < classes; ++c) dot += std::exp(double{row[c]}) / sum * g[static_cast<size_t>(r * classes + c)];
    losses.push_back(std::log(sum) - row[label]);
    for (int64_t c = 0; c < classes; ++c) {
      p.push_back(std::exp(double{row[c]}) / sum);
      grad.push_back(0.25 * (p.back() - (c == label)));
      grad_x.push_back(p.back() * (g[static_cast<size_t>(r * classes + c)] - dot));
    }
  }
  std::vector<float> y(x.size());
  OK(azj_softmax_forward(stream, rows, classes, x.data(), y.data()));
  NEAR(y, p, 1e-6);
  auto in_place = g;
  OK(azj_softmax_backward(stream, rows, classes, y.data(), in_place.data(), in_place.data()));
  NEAR(in_place, grad_x, 1e-6);
  in_place = x;
  std::vector<float> row_losses(static_cast<size_t>(rows));
  OK(azj_softmax_cross_entropy(stream, rows, classes, in_place.data(), labels.data(), 0.25f, row_losses.data(),
                               in_place.data()));
  NEAR(row_losses, losses, 1e-6);
  NEAR(in_place, grad, 1e-6);
}

void elementwise_losses(azj_stream* stream, int64_t rows, int64_t columns) {
  const int64_t n = rows * columns;
  const auto x = random_floats(n, 3, -20, 20);
  const auto t = random_floats(n, 4, 0, 1);
  std::vector<double> entropy, squared, entropy_grad, squared_grad;
  std::vector<int32_t> largest;
  for (int64_t r = 0; r < rows; ++r) {
    double sum = 0, squares = 0;
    for (int64_t c = 0; c < columns; ++c) {
      const double v = x[static_cast<size_t>(r * columns + c)];
      const double target = t[static_cast<size_t>(r * columns + c)];
      sum += std::max(v, 0.0) - v * target + std::log1p(std::exp(-std::fabs(v)));
      squares += (v - target) * (v - target);
      entropy_grad.push_back(0.5 * (1 / (1 + std::exp(-v)) - target));
      squared_grad.push_back(0.5 * 2 / static_cast<double>(columns) * (v - target));
    }
    entropy.push_back(sum);
    squared.push_back(squares / static_cast<double>(columns));
    const auto row = x.begin() + r * columns;
    largest.push_back(static_cast<int32_t>(std::max_element(row, row + columns) - row));
  }
  for (const bool with_grad : {true, false}) {
    std::vector<float> losses(static_cast<size_t>(rows)), grad(x.size());
    float* into = with_grad ? grad.data() : nullptr;
    OK(azj_sigmoid_cross_entropy(stream, rows, columns, x.data(), t.data(), 0.5f, losses.data(), into));
    NEAR(losses, entropy, 1e-6);
    if (with_grad) NEAR(grad, entropy_grad, 1e-6);
    OK(azj_mean_squared_error(stream, rows, columns, x.data(), t.data(), 0.5f, losses.data(), into));
    NEAR(losses, squared, 1e-6);
    if (with_grad) NEAR(grad, squared_grad, 1e-6);
  }
  std::vector<int32_t> predictions(static_cast<size_t>(rows));
  OK(azj_argmax(stream, rows, columns, x.data(), nullptr, predictions.data(), nullptr));
  CHECK(predictions == largest);
}

void dense(azj_stream* stream, int64_t batch, int64_t inputs, int64_t outputs, bool with_bias) {
  const azj_dense_desc desc{batch, inputs, outputs, AZJ_TANH, 0, AZJ_FP32, 0};
  const auto x = random_floats(batch * inputs, 5);
  const auto w = random_floats(outputs * inputs, 6);
  const auto b = random_floats(outputs, 7);
  const auto g = random_floats(batch * outputs, 8);
  std::vector<double> y, grad_x(x.size()), grad_w(w.size()), grad_b(b.size());
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = with_bias ? b[static_cast<size_t>(o)] : 0;
      const double grad = g[static_cast<size_t>(n * outputs + o)];
      for (int64_t i = 0; i < inputs; ++i) {
        const auto xi = static_cast<size_t>(n * inputs + i);
        const auto wi = static_cast<size_t>(o * inputs + i);
        sum += double{x[xi]} * w[wi];
        grad_x[xi] += grad * w[wi];
        grad_w[wi] += grad * x[xi];
      }
      grad_b[static_cast<size_t>(o)] += grad;
      y.push_back(std::tanh(sum));
    }
  }
  std::vector<float> out(y.size(), kNaN), out_x(x.size(), kNaN), out_w(w.size(), kNaN), out_b(b.size(), kNaN);
  OK(azj_dense_forward(stream, &desc, x.data(), w.data(), with_bias ? b.data() : nullptr, out.data()));
  NEAR(out, y, 2e-6 * static_cast<double>(inputs));
  OK(azj_dense_grad_input(stream, &desc, g.data(), w.data(), out_x.data()));
  NEAR(out_x, grad_x, 1e-6 * static_cast<double>(outputs));
  OK(azj_dense_grad_weights(stream, &desc, x.data(), g.data(), out_w.data()));
  NEAR(out_w, grad_w, 1e-6 * static_cast<double>(batch));
  OK(azj_dense_grad_bias(stream, &desc, g.data(), out_b.data()));
  NEAR(out_b, grad_b, 1e-6 * static_cast<double>(batch));
}

void gemm(azj_stream* stream, int64_t m, int64_t n, int64_t k, int32_t transpose_a, int32_t transpose_b, float beta) {
  const int64_t lda = (transpose_a ? m : k) + 3, ldb = (transpose_b ? k : n) + 1, ldc = n + 2;
  // The last stored row ends at its last element, not at the leading dimension.
  const auto size = [](int64_t rows, int64_t columns, int64_t leading) { return (rows - 1) * leading + columns; };
  const auto a = random_floats(transpose_a ? size(k, m, lda) : size(m, k, lda), 9);
  const auto b = random_floats(transpose_b ? size(n, k, ldb) : size(k, n, ldb), 10);
  auto c = random_floats(size(m, n, ldc), 11);
  std::vector<double> expected(c.begin(), c.end());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) {
        sum += double{a[static_cast<size_t>(transpose_a ? l * lda + i : i * lda + l)]} *
               b[static_cast<size_t>(transpose_b ? j * ldb + l : l * ldb + j)];
      }
      double& to = expected[static_cast<size_t>(i * ldc + j)];
      to = 1.5 * sum + beta * to;
    }
  }
  if (beta == 0) {
    for (int64_t i = 0; i < m * n; ++i) c[static_cast<size_t>(i / n * ldc + i % n)] = kNaN;  // not read
  }
  const azj_gemm_desc desc{m, n, k, lda, ldb, ldc, transpose_a, transpose_b, 1.5f, beta, AZJ_GEMM_AUTO, 0};
  OK(azj_gemm(stream, &desc, a.data(), b.data(), c.data()));
  NEAR(c, expected, 2e-6 * static_cast<double>(k));
}

}  // namespace

int main() {
  for (const int32_t threads : {1, 3}) {
    Session session(threads);
    azj_stream* stream = session.stream;
    by_hand(stream);
    for (int64_t columns = 1; columns <= 67; ++columns) {
      softmax(stream, 3, columns);
      elementwise_losses(stream, 3, columns);
      dense(stream, 1 + columns % 5, columns, 1 + (columns * 3) % 37, columns % 2 == 0);
    }
    softmax(stream, 2000, 10);
    softmax(stream, 3, 9001);
    elementwise_losses(stream, 2000, 10);
    elementwise_losses(stream, 5, 9001);
    dense(stream, 70, 200, 130, true);
    for (const float beta : {0.0f, 0.5f}) {
      for (int i = 0; i < 4; ++i) {
        for (const int64_t size : {1, 2, 5, 13, 17, 31, 33, 64, 67}) {
          gemm(stream, size, 1 + size * 5 % 67, 1 + size * 3 % 41, i & 1, i >> 1, beta);
        }
        gemm(stream, 150, 3, 260, i & 1, i >> 1, beta);
        gemm(stream, 3, 150, 260, i & 1, i >> 1, beta);
        gemm(stream, 97, 120, 300, i & 1, i >> 1, beta);
      }
    }
  }
  return finish("rows");
}
