// Tiles of several products, and their slices along k, as the work of a persistent grid; and the kernel that adds the
// slices' parts in a fixed order.
//
//   part: one slice of one tile, kBlockM x kBlockN floats; parts lie slice by slice, tile by tile
//   grid of the sums: a block for every 16 rows of a tile, a thread for a column
//
// Bound by memory, mostly L2: each part is written once and read once.
#pragma once

#include <algorithm>

#include "hopper_plan.hpp"
#include "hopper_store.cuh"
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

inline dim3 split_blocks(int64_t pieces) {
  return dim3(static_cast<unsigned>(std::min<int64_t>(pieces, multiprocessors())));
}

// A kernel whose blocks walk over so many pieces, in clusters of Tile::kCluster.
template <class Tile, class... P, class... A>
void launch_pieces(void (*kernel)(P...), int64_t pieces, cudaStream_t stream, A&&... args) {
  dim3 blocks = split_blocks(pieces);
  if constexpr (Tile::kCluster == 1) {
    launch_tile<Tile>(kernel, blocks, stream, std::forward<A>(args)...);
  } else {
    blocks.x = blocks.x / Tile::kCluster * Tile::kCluster;
    launch_cluster_tile<Tile>(kernel, blocks, stream, std::forward<A>(args)...);
  }
}

template <class Tile, class... P, class... A>
void launch_pieces(void (*kernel)(P...), const SplitGrid& grid, cudaStream_t stream, A&&... args) {
  launch_pieces<Tile>(kernel, grid.pieces(), stream, std::forward<A>(args)...);
}

// One warp's sums of piece `index` of the work to their part.
template <class Tile>
__device__ __forceinline__ void store_part(const float (&sums)[Tile::kSums], float* staging, const SplitGrid& grid,
                                           int64_t index, int warp) {
  const MatrixOutput part{grid.parts + index * (Tile::kBlockM * Tile::kBlockN), Tile::kBlockN};
  store_sums<Tile>(sums, staging, part, GemmEpilogue{}, Tile::warp_row(warp), 0, Tile::kBlockM, Tile::kBlockN);
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

// The same where every piece becomes a part.
template <class Tile>
__device__ __forceinline__ void consume_parts(RingPosition<Tile::kStages>& at, const Ring<Tile>& ring,
                                              const SplitGrid& grid) {
  consume_pieces<Tile>(at, ring, grid, [&](const auto& sums, int64_t index, const SplitTile&, int warp) {
    store_part<Tile>(sums, ring.staging(warp), grid, index, warp);
  });
}

constexpr int kSumRows = 16, kSumThreads = 256;

// The sums of 16 rows of a tile, `strip` counted over all tiles, by a block.
// Result: where the elements of C are, float32 or BF16. column(product, j): C(0, j), or nullptr for a column that only
// fills a tile; row_stride(); epilogue(product).
template <int kBlockM, int kBlockN, class Result>
__device__ __forceinline__ void add_strip(const SplitGrid& grid, const Result& result, int64_t strip) {
  constexpr int kStrips = kBlockM / kSumRows, kPart = kBlockM * kBlockN;
  const int64_t index = strip / kStrips;
  const SplitTile tile(grid, index, kBlockM, kBlockN);
  const int in_tile = threadIdx.x % kBlockN, column = tile.column + in_tile;
  auto* const top = column < grid.n ? result.column(tile.product, column) : nullptr;
  if (top == nullptr) return;
  const GemmEpilogue epilogue = result.epilogue(tile.product);
  const float bias = column_bias(epilogue, column);
  const int first = static_cast<int>(strip % kStrips) * kSumRows;
  for (int r = first + threadIdx.x / kBlockN; r < first + kSumRows; r += kSumThreads / kBlockN) {
    const int row = tile.row + r;
    if (row >= grid.m) return;
    const float* part = grid.parts + index * kPart + r * kBlockN + in_tile;
    float sum = 0;
#pragma unroll 4
    for (int slice = 0; slice < grid.slices; ++slice) sum += part[slice * grid.tiles * kPart];
    auto* const c = top + row * result.row_stride();
    store_finished(epilogue, sum, c, bias + row_bias(epilogue, row));
  }
}

template <int kBlockM, int kBlockN, class Result>
__global__ __launch_bounds__(kSumThreads) void add_slices_kernel(const __grid_constant__ SplitGrid grid,
                                                                const __grid_constant__ Result result) {
  add_strip<kBlockM, kBlockN>(grid, result, blockIdx.x);
}

template <class Tile, class Result>
void add_slices(cudaStream_t stream, const SplitGrid& grid, const Result& result) {
  const int64_t strips = grid.tiles * (Tile::kBlockM / kSumRows);
  launch(add_slices_kernel<Tile::kBlockM, Tile::kBlockN, Result>, dim3(static_cast<unsigned>(strips)),
         dim3(kSumThreads), 0, stream, grid, result);
}

}  // namespace azj::cuda
