// fill, scale, axpy and sum.
#include "grain.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::fill(int64_t count, float value, float* x) {
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) x[i] = value;
  });
}

void Stream::scale(int64_t count, float alpha, float* x) {
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) x[i] = alpha * x[i];
  });
}

void Stream::axpy(int64_t count, float alpha, const float* x, float* y) {
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) y[i] += alpha * x[i];
  });
}

// Partial sums of a fixed number of parts, in double: the result does not depend on the number of threads, and its
// error stays below float's resolution for any count that fits a machine.
void Stream::sum(int64_t count, float alpha, const float* x, float beta, float* result) {
  constexpr int64_t kMaxParts = 256;
  const int64_t by_count = (count + kMaxParts - 1) / kMaxParts;
  const int64_t part = by_count > kGrain ? by_count : kGrain;
  double partial[kMaxParts];
  double* const partials = partial;
  team_.parallel(count, part, [=](int64_t begin, int64_t end, int) {
    for (int64_t start = begin; start < end; start += part) {
      const int64_t stop = end - start > part ? start + part : end;
      double s = 0;
#pragma omp simd reduction(+ : s)
      for (int64_t i = start; i < stop; ++i) s += x[i];
      partials[start / part] = s;
    }
  });
  double total = 0;
  for (int64_t i = 0; i * part < count; ++i) total += partial[i];
  total *= alpha;
  if (beta != 0) total += static_cast<double>(beta) * result[0];
  result[0] = static_cast<float>(total);
}

}  // namespace azj::cpu::AZJ_ISA
