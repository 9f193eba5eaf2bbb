// How matrices become grids: batches beyond what one grid holds, and the order of C's tiles.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "gemm.hpp"

namespace azj::cuda {

constexpr int64_t kMaxGridYZ = 65535;

constexpr int64_t divide_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

// Calls body(first, count) for ranges of at most 65535 of 0..total-1: what blockIdx.z can count.
template <class Body>
void for_grid_ranges(int64_t total, Body&& body) {
  for (int64_t first = 0; first < total; first += kMaxGridYZ) {
    body(first, static_cast<unsigned>(total - first < kMaxGridYZ ? total - first : kMaxGridYZ));
  }
}

// Tiles of C in one grid.x. Throws AZJ_UNSUPPORTED above 2^31 - 1, which is more than 8 TB of C.
unsigned tile_count(int64_t m, int64_t n, int tile_m, int tile_n);

int multiprocessors();  // of the current device

// The sides of a GEMM rung's tile; AUTO has none.
constexpr int tile_rows(GemmTile tile) { return tile == GemmTile::SMALL ? 32 : tile == GemmTile::MEDIUM ? 64 : 128; }
constexpr int tile_columns(GemmTile tile) { return tile == GemmTile::WIDE ? 256 : tile_rows(tile); }
constexpr int kTileDepth = 16;  // steps along k of every tile

// The tile with which the busiest multiprocessor of the current device is done first. simt: SMALL and WIDE are among
// them.
GemmTile choose_tile(int64_t m, int64_t n, int64_t products, bool simt = true);

// Where tile `index` of C lies. Tiles follow each other down columns as high as 8 tiles are wide, so that the blocks that
// run at one time, about 130, are as near to a square as they can be: they share rows of A and columns of B in L2.
struct TileOrder {
  int row, column;

  __device__ TileOrder(unsigned index, int m, int n, int tile_m, int tile_n) {
    const int tiles_m = (m - 1) / tile_m + 1, tiles_n = (n - 1) / tile_n + 1;
    const int group_rows = 8 * tile_n / tile_m, per_group = group_rows * tiles_n;
    const int group = static_cast<int>(index) / per_group, in_group = static_cast<int>(index) % per_group;
    const int rows_left = tiles_m - group * group_rows;
    const int rows = rows_left < group_rows ? rows_left : group_rows;
    row = (group * group_rows + in_group % rows) * tile_m;
    column = in_group / rows * tile_n;
  }
};

}  // namespace azj::cuda
