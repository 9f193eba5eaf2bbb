// The gradient to the bias of a convolution: sums over planes, the same in whichever operation they are taken.
#pragma once

#include "operations.hpp"
#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// Lanes of the sum of `count` floats.
static inline Vec lane_sums(const float* x, int64_t count) {
  Vec sums[4] = {};  // an addition takes four cycles
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (int j = 0; j < 4; ++j) sums[j] += load(x + i + j * kLanes);
  }
  for (; i < count; i += kLanes) sums[0] += load_first(x + i, min(kLanes, count - i));
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The sum over a batch of planes, which needs more than float's digits.
struct BatchSum {
  double lanes[kLanes] = {};

  void add(Vec plane) {
    float values[kLanes];
    store(values, plane);
#pragma omp simd
    for (int i = 0; i < kLanes; ++i) lanes[i] += static_cast<double>(values[i]);
  }
  float total() const {
    double sum = 0;
    for (int i = 0; i < kLanes; ++i) sum += lanes[i];
    return static_cast<float>(sum);
  }
};

// Calls write(n, m) for every plane of a batch, and adds up the lane sums that sum(n, m) -> Vec then gives, to
// grad_bias unless it is null. A filter's planes are one thread's, in the order of the batch: its sum does not depend
// on the number of threads. The next plane is written before one is read: a vector cannot be loaded from single
// elements that were stored just now without waiting for them to reach the cache.
template <class Write, class Sum>
void sum_planes(Team& team, int64_t batch, int64_t filters, int64_t grain, float* grad_bias, Write&& write, Sum&& sum) {
  constexpr int64_t kFilters = 16;  // visited together, so that neighbouring planes are
  team.parallel(filters, grain, [&](int64_t begin, int64_t end, int) {
    for (int64_t first = begin; first < end; first += kFilters) {
      const int64_t count = min(kFilters, end - first);
      BatchSum sums[kFilters];
      for (int64_t n = 0; n < batch; ++n) {
        write(n, first);
        for (int64_t i = 0; i < count; ++i) {
          if (i + 1 < count) write(n, first + i + 1);
          if (grad_bias != nullptr) sums[i].add(sum(n, first + i));
        }
      }
      for (int64_t i = 0; grad_bias != nullptr && i < count; ++i) grad_bias[first + i] = sums[i].total();
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
