// The way of a finished tile of C from registers to memory, shared by the register-tiled and tensor-core products.
//
// A thread's sums are scattered over the tile. They go through shared memory in passes of 16 rows a warp, and leave it
// row by row: stores to C are then whole lines whatever C's alignment, and the epilogue is compiled once, not once for
// each of a thread's 64 sums.
#pragma once

#include "epilogue.cuh"
#include "launch.cuh"

namespace azj::cuda {

// What is stored beside each element of a column: nothing, where an output has no gaps.
struct NoGaps {
  __device__ void fill(float*) const {}
};

// C as a plain matrix. The convolutions have outputs of their own; they differ in where a column is.
struct MatrixOutput {
  float* c;
  int64_t ldc;
  __device__ float* column(int j) const { return c + j; }
  __device__ int64_t row_stride() const { return ldc; }
  __device__ NoGaps gaps(int) const { return {}; }
};

// C's part (first_row, first_column) .. = epilogue(sums); m and n are C's size. Every thread of the block takes part.
// Tile::kWarpRows: rows of C that a warp has; Tile::stage(sums, pass, shared, pitch): copies a pass to shared memory.
template <class Tile, class Output>
__device__ inline void store_tile(const typename Tile::Sums& sums, const Output& out, const GemmEpilogue& epilogue,
                                  int first_row, int first_column, int m, int n) {
  constexpr int kPitch = Tile::kBlockN + 4;
  constexpr int kRows = Tile::kBlockM / Tile::kWarpRows * 16;
  static_assert(sizeof(float) * kRows * kPitch <= Tile::kSharedBytes, "a pass fits the tile's buffers");
  static_assert(Tile::kThreads % Tile::kBlockN == 0, "a thread keeps its column");
  float* shared = dynamic_shared<float>();
  const int in_tile = threadIdx.x % Tile::kBlockN;
  const int column = first_column + in_tile;
  const bool inside = column < n;
  float* const top = out.column(inside ? column : 0);
  const auto gaps = out.gaps(inside ? column : 0);
  const float bias = inside ? column_bias(epilogue, column) : 0.0f;
#pragma unroll
  for (int pass = 0; pass < Tile::kWarpRows / 16; ++pass) {
    __syncthreads();  // nobody reads the buffers any more
    Tile::stage(sums, pass, shared, kPitch);
    __syncthreads();
#pragma unroll 1
    for (int r = threadIdx.x / Tile::kBlockN; r < kRows; r += Tile::kThreads / Tile::kBlockN) {
      const int row = first_row + r / 16 * Tile::kWarpRows + pass * 16 + r % 16;
      if (!inside || row >= m) continue;
      float* c = top + row * out.row_stride();
      *c = finish(epilogue, shared[r * kPitch + in_tile], c, bias + row_bias(epilogue, row));
      gaps.fill(c);
    }
  }
}

}  // namespace azj::cuda
