// The epilogue of a matrix product on a consumer's sums, in registers, before hopper_boxes.cuh stores them. As
// finish(), epilogue.cuh, without the activations that have a transcendental function, whose code would be there for each sum.
#pragma once

#include "epilogue.cuh"
#include "hopper_tile.cuh"

namespace azj::cuda {

inline bool finishes_in_registers(const GemmEpilogue& epilogue) {
  return epilogue.activation == AZJ_IDENTITY || epilogue.activation == AZJ_RELU ||
         epilogue.activation == AZJ_LEAKY_RELU;
}

// Two neighbours of a row of C, of which so many are in C, on an address for both at once.
__device__ __forceinline__ float2 load_pair(const float* c, int columns) {
  if (columns >= 2) return *reinterpret_cast<const float2*>(c);
  return make_float2(columns == 1 ? *c : 0.0f, 0.0f);
}
__device__ __forceinline__ float2 load_pair(const azj_bf16* c, int columns) {
  uint32_t pair = 0;
  if (columns >= 2) {
    pair = *reinterpret_cast<const uint32_t*>(c);
  } else if (columns == 1) {
    pair = *c;
  }
  return make_float2(__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u));
}

// body(sum, half, column): of a lane's sums each two that are neighbours, in the lane's upper or lower row, half 0 or
// 1, and from this column of the tile's, counted from the lane's first.
template <class Tile, class Body>
__device__ __forceinline__ void for_pairs(float (&sums)[Tile::kSums], Body&& body) {
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / 8; ++part) {
#pragma unroll
    for (int half = 0; half < 2; ++half) body(sums + 4 * part + 2 * half, half, 8 * part);
  }
}

// One warp's sums, which belong to C from (row, column) on; C is m x n with rows ldc apart.
template <class Tile, class Element>
__device__ __forceinline__ void finish_sums(float (&sums)[Tile::kSums], const GemmEpilogue& epilogue, const Element* c,
                                            int64_t ldc, int row, int column, int m, int n) {
  const int lane = threadIdx.x % 32, first = column + lane % 4 * 2;
  const int rows[] = {row + lane / 4, row + lane / 4 + 8};
#pragma unroll
  for (float& sum : sums) sum *= epilogue.alpha;
  if (epilogue.beta != 0.0f) {
    for_pairs<Tile>(sums, [&](float* sum, int half, int j) {
      const float2 before = load_pair(c + rows[half] * ldc + first + j, rows[half] < m ? n - (first + j) : 0);
      sum[0] += epilogue.beta * before.x;
      sum[1] += epilogue.beta * before.y;
    });
  }
  if (epilogue.bias_axis == BiasAxis::ROW) {
    const float bias[] = {rows[0] < m ? epilogue.bias[rows[0]] : 0.0f, rows[1] < m ? epilogue.bias[rows[1]] : 0.0f};
    for_pairs<Tile>(sums, [&](float* sum, int half, int) {
      sum[0] += bias[half];
      sum[1] += bias[half];
    });
  }
  if (epilogue.bias_axis == BiasAxis::COLUMN) {
    for_pairs<Tile>(sums, [&](float* sum, int, int j) {
      sum[0] += first + j < n ? epilogue.bias[first + j] : 0.0f;
      sum[1] += first + j + 1 < n ? epilogue.bias[first + j + 1] : 0.0f;
    });
  }
  if (epilogue.activation == AZJ_RELU) {
#pragma unroll
    for (float& sum : sums) sum = sum < 0.0f ? 0.0f : sum;
  } else if (epilogue.activation == AZJ_LEAKY_RELU) {
#pragma unroll
    for (float& sum : sums) sum = sum < 0.0f ? epilogue.slope * sum : sum;
  }
}

}  // namespace azj::cuda
