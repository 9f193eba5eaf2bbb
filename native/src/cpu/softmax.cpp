// Softmax over the rows of a matrix, and its gradient.
#include "grain.hpp"
#include "operations.hpp"
#include "rows.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::softmax_forward(int64_t rows, int64_t classes, const float* x, float* y) {
  team_.parallel(rows, rows_per_grain(classes, kExponentialGrain), [=](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float* from = x + r * classes;
      float* to = y + r * classes;
      const double sum = row_exponentials(from, classes, row_maximum(from, classes), to);
      const float inverse = static_cast<float>(1 / sum);
#pragma omp simd
      for (int64_t c = 0; c < classes; ++c) to[c] *= inverse;
    }
  });
}

void Stream::softmax_backward(int64_t rows, int64_t classes, const float* y, const float* grad_y, float* grad_x) {
  team_.parallel(rows, rows_per_grain(classes, kGrain), [=](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      const float* p = y + r * classes;
      const float* g = grad_y + r * classes;
      float* to = grad_x + r * classes;
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < classes; ++c) sum += static_cast<double>(g[c]) * p[c];
      const float dot = static_cast<float>(sum);
#pragma omp simd
      for (int64_t c = 0; c < classes; ++c) to[c] = p[c] * (g[c] - dot);
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
