// The kernel of GEMM rungs 5-7: one block computes one tile of C. What a tile is and how it is multiplied, the Tile says
// (tile_simt.cuh, tile_mma.cuh).
#pragma once

#include "grid.hpp"
#include "tile_copy.cuh"
#include "tile_launch.cuh"
#include "tile_pipeline.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, Tile::kMinBlocks) void tile_gemm_kernel(GemmProblem p, int64_t first) {
  select_product(p, first + blockIdx.z);
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
  const TileOrder order(blockIdx.x, m, n, Tile::kBlockM, Tile::kBlockN);
  const MatrixCopy<typename Tile::ShapeA> a(p.a.data + order.row * p.a.row_stride, p.a.row_stride, p.a.column_stride,
                                            m - order.row, k);
  const MatrixCopy<typename Tile::ShapeB> b(p.b.data + order.column * p.b.column_stride, p.b.column_stride,
                                            p.b.row_stride, n - order.column, k);
  typename Tile::Sums sums = {};
  multiply_tile<Tile>(sums, a, b, 0, k);
  store_tile<Tile>(sums, MatrixOutput{p.c, p.ldc}, p.epilogue, order.row, order.column, m, n);
}

// grid.x: all tiles of C; grid.z: the products of the batch.
template <class Tile>
void tile_gemm(cudaStream_t stream, const GemmProblem& p) {
  const unsigned tiles = tile_count(p.m, p.n, Tile::kBlockM, Tile::kBlockN);
  for_grid_ranges(p.batch * p.groups, [&](int64_t first, unsigned count) {
    launch_tile<Tile>(tile_gemm_kernel<Tile>, dim3(tiles, 1, count), stream, p, first);
  });
}

}  // namespace azj::cuda
