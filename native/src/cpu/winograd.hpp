// Winograd's minimal filtering F(4x4, 3x3): Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
//   Y = A^T [ (G g G^T) . (B^T d B) ] A
// A 4x4 tile of outputs from a 6x6 tile of inputs d and a 3x3 filter g takes 36 products for each pair of channel and
// filter instead of 144. Interpolation points 0, 1, -1, 2, -2, infinity. The functions below are one side of each
// two-sided transform; lanes are channels or filters.
#pragma once

#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

constexpr int kWinoOut = 4;                      // rows and columns of a tile of outputs
constexpr int kWinoIn = 6;                       // of a tile of inputs, and of a transformed tile
constexpr int kWinoPoints = kWinoIn * kWinoIn;   // products of a pair of channel and filter
constexpr int kWinoTaps = 3;                     // rows and columns of a filter

#define AZJ_INLINE static inline __attribute__((always_inline))

// v = B^T d
AZJ_INLINE void wino_input(const Vec (&d)[6], Vec (&v)[6]) {
  const Vec even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
  const Vec even2 = d[4] - d[2], odd2 = 2.0f * (d[3] - d[1]);
  v[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = even2 + odd2;
  v[4] = even2 - odd2;
  v[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// u = G g
AZJ_INLINE void wino_filter(const Vec (&g)[3], Vec (&u)[6]) {
  const Vec outer = (1.0f / 6) * (g[0] + g[2]), middle = (1.0f / 6) * g[1];
  const Vec outer2 = (1.0f / 24) * g[0] + (1.0f / 6) * g[2], middle2 = (1.0f / 12) * g[1];
  u[0] = 0.25f * g[0];
  u[1] = -outer - middle;
  u[2] = middle - outer;
  u[3] = outer2 + middle2;
  u[4] = outer2 - middle2;
  u[5] = g[2];
}

// y = A^T m
AZJ_INLINE void wino_output(const Vec (&m)[6], Vec (&y)[4]) {
  const Vec sum = m[1] + m[2], difference = m[1] - m[2];
  const Vec sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum + sum2;
  y[1] = difference + 2.0f * difference2;
  y[2] = sum + 4.0f * sum2;
  y[3] = difference + 8.0f * difference2 + m[5];
}

// z = A dy: the adjoint of wino_output, for the gradient to the weights.
AZJ_INLINE void wino_output_adjoint(const Vec (&y)[4], Vec (&z)[6]) {
  const Vec even = y[0] + y[2], odd = y[1] + y[3];
  const Vec even2 = y[0] + 4.0f * y[2], odd2 = 2.0f * y[1] + 8.0f * y[3];
  z[0] = y[0];
  z[1] = even + odd;
  z[2] = even - odd;
  z[3] = even2 + odd2;
  z[4] = even2 - odd2;
  z[5] = y[3];
}

// dg = G^T du: the adjoint of wino_filter.
AZJ_INLINE void wino_filter_adjoint(const Vec (&u)[6], Vec (&g)[3]) {
  const Vec sum = u[1] + u[2], sum2 = u[3] + u[4];
  g[0] = 0.25f * u[0] - (1.0f / 6) * sum + (1.0f / 24) * sum2;
  g[1] = (1.0f / 6) * (u[2] - u[1]) + (1.0f / 12) * (u[3] - u[4]);
  g[2] = (1.0f / 6) * (sum2 - sum) + u[5];
}

// Applies one side to the columns of a tile, then to its rows: to[i][j] = sum side[i][r] from(r, c) side[j][c].
template <int In, int Out, class From, class To>
AZJ_INLINE void wino_both_sides(void (*side)(const Vec (&)[In], Vec (&)[Out]), From from, To to) {
  Vec half[Out][In];
#pragma GCC unroll 6
  for (int c = 0; c < In; ++c) {
    Vec column[In], transformed[Out];
#pragma GCC unroll 6
    for (int r = 0; r < In; ++r) column[r] = from(r, c);
    side(column, transformed);
#pragma GCC unroll 6
    for (int i = 0; i < Out; ++i) half[i][c] = transformed[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < Out; ++i) {
    Vec transformed[Out];
    side(half[i], transformed);
#pragma GCC unroll 6
    for (int j = 0; j < Out; ++j) to(i, j, transformed[j]);
  }
}

#undef AZJ_INLINE

}  // namespace azj::cpu::AZJ_ISA
