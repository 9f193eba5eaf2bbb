// The way of a consumer's sums from registers to C (see hopper_tile.cuh). A warp has 16 rows; they go through shared
// memory 32 columns at a time and leave it row by row: stores to C are whole lines whatever C's alignment, and no other
// warp is waited for.
#pragma once

#include "hopper_tile.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

// A warp's sums, 32 columns after the other: body(first of them) finds column c of row r at staging[r * kStorePitch + c].
// staging: this warp's.
template <class Tile, class Body>
__device__ __forceinline__ void for_staged_columns(const float (&sums)[Tile::kSums], float* staging, Body&& body) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  float* const to = staging + g * Tile::kStorePitch + 2 * t;
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / Tile::kStoreColumns; ++part) {
    __syncwarp();  // the part before has been read
#pragma unroll
    for (int i = 0; i < Tile::kStoreColumns / 8; ++i) {
      const int sum = part * Tile::kStoreColumns / 2 + 4 * i;
      *reinterpret_cast<float2*>(to + 8 * i) = make_float2(sums[sum], sums[sum + 1]);
      *reinterpret_cast<float2*>(to + 8 * Tile::kStorePitch + 8 * i) = make_float2(sums[sum + 2], sums[sum + 3]);
    }
    __syncwarp();
    body(part * Tile::kStoreColumns);
  }
}

// C's part from (first_row, first_column) .. = epilogue(sums) of one warp; m and n are C's size. Output: as
// store_tile()'s.
template <class Tile, class Output>
__device__ __forceinline__ void store_sums(const float (&sums)[Tile::kSums], float* staging, const Output& out,
                                           const GemmEpilogue& epilogue, int first_row, int first_column, int m,
                                           int n) {
  const int lane = threadIdx.x % 32;
  const int rows = m - first_row < 16 ? m - first_row : 16;
  for_staged_columns<Tile>(sums, staging, [&](int first) {
    const int column = first_column + first + lane;
    if (column >= n) return;
    float* const top = out.column(column);
    const float bias = column_bias(epilogue, column);
#pragma unroll 1
    for (int r = 0; r < rows; ++r) {
      float* const c = top + (first_row + r) * out.row_stride();
      *c = finish(epilogue, staging[r * Tile::kStorePitch + lane], c, bias + row_bias(epilogue, first_row + r));
    }
  });
}

}  // namespace azj::cuda
