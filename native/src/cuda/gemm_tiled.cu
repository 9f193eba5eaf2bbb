// GEMM rung 4, T4.4.1 and figure 4.7: as rung 3, but the block walks along k in steps of TILE, with one TILE x TILE tile
// of A and one of B in shared memory.
//
//   block (TILE, TILE), grid (n / TILE, m / TILE, products); thread -> C[row][column]
//   2 * TILE * TILE words of shared memory, instead of the 2k words a thread that whole rows and columns would take
//
// Each word of A and B is read from global memory once a block instead of TILE times: TILE / 4 = 4 FLOP a byte. What
// now limits it is shared memory: two reads for one multiply-add.
#include "epilogue.cuh"
#include "grid.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kTile = 16;

// The product of the tile of C that starts at (first_row, first_column); every thread of the block takes part.
__device__ void tile(const GemmProblem& p, int64_t first_row, int64_t first_column, float (*tile_a)[kTile + 1],
                     float (*tile_b)[kTile + 1]) {
  const int x = threadIdx.x, y = threadIdx.y;
  const int64_t row = first_row + y, column = first_column + x;
  // Threads of a warp differ in x. They read along whichever axis of A and B is contiguous, and store across; the
  // column of padding keeps those stores in different banks.
  const bool a_by_rows = p.a.column_stride == 1, b_by_columns = p.b.column_stride == 1;
  const int a_row = a_by_rows ? y : x, a_column = a_by_rows ? x : y;
  const int b_row = b_by_columns ? y : x, b_column = b_by_columns ? x : y;
  const float* a = p.a.data + (first_row + a_row) * p.a.row_stride;
  const float* b = p.b.data + (first_column + b_column) * p.b.column_stride;
  const bool a_inside = first_row + a_row < p.m, b_inside = first_column + b_column < p.n;
  float sum = 0;
  for (int64_t begin = 0; begin < p.k; begin += kTile) {
    const int64_t ka = begin + a_column, kb = begin + b_row;
    tile_a[a_row][a_column] = a_inside && ka < p.k ? a[ka * p.a.column_stride] : 0.0f;
    tile_b[b_row][b_column] = b_inside && kb < p.k ? b[kb * p.b.row_stride] : 0.0f;
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kTile; ++i) sum += tile_a[y][i] * tile_b[i][x];
    __syncthreads();
  }
  if (row >= p.m || column >= p.n) return;
  float* c = p.c + row * p.ldc + column;
  *c = finish(p.epilogue, sum, c,
              row_bias(p.epilogue, static_cast<int>(row)) + column_bias(p.epilogue, static_cast<int>(column)));
}

__global__ __launch_bounds__(kTile* kTile) void tiled_kernel(GemmProblem p, int64_t first) {
  __shared__ float tile_a[kTile][kTile + 1];
  __shared__ float tile_b[kTile][kTile + 1];
  select_product(p, first + blockIdx.z);
  for (int64_t row = int64_t{blockIdx.y} * kTile; row < p.m; row += int64_t{gridDim.y} * kTile) {
    tile(p, row, int64_t{blockIdx.x} * kTile, tile_a, tile_b);
  }
}

}  // namespace

void gemm_tiled(cudaStream_t stream, const GemmProblem& p) {
  const int64_t rows = divide_up(p.m, kTile);
  for_grid_ranges(p.batch * p.groups, [&](int64_t first, unsigned count) {
    const dim3 grid(static_cast<unsigned>(divide_up(p.n, kTile)),
                    static_cast<unsigned>(rows < kMaxGridYZ ? rows : kMaxGridYZ), count);
    launch(tiled_kernel, grid, dim3(kTile, kTile), 0, stream, p, first);
  });
}

}  // namespace azj::cuda
