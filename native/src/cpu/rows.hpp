// What softmax and the losses need of one row.
#pragma once

#include "math.hpp"

namespace azj::cpu::AZJ_ISA {

// The largest element; NaNs are passed over (they reach the result through the exponentials).
AZJ_ALWAYS_INLINE float row_maximum(const float* x, int64_t count) {
  float largest = x[0];
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < count; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// sum exp(x[i] - largest), at least 1. The exponentials are kept in y unless it is null; y == x is allowed.
AZJ_ALWAYS_INLINE double row_exponentials(const float* x, int64_t count, float largest, float* y) {
  double sum = 0;
  if (y == nullptr) {
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) sum += exponential(x[i] - largest);
  } else {
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < count; ++i) {
      const float e = exponential(x[i] - largest);
      y[i] = e;
      sum += e;
    }
  }
  return sum;
}

}  // namespace azj::cpu::AZJ_ISA
