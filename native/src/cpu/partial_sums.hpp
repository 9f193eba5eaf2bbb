// Sums of a gradient to the weights that each thread keeps for its part of the batch. A thread makes its own as small
// as they get before another reads them: what passes from cache to cache costs more than what is added.
#pragma once

#include "grain.hpp"
#include "team.hpp"
#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

constexpr int kMostThreads = 1024;

// sums[i] = the sum over the lanes of vector i, for `count` vectors, a multiple of kLanes; in their place.
static inline void sum_lanes(float* sums, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    Vec lanes[kLanes];
    for (int j = 0; j < kLanes; ++j) lanes[j] = load(sums + (i + j) * kLanes);
    store(sums + i, sum_each(lanes));
  }
}

// to = the sum of the parts of the threads that have one, `distance` floats apart, in the order of the threads. `to`
// may be the first thread's part.
static inline void add_parts(Team& team, const float* parts, int64_t distance, const bool* used, int64_t count,
                             float* to) {
  team.share(count, kGrain, [&](int64_t begin, int64_t end, int) {
    bool first = true;
    for (int t = 0; t < team.threads(); ++t) {
      const float* part = parts + t * distance;
      if (!used[t]) continue;
      if (!first) {
        add_row(to + begin, part + begin, end - begin);
      } else if (part != to) {
        copy_row(to + begin, part + begin, end - begin);
      }
      first = false;
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
