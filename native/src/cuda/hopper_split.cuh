// Tiles of several products, and their slices along k, as the work of a persistent grid. (What becomes of the slices'
// sums: hopper_parts.cuh.)
#pragma once

#include <algorithm>

#include "hopper_plan.hpp"
#include "hopper_tile.cuh"
#include "tile_launch.cuh"

namespace azj::cuda {

struct SplitGrid {
  int m, n;                      // of C
  unsigned tiles_of_product;
  int64_t tiles;                 // of all products
  int steps, slices, steps_of_slice;
  float* parts;                  // nullptr: one slice, stored to C at once

  __host__ __device__ int64_t pieces() const { return tiles * slices; }
};

// What a block does at a time: steps first_step .. end_step - 1 of one tile.
struct SplitTile {
  int product, row, column, first_step, end_step;

  __device__ SplitTile(const SplitGrid& grid, int64_t index, int block_m, int block_n) {
    const int64_t slice = index / grid.tiles, tile = index - slice * grid.tiles;
    product = static_cast<int>(tile / grid.tiles_of_product);
    const TileOrder order(static_cast<unsigned>(tile - int64_t{product} * grid.tiles_of_product), grid.m, grid.n,
                          block_m, block_n);
    row = order.row;
    column = order.column;
    first_step = static_cast<int>(slice) * grid.steps_of_slice;
    end_step = first_step + grid.steps_of_slice < grid.steps ? first_step + grid.steps_of_slice : grid.steps;
  }

  __device__ int steps() const { return end_step - first_step; }
};

template <class Tile>
SplitGrid split_grid(const HopperPlan& plan, const HopperProduct& p, void* parts) {
  SplitGrid grid{};
  grid.m = static_cast<int>(p.m);
  grid.n = static_cast<int>(p.n);
  grid.tiles_of_product = tile_count(p.m, p.n, Tile::kBlockM, Tile::kBlockN);
  grid.tiles = p.products * grid.tiles_of_product;
  grid.steps = static_cast<int>(p.steps);
  grid.steps_of_slice = static_cast<int>(divide_up(p.steps, plan.slices));
  grid.slices = static_cast<int>(divide_up(p.steps, grid.steps_of_slice));
  grid.parts = grid.slices > 1 || p.store == TileStore::PARTS ? static_cast<float*>(parts) : nullptr;
  return grid;
}

// What the blocks of a cluster bring each other: of tiles above each other B, of tiles side by side A.
enum class SharedOperand { NONE, A, B };

template <class Tile>
__host__ __device__ inline SharedOperand shared_operand(const SplitGrid& grid) {
  if (Tile::kCluster == 1) return SharedOperand::NONE;
  return grid.m > Tile::kBlockM ? SharedOperand::B : SharedOperand::A;
}

// A kernel whose blocks walk over so many pieces, in clusters of Tile::kCluster.
template <class Tile, class... P, class... A>
void launch_pieces(void (*kernel)(P...), int64_t pieces, cudaStream_t stream, A&&... args) {
  const auto blocks = static_cast<unsigned>(std::min<int64_t>(pieces, multiprocessors()));
  launch_tile_early<Tile>(kernel, dim3(blocks / Tile::kCluster * Tile::kCluster), stream, std::forward<A>(args)...);
}

template <class Tile, class... P, class... A>
void launch_pieces(void (*kernel)(P...), const SplitGrid& grid, cudaStream_t stream, A&&... args) {
  launch_pieces<Tile>(kernel, grid.pieces(), stream, std::forward<A>(args)...);
}

// A block's way over the pieces of one grid, then of the next: every gridDim.x-th.
struct PieceWalk {
  int64_t index = blockIdx.x;  // in the grid
  uint32_t count = 0;          // of this block's pieces so far

  __device__ void next() {
    index += gridDim.x;
    ++count;
  }
  // Behind the last piece of a grid: to the next grid.
  __device__ void leave(const SplitGrid& grid) { index -= grid.pieces(); }
};

// A block's consumers on the pieces of one grid, in a plain loop: within a lambda ptxas would spill the sums.
// store(sums, index, tile, warp) takes each warp's sums of a piece.
template <class Tile, class Store>
__device__ __forceinline__ void consume_grid(RingPosition<Tile::kStages>& at, PieceWalk& walk, const Ring<Tile>& ring,
                                             const SplitGrid& grid, Store&& store) {
  const int warp = threadIdx.x / 32 - 4;  // of the consumers
  const uint32_t consumer = threadIdx.x / 128 - 1;
  for (; walk.index < grid.pieces(); walk.next()) {
    const SplitTile tile(grid, walk.index, Tile::kBlockM, Tile::kBlockN);
    if (Tile::kTurns) {
      if (walk.count % 2 != consumer) {
        at.skip(tile.steps());
        continue;
      }
      // The first piece finds the phase before the first ended.
      wait_for_phase(&ring.turns[consumer], (walk.count / 2 + 1 + consumer) % 2);
    }
    float sums[Tile::kSums];
    multiply_stages<Tile>(sums, at, ring, warp / 4, tile.steps());
    store(sums, walk.index, tile, warp);
  }
  walk.leave(grid);
}

// All work of a block's consumers.
template <class Tile, class Store>
__device__ __forceinline__ void consume_pieces(RingPosition<Tile::kStages>& at, const Ring<Tile>& ring,
                                               const SplitGrid& grid, Store&& store) {
  setmaxnreg_inc<Tile::kConsumerRegisters>();
  PieceWalk walk;
  consume_grid<Tile>(at, walk, ring, grid, store);
}

}  // namespace azj::cuda
