// Max pooling by 2x2 windows with stride 2, side by side: rows of maxima, and the way of their gradients back. For max
// pooling and for the convolutions that end in it. The first maximum of a window wins, a NaN over every number.
#pragma once

#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// The best of a window so far, of kLanes windows: two comparisons and two selections each, of values and of indices.
struct Best {
  Vec value;
  Ints place;
  void offer(Vec candidate, Ints candidate_place) {
    const auto nan = value != value;
    const auto no_larger = candidate <= value;
    place = no_larger ? place : (nan ? place : candidate_place);
    value = no_larger ? value : (nan ? value : candidate);
  }
};

// The neighbours of a row: elements 2q and 2q + 1 in lane q, for `count` outputs.
struct Halves {
  Vec even, odd;
  Halves(const float* x, int64_t count) {
    const int64_t inputs = 2 * count;
    const Vec first = inputs >= kLanes ? load(x) : load_first(x, inputs);
    const Vec second = inputs >= 2 * kLanes ? load(x + kLanes) : load_first(x + kLanes, max(inputs - kLanes, 0));
    even = evens(first, second);
    odd = odds(first, second);
  }
};

// y[q] = the maximum of elements 2q and 2q + 1 of two rows, for q below `count`. index[q], unless kIndex is false, is
// that element's index in a plane of `width` columns whose element `first` is above[0].
template <bool kIndex>
static inline void halve_rows(const float* above, const float* below, int64_t first, int64_t width, int64_t count,
                              float* y, int32_t* index) {
  const Ints twice = 2 * lane_numbers();
  for (int64_t q = 0; q < count; q += kLanes) {
    const int64_t lanes = min(kLanes, count - q);
    const Halves upper(above + 2 * q, lanes), lower(below + 2 * q, lanes);
    const Ints place = twice + splat_int(static_cast<int32_t>(first + 2 * q));
    Best best{upper.even, place};
    best.offer(upper.odd, place + 1);
    best.offer(lower.even, place + static_cast<int32_t>(width));
    best.offer(lower.odd, place + static_cast<int32_t>(width + 1));
    store_first(y + q, best.value, lanes);
    if (kIndex) store_first(reinterpret_cast<float*>(index + q), reinterpret_cast<Vec>(best.place), lanes);
  }
}

// The same for `rows` rows of maxima of a plane; index may be null.
static inline void halve_plane(const float* x, int64_t width, int64_t rows, int64_t columns, float* y,
                               int32_t* index) {
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t first = 2 * row * width, to = row * columns;
    if (index != nullptr) {
      halve_rows<true>(x + first, x + first + width, first, width, columns, y + to, index + to);
    } else {
      halve_rows<false>(x + first, x + first + width, first, width, columns, y + to, nullptr);
    }
  }
}

// Writes a0 b0 a1 b1 ... of `count` pairs.
static inline void store_pairs(float* to, Vec a, Vec b, int64_t count) {
  store_first(to, interleave_low(a, b), min(kLanes, 2 * count));
  if (2 * count > kLanes) store_first(to + kLanes, interleave_high(a, b), 2 * count - kLanes);
}

// Two rows of grad_x whose windows are row `row` of the outputs: gradient(q, lanes) gives the gradients of outputs q ..
// q + lanes - 1, zero in the lanes beyond, and each element of the two rows is written once. False where an index lies
// outside its window.
template <class Gradient>
static inline bool spread_row(const int32_t* index, int64_t width, int64_t row, int64_t count, float* grad_x,
                              Gradient&& gradient) {
  const Ints twice = 2 * lane_numbers();
  Ints strays{};
  float* upper = grad_x + 2 * row * width;
  for (int64_t q = 0; q < count; q += kLanes) {
    const int64_t lanes = min(kLanes, count - q);
    const Vec g = gradient(q, lanes);
    const Ints at = reinterpret_cast<Ints>(load_first(reinterpret_cast<const float*>(index + q), lanes));
    const Ints above = at - (twice + splat_int(static_cast<int32_t>(2 * (row * width + q))));
    const Ints below = above - static_cast<int32_t>(width);
    const Vec zero{};
    store_pairs(upper + 2 * q, above == 0 ? g : zero, above == 1 ? g : zero, lanes);
    store_pairs(upper + width + 2 * q, below == 0 ? g : zero, below == 1 ? g : zero, lanes);
    strays |= (lane_numbers() < static_cast<int32_t>(lanes)) & ((above & ~1) != 0) & ((below & ~1) != 0);
  }
  for (int64_t c = 2 * count; c < width; ++c) upper[c] = upper[width + c] = 0;  // an odd width's last column
  for (int i = 0; i < kLanes; ++i) {
    if (strays[i] != 0) return false;
  }
  return true;
}

}  // namespace azj::cpu::AZJ_ISA
