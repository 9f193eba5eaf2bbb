// The gradient to the bias of a convolution: sums over planes, the same in whichever operation they are taken.
#pragma once

#include "grain.hpp"
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
  double total() const {
    double sum = 0;
    for (int i = 0; i < kLanes; ++i) sum += lanes[i];
    return sum;
  }
};

// Filters whose planes are visited together, so that neighbouring planes are.
constexpr int64_t kSummedFilters = 64;

// Calls write(n, m) for planes of the samples begin..end-1 and `count` filters from `first` on, and adds the lane sums
// that sum(n, m) -> Vec then gives to sums[m - first], unless that is null. The next plane is written before one is
// read: a vector cannot be loaded from single elements that were stored just now without waiting for them to reach the
// cache.
template <class Write, class Sum>
void visit_planes(int64_t begin, int64_t end, int64_t first, int64_t count, BatchSum* sums, Write& write, Sum& sum) {
  for (int64_t n = begin; n < end; ++n) {
    write(n, first);
    for (int64_t i = 0; i < count; ++i) {
      if (i + 1 < count) write(n, first + i + 1);
      if (sums != nullptr) sums[i].add(sum(n, first + i));
    }
  }
}

// Writes every plane of a batch and adds up its filters' sums to grad_bias, unless it is null. The threads share the
// samples, as the convolution's passes do: planes pass from one to the next in a core's own cache. Each leaves its sums
// in parts[thread][kSummedFilters]; they are added in the order of the threads. Where there are fewer samples than
// threads, those share the filters. `work` is what a plane counts of kGrain.
template <class Write, class Sum>
void sum_planes(Team& team, double* parts, int64_t batch, int64_t filters, int64_t work, float* grad_bias,
                Write&& write, Sum&& sum) {
  const bool wanted = grad_bias != nullptr;
  const auto blocks = [&](int64_t begin, int64_t end, auto&& body) {
    for (int64_t f = begin; f < end; f += kSummedFilters) body(f, min(kSummedFilters, end - f));
  };
  if (batch < team.threads()) {
    team.share(filters, rows_per_grain(batch * work, kGrain), [&](int64_t begin, int64_t end, int) {
      blocks(begin, end, [&](int64_t first, int64_t count) {
        BatchSum sums[kSummedFilters];
        visit_planes(0, batch, first, count, wanted ? sums : nullptr, write, sum);
        for (int64_t i = 0; wanted && i < count; ++i) grad_bias[first + i] = static_cast<float>(sums[i].total());
      });
    });
    return;
  }
  blocks(0, filters, [&](int64_t first, int64_t count) {
    const int shares = team.share(batch, rows_per_grain(count * work, kGrain), [&](int64_t begin, int64_t end, int t) {
      BatchSum sums[kSummedFilters];
      visit_planes(begin, end, first, count, wanted ? sums : nullptr, write, sum);
      for (int64_t i = 0; wanted && i < count; ++i) parts[t * kSummedFilters + i] = sums[i].total();
    });
    for (int64_t i = 0; wanted && i < count; ++i) {
      double total = 0;
      for (int t = 0; t < shares; ++t) total += parts[t * kSummedFilters + i];
      grad_bias[first + i] = static_cast<float>(total);
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
