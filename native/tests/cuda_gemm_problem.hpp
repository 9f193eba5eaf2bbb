// A GEMM problem of the tests: inputs, what the result has to be, and how they are compared.
#pragma once

#include <cinttypes>

#include "cuda_gemm_conv.hpp"
#include "gemm.hpp"

namespace gemm_problem {

using azj::cuda::BiasAxis;
using azj::cuda::GemmProblem;

struct Case {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  float alpha, beta;
  int64_t gap;     // beyond the rows of A, B and C
  size_t offset;   // of A, B and C from an aligned address
  int64_t batch, groups;
  BiasAxis axis;
  int32_t activation;
};

inline std::string describe(const Case& c, int rung, int tile) {
  char text[200];
  std::snprintf(text, sizeof text,
                "rung %d tile %d: %" PRId64 " x %" PRId64 " x %" PRId64 " ta %d tb %d alpha %g beta %g gap %" PRId64
                " offset %zu batch %" PRId64 " x %" PRId64 " bias %d activation %d",
                rung, tile, c.m, c.n, c.k, c.transpose_a, c.transpose_b, static_cast<double>(c.alpha),
                static_cast<double>(c.beta), c.gap, c.offset, c.batch, c.groups, static_cast<int>(c.axis),
                c.activation);
  return text;
}

// A problem with its inputs and its results for each rounding. Groups share A, samples share the bias.
class Problem {
 public:
  explicit Problem(const Case& c) : c_(c) {
    lda_ = leading(c.transpose_a ? c.m : c.k);
    ldb_ = leading(c.transpose_b ? c.k : c.n);
    ldc_ = leading(c.n);
    a_size_ = (c.transpose_a ? c.k : c.m) * lda_;
    b_size_ = (c.transpose_b ? c.n : c.k) * ldb_;
    c_size_ = c.m * ldc_;
    a = random_floats(a_size_ * c.batch, 1);
    b = random_floats(b_size_ * c.batch * c.groups, 2);
    before = random_floats(c_size_ * c.batch * c.groups, 3);
    // Nothing between the rows, and with beta 0 nothing of C, may be read.
    poison_gaps(a, lda_, c.transpose_a ? c.m : c.k);
    poison_gaps(b, ldb_, c.transpose_b ? c.k : c.n);
    if (c.beta == 0) before.assign(before.size(), kNaN);
    bias = random_floats((c.axis == BiasAxis::ROW ? c.m : c.n) * c.groups, 4);
  }

  GemmProblem on(const float* device_a, const float* device_b, float* device_c, const float* device_bias) const {
    azj_gemm_desc desc{};
    desc.m = c_.m;
    desc.n = c_.n;
    desc.k = c_.k;
    desc.lda = lda_;
    desc.ldb = ldb_;
    desc.ldc = ldc_;
    desc.transpose_a = c_.transpose_a;
    desc.transpose_b = c_.transpose_b;
    desc.alpha = c_.alpha;
    desc.beta = c_.beta;
    GemmProblem p = azj::cuda::gemm_problem(desc, device_a, device_b, device_c);
    p.batch = c_.batch;
    p.groups = c_.groups;
    p.a.batch_stride = a_size_;
    p.b.batch_stride = b_size_;
    p.b.group_stride = b_size_ * c_.batch;
    p.c_batch_stride = c_size_;
    p.c_group_stride = c_size_ * c_.batch;
    p.epilogue.bias_axis = c_.axis;
    if (c_.axis != BiasAxis::NONE) {
      p.epilogue.bias = device_bias;
      p.epilogue.bias_group_stride = c_.axis == BiasAxis::ROW ? c_.m : c_.n;
    }
    p.epilogue.activation = c_.activation;
    p.epilogue.slope = 0.125f;
    return p;
  }

  // C with its gaps, which keep what was there.
  std::vector<Exact> expected(Rounding rounding) const {
    const auto ra = rounded(a, rounding), rb = rounded(b, rounding);
    std::vector<Exact> c(before.size());
    for (size_t i = 0; i < c.size(); ++i) c[i].sum = before[i];
    for (int64_t product = 0; product < c_.batch * c_.groups; ++product) {
      const int64_t sample = product % c_.batch, group = product / c_.batch;
      for (int64_t i = 0; i < c_.m; ++i) {
        for (int64_t j = 0; j < c_.n; ++j) {
          Exact z;
          for (int64_t l = 0; l < c_.k; ++l) {
            const float left = ra[sample * a_size_ + (c_.transpose_a ? l * lda_ + i : i * lda_ + l)];
            const float right = rb[product * b_size_ + (c_.transpose_b ? j * ldb_ + l : l * ldb_ + j)];
            z.add(static_cast<double>(c_.alpha) * left * right);
          }
          const int64_t at = product * c_size_ + i * ldc_ + j;
          if (c_.beta != 0) z.add(static_cast<double>(c_.beta) * before[at]);
          if (c_.axis == BiasAxis::ROW) z.add(bias[group * c_.m + i]);
          if (c_.axis == BiasAxis::COLUMN) z.add(bias[group * c_.n + j]);
          z.sum = activated(c_.activation, 0.125, z.sum);
          c[at] = z;
        }
      }
    }
    return c;
  }

  std::vector<float> a, b, before, bias;

 private:
  static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

  // A gap of 4 stands for rows that all start on 16 bytes, whatever their length.
  int64_t leading(int64_t row) const { return c_.gap == 4 ? (row + 4) / 4 * 4 : row + c_.gap; }

  static void poison_gaps(std::vector<float>& matrix, int64_t ld, int64_t row) {
    for (size_t i = 0; i < matrix.size(); ++i) {
      if (static_cast<int64_t>(i) % ld >= row) matrix[i] = kNaN;
    }
  }

  Case c_;
  int64_t lda_, ldb_, ldc_, a_size_, b_size_, c_size_;
};

// Gaps of a C that is not read hold NaN, which equals nothing: compare them apart.
inline void check_result(const std::string& what, std::vector<float> actual, std::vector<Exact> expected) {
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!std::isnan(expected[i].sum)) continue;
    if (!std::isnan(actual[i])) {
      ++failures;
      std::printf("%s: element %zu, between rows of C, was written\n", what.c_str(), i);
      return;
    }
    actual[i] = 0;
    expected[i].sum = 0;
  }
  compare(what, actual, expected);
}

}  // namespace gemm_problem
