// GEMM rung 3, T4.4.1 and figure 4.6: C is cut into tiles, each tile is a block, each thread one element of C.
//
//   block (TILE, TILE), grid (n / TILE, m / TILE, products); thread -> C[row][column]
//
// No limit on m, n, k any more, but every thread still reads its row of A and its column of B from global memory:
// 2k words for k multiply-adds. Lanes of a warp share a row of A (a broadcast) and read neighbours of B (coalesced).
#include "epilogue.cuh"
#include "grid.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kTile = 16;

__global__ __launch_bounds__(kTile* kTile) void grid_kernel(GemmProblem p, int64_t first) {
  select_product(p, first + blockIdx.z);
  const int64_t column = int64_t{blockIdx.x} * kTile + threadIdx.x;
  if (column >= p.n) return;
  const int64_t row_step = int64_t{gridDim.y} * kTile;
  for (int64_t row = int64_t{blockIdx.y} * kTile + threadIdx.y; row < p.m; row += row_step) {
    const float* a = p.a.data + row * p.a.row_stride;
    const float* b = p.b.data + column * p.b.column_stride;
    float sum = 0;
    for (int64_t i = 0; i < p.k; ++i) sum += a[i * p.a.column_stride] * b[i * p.b.row_stride];
    float* c = p.c + row * p.ldc + column;
    *c = finish(p.epilogue, sum, c,
                row_bias(p.epilogue, static_cast<int>(row)) + column_bias(p.epilogue, static_cast<int>(column)));
  }
}

}  // namespace

void gemm_grid(cudaStream_t stream, const GemmProblem& p) {
  const int64_t rows = divide_up(p.m, kTile);
  for_grid_ranges(p.batch * p.groups, [&](int64_t first, unsigned count) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.n, kTile)),
                    static_cast<unsigned>(rows < kMaxGridYZ ? rows : kMaxGridYZ), count);
    launch(grid_kernel, grid, dim3(kTile, kTile), 0, stream, p, first);
  });
}

}  // namespace azj::cuda
