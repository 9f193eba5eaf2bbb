// The register tile of the implicit GEMM: up to kTileRows filters by two vectors of outputs, one below the other, or by
// eight of them where a group has few filters.
#pragma once

#include "gemm.hpp"
#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// Rows of a tile; the multiply-adds of fewer than four filters and two rows would wait for each other.
constexpr int kFewRows = 2, kManyRows = 8;
constexpr int kFewFilters = kLanes == 16 ? 3 : 1;

// Where a tile's outputs go. With a `sums` they go there, sums[Rows * i + j], and finish() sees to the rest; otherwise
// the tile ends with bias and ReLU or no activation, and stores `count` outputs of `rows` rows of each filter in y.
struct Target {
  float* sums;
  float* y;
  int64_t plane, row_distance, rows, count;
  const float* bias;  // of the tile's first filter, or null
  bool relu;
};

// The sum over the products of weights[i] * row j of the inputs, for Filters filters.
template <int Filters, int Rows>
static void tile(int64_t products, const int32_t* offsets, const float* const* rows, const float* weights,
                 const Target& to) {
  const float* x[Rows];
  for (int j = 0; j < Rows; ++j) x[j] = rows[j];
  Vec s[Filters][Rows] = {};
  for (int64_t k = 0; k < products; ++k) {
    Vec input[Rows];
#pragma GCC unroll 8
    for (int j = 0; j < Rows; ++j) input[j] = load(x[j] + offsets[k]);
#pragma GCC unroll 12
    for (int i = 0; i < Filters; ++i) {
      const Vec weight = splat(weights[i]);
#pragma GCC unroll 8
      for (int j = 0; j < Rows; ++j) s[i][j] += weight * input[j];
    }
    weights += Filters;
  }
  if (to.sums != nullptr) {
#pragma GCC unroll 12
    for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < Rows; ++j) store(to.sums + (i * Rows + j) * kLanes, s[i][j]);
    }
    return;
  }
  const float least = to.relu ? 0.0f : -__builtin_inff();
#pragma GCC unroll 12
  for (int i = 0; i < Filters; ++i) {
    const Vec bias = to.bias == nullptr ? Vec{} : splat(to.bias[i]);
    float* y = to.y + i * to.plane;
#pragma GCC unroll 8
    for (int j = 0; j < Rows; ++j) {
      Vec z = s[i][j] + bias;
      z = z < splat(least) ? Vec{} : z;  // false for NaN
      if (j < to.rows) {
        if (to.count == kLanes) {
          store(y, z);
        } else {
          store_first(y, z, to.count);
        }
      }
      y += to.row_distance;
    }
  }
}

using Tile = void (*)(int64_t, const int32_t*, const float* const*, const float*, const Target&);
// Instruction sets with 16 registers have tiles of up to 6 filters.
#define AZJ_TILE(F) tile<(kTileRows >= F ? F : 1), (kFewFilters >= F ? kManyRows : kFewRows)>
constexpr Tile kTiles[13] = {nullptr,     AZJ_TILE(1), AZJ_TILE(2), AZJ_TILE(3),  AZJ_TILE(4),
                             AZJ_TILE(5), AZJ_TILE(6), AZJ_TILE(7), AZJ_TILE(8),  AZJ_TILE(9),
                             AZJ_TILE(10), AZJ_TILE(11), AZJ_TILE(12)};
#undef AZJ_TILE

}  // namespace azj::cpu::AZJ_ISA
