// Winograd's minimal filtering F(4x4, 3x3) and F(2x2, 3x3): Lavin, Gray, "Fast Algorithms for Convolutional Neural
// Networks", 2015.
//   Y = A^T [ (G g G^T) . (B^T d B) ] A
// A 4x4 tile of outputs from a 6x6 tile of inputs d and a 3x3 filter g takes 36 products for each pair of channel and
// filter instead of 144; a 2x2 tile from a 4x4 tile 16 instead of 36, with smaller rounding errors. Each inner struct
// is one side of a two-sided transform.
#pragma once

#include <cuda_runtime.h>

namespace azj::cuda {

constexpr int kWinogradTaps = 3;  // rows and columns of a filter

// Interpolation points 0, 1, -1, 2, -2, infinity: the CPU's (cpu/winograd.hpp), so that one bound of the error
// (docs/numerics.md) holds for both.
struct Winograd4x4 {
  static constexpr int kOut = 4;      // rows and columns of a tile of outputs
  static constexpr int kIn = 6;       // of a tile of inputs, and of a transformed tile
  static constexpr int kPoints = 36;  // products of a pair of channel and filter

  // v = B^T d
  struct Input {
    static constexpr int kFrom = 6, kTo = 6;
    __device__ static void apply(const float (&d)[6], float (&v)[6]) {
      const float even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
      const float even2 = d[4] - d[2], odd2 = 2.0f * (d[3] - d[1]);
      v[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
      v[1] = even + odd;
      v[2] = even - odd;
      v[3] = even2 + odd2;
      v[4] = even2 - odd2;
      v[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
    }
  };

  // u = G g
  struct Filter {
    static constexpr int kFrom = 3, kTo = 6;
    __device__ static void apply(const float (&g)[3], float (&u)[6]) {
      const float outer = (1.0f / 6) * (g[0] + g[2]), middle = (1.0f / 6) * g[1];
      const float outer2 = (1.0f / 24) * g[0] + (1.0f / 6) * g[2], middle2 = (1.0f / 12) * g[1];
      u[0] = 0.25f * g[0];
      u[1] = -outer - middle;
      u[2] = middle - outer;
      u[3] = outer2 + middle2;
      u[4] = outer2 - middle2;
      u[5] = g[2];
    }
  };

  // y = A^T m
  struct Output {
    static constexpr int kFrom = 6, kTo = 4;
    __device__ static void apply(const float (&m)[6], float (&y)[4]) {
      const float sum = m[1] + m[2], difference = m[1] - m[2];
      const float sum2 = m[3] + m[4], difference2 = m[3] - m[4];
      y[0] = m[0] + sum + sum2;
      y[1] = difference + 2.0f * difference2;
      y[2] = sum + 4.0f * sum2;
      y[3] = difference + 8.0f * difference2 + m[5];
    }
  };

  // z = A dy: the adjoint of Output, for the gradient to the weights.
  struct OutputAdjoint {
    static constexpr int kFrom = 4, kTo = 6;
    __device__ static void apply(const float (&y)[4], float (&z)[6]) {
      const float even = y[0] + y[2], odd = y[1] + y[3];
      const float even2 = y[0] + 4.0f * y[2], odd2 = 2.0f * y[1] + 8.0f * y[3];
      z[0] = y[0];
      z[1] = even + odd;
      z[2] = even - odd;
      z[3] = even2 + odd2;
      z[4] = even2 - odd2;
      z[5] = y[3];
    }
  };

  // dg = G^T du: the adjoint of Filter.
  struct FilterAdjoint {
    static constexpr int kFrom = 6, kTo = 3;
    __device__ static void apply(const float (&u)[6], float (&g)[3]) {
      const float sum = u[1] + u[2], sum2 = u[3] + u[4];
      g[0] = 0.25f * u[0] - (1.0f / 6) * sum + (1.0f / 24) * sum2;
      g[1] = (1.0f / 6) * (u[2] - u[1]) + (1.0f / 12) * (u[3] - u[4]);
      g[2] = (1.0f / 6) * (sum2 - sum) + u[5];
    }
  };
};

// Interpolation points 0, 1, -1, infinity.
struct Winograd2x2 {
  static constexpr int kOut = 2, kIn = 4, kPoints = 16;

  // v = B^T d
  struct Input {
    static constexpr int kFrom = 4, kTo = 4;
    __device__ static void apply(const float (&d)[4], float (&v)[4]) {
      v[0] = d[0] - d[2];
      v[1] = d[1] + d[2];
      v[2] = d[2] - d[1];
      v[3] = d[1] - d[3];
    }
  };

  // u = G g
  struct Filter {
    static constexpr int kFrom = 3, kTo = 4;
    __device__ static void apply(const float (&g)[3], float (&u)[4]) {
      const float outer = 0.5f * (g[0] + g[2]), middle = 0.5f * g[1];
      u[0] = g[0];
      u[1] = outer + middle;
      u[2] = outer - middle;
      u[3] = g[2];
    }
  };

  // y = A^T m
  struct Output {
    static constexpr int kFrom = 4, kTo = 2;
    __device__ static void apply(const float (&m)[4], float (&y)[2]) {
      y[0] = m[0] + m[1] + m[2];
      y[1] = m[1] - m[2] - m[3];
    }
  };

  // z = A dy
  struct OutputAdjoint {
    static constexpr int kFrom = 2, kTo = 4;
    __device__ static void apply(const float (&y)[2], float (&z)[4]) {
      z[0] = y[0];
      z[1] = y[0] + y[1];
      z[2] = y[0] - y[1];
      z[3] = -y[1];
    }
  };

  // dg = G^T du
  struct FilterAdjoint {
    static constexpr int kFrom = 4, kTo = 3;
    __device__ static void apply(const float (&u)[4], float (&g)[3]) {
      const float sum = 0.5f * (u[1] + u[2]);
      g[0] = u[0] + sum;
      g[1] = 0.5f * (u[1] - u[2]);
      g[2] = sum + u[3];
    }
  };
};

// Applies one side to the rows of a tile, then to its columns: to(i, j, sum side[i][r] from(r, c) side[j][c]). Rows
// first: what is loaded together then lies together, one address for a row.
template <class Side, class From, class To>
__device__ __forceinline__ void winograd_both_sides(From from, To to) {
  float half[Side::kTo][Side::kFrom];
#pragma unroll
  for (int r = 0; r < Side::kFrom; ++r) {
    float row[Side::kFrom], transformed[Side::kTo];
#pragma unroll
    for (int c = 0; c < Side::kFrom; ++c) row[c] = from(r, c);
    Side::apply(row, transformed);
#pragma unroll
    for (int j = 0; j < Side::kTo; ++j) half[j][r] = transformed[j];
  }
#pragma unroll
  for (int j = 0; j < Side::kTo; ++j) {
    float transformed[Side::kTo];
    Side::apply(half[j], transformed);
#pragma unroll
    for (int i = 0; i < Side::kTo; ++i) to(i, j, transformed[i]);
  }
}

}  // namespace azj::cuda
