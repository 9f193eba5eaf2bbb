// Sums of taps on Hopper's tensor cores (compute capability 9.0), forward convolution and gradient to the input, for
// float32 tensors that are packed first (conv2d_hopper.cu) and for BF16 tensors as they lie (bf16_conv2d.cu):
//
//   y[filters x pixels] = w[filters x (taps, channels)] * X_unroll[(taps, channels) x pixels]          N(20), T2.6.1
//   dx[channels x pixels of a phase] = w'[channels x (taps, filters)] * dZ_unroll                      N(46)
//
// The product is that of hopper_tile.cuh. X_unroll exists nowhere: the copy engine's im2col mode walks over the pixels
// of the result, of all samples one after the other, and brings for one tap 128 bytes of channels of each. For that the
// source lies by pixels, channels last. The phases of a strided gradient (ConvGather) are parts of one launch.
//
//   stage -> 128 bytes of k: one tap's 32 TF32 or 64 BF16 channels, or two taps' 16 or 32 where fewer are then filled
//     up with zeros; layers of few channels still waste most of the work
//   grid: one block on each multiprocessor, which walks over the tiles of all groups, or their slices
//     (hopper_split.cuh)
//   cluster: two blocks whose tiles are neighbours bring each other half of what both read: of tiles above each other
//     the pixels, of tiles side by side the weights (HopperPlan::pairs)
#pragma once

#include <algorithm>
#include <vector>

#include "conv2d_hopper.hpp"
#include "conv2d_implicit.cuh"
#include "hopper_parts.cuh"

namespace azj::cuda {

// How the weights lie, outermost axis first: by taps, [group][tap][row][channel], or by filters,
// [filter][tap][channel], whose rows are filters or, of a tile whose A lies along the rows, channels.
enum class WeightOrder { TAPS, FILTERS };

// What one block brings of a tile's rows, and of its columns.
template <class Tile>
__host__ __device__ constexpr int own_rows(SharedOperand shared) {
  return Tile::kBlockM / (shared == SharedOperand::A ? Tile::kCluster : 1);
}
template <class Tile>
__host__ __device__ constexpr int own_pixels(SharedOperand shared) {
  return Tile::kBlockN / (shared == SharedOperand::B ? Tile::kCluster : 1);
}

// Pixels of a copy: those of one of the rows of pixels that a tile has (Result::kRows).
template <class Tile, int kRows>
__host__ __device__ constexpr int copied_pixels(SharedOperand shared) {
  constexpr int kOfRow = Tile::kBlockN / kRows;
  return own_pixels<Tile>(shared) < kOfRow ? own_pixels<Tile>(shared) : kOfRow;
}

// The weights of a tile's rows: chunk `chunk` of a stage, from k = `channel` of one tap on.
template <class Tile, WeightOrder kOrder, SharedOperand kShared>
__device__ inline void load_weights(unsigned char* to_a, int chunk, const TensorOperand& weights, int channel, int row,
                                    int tap, int group, uint64_t* barrier) {
  constexpr bool kToAll = kShared == SharedOperand::A;
  constexpr int kRows = own_rows<Tile>(kShared);
  const int first = kToAll ? static_cast<int>(cluster_rank()) * kRows : 0;
  if constexpr (Tile::kRowsOfA) {
    static_assert(kOrder == WeightOrder::FILTERS, "weights by taps lie along k");
    constexpr int kBlock = Tile::kRowBytes / 2;  // rows in a box
#pragma unroll
    for (int i = 0; i < kRows; i += kBlock) {
      const int line = (first + i) / kBlock * Tile::kDepth + chunk * Tile::kChunkDepth;
      unsigned char* const to = to_a + line * Tile::kRowBytes;
      load_box<Tile, kToAll>(to, weights.map, row + first + i, tap, channel, 0, barrier);
    }
  } else {
    unsigned char* const to = to_a + (chunk * Tile::kBlockM + first) * Tile::kChunkBytes;
    if constexpr (kOrder == WeightOrder::FILTERS) {
      load_box<Tile, kToAll>(to, weights.map, channel, tap, row + first, 0, barrier);
    } else {
      load_box<Tile, kToAll>(to, weights.map, channel, row + first, tap, group * weights.group, barrier);
    }
  }
}

// One sum of taps and its tiles.
template <class Result>
struct Phase {
  CUtensorMap pixels;
  Result result;
  SplitGrid grid;

  // Those whose slices become parts.
  __host__ __device__ int64_t part_tiles() const { return grid.parts != nullptr ? grid.tiles : 0; }
};

// The work of one launch, phase by phase. The forward pass is one.
template <class Result>
struct Phases {
  Phase<Result> of[kMaxPhases];
  int count;
};

// The producer: all stages of this block's pieces.
template <class Tile, SharedOperand kShared, class Result>
__device__ __forceinline__ void load_pieces(const Ring<Tile>& ring, const TensorOperand& weights,
                                            const Phases<Result>& phases) {
  constexpr int kPixels = own_pixels<Tile>(kShared), kRows = Result::kRows, kOfRow = Tile::kBlockN / kRows;
  constexpr int kCopied = copied_pixels<Tile, kRows>(kShared);
  const int own = kShared == SharedOperand::B ? static_cast<int>(cluster_rank()) * kPixels : 0;
  RingPosition<Tile::kStages> at;
  PieceWalk walk;
  for (int i = 0; i < phases.count; ++i) {
    const Phase<Result>& phase = phases.of[i];
    const ConvGather& g = phase.result.g;
    const int chunks = (g.channels - 1) / Tile::kChunkDepth + 1, taps = g.taps_h * g.taps_w;  // chunks of a tap
    for (; walk.index < phase.grid.pieces(); walk.next()) {
      const SplitTile tile(phase.grid, walk.index, Tile::kBlockM, Tile::kBlockN);
      const int pixel = tile.column / kRows + own % kOfRow;  // of a last tile, the second half may have none
      const GatherPixel first(g, pixel < phase.grid.n / kRows ? pixel : 0);
      const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
      const int sample = tile.product * g.samples + first.sample;
      load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
#pragma unroll
        for (int half = 0; half < Tile::kChunks; ++half) {
          const int chunk = (tile.first_step + step) * Tile::kChunks + half, of_tap = chunk / chunks;
          const int tap = of_tap < taps ? of_tap : 0;  // the last stage may have a chunk too many, of zeros
          const int channel = (of_tap < taps ? chunk - tap * chunks : chunks) * Tile::kChunkDepth;
          const int r = g.tap_row.quotient(tap), s = g.tap_row.remainder(tap, r);
          const int weight_tap = g.first_tap + r * g.weight_tap_h + s * g.weight_tap_w;
          load_weights<Tile, Result::kOrder, kShared>(to_a, half, weights, channel, tile.row, weight_tap, tile.product,
                                                      barrier);
          const auto tap_w = static_cast<uint16_t>(s * g.tap_w);
#pragma unroll
          for (int j = 0; j < kPixels; j += kCopied) {
            unsigned char* const to = to_b + (half * Tile::kBlockN + own + j) * Tile::kChunkBytes;
            const auto tap_h = static_cast<uint16_t>(r * g.tap_h + (own + j) / kOfRow * (g.step_h / kRows));
            load_pixels<Tile, kShared == SharedOperand::B>(to, phase.pixels, channel, w, h, sample, tap_w, tap_h,
                                                           barrier);
          }
        }
      });
    }
    walk.leave(phase.grid);
  }
}

// Result: kOrder, of the weights; g, the sums; kRows: 1, or 2, where g holds every second row of pixels, the first half
// of a tile's columns is of those, and the second half of the pixels below them. store<Tile>(sums, staging, tile, warp)
// puts a warp's sums of a tile where they belong, add_slices<kBlockM, kBlockN>(grid, patch) those of a patch's parts.
template <class Tile, class Result>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_kernel(
    const __grid_constant__ TensorOperand weights, const __grid_constant__ Phases<Result> phases) {
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      if constexpr (Tile::kCluster == 1) {
        load_pieces<Tile, SharedOperand::NONE>(ring, weights, phases);
      } else if (shared_operand<Tile>(phases.of[0].grid) == SharedOperand::B) {
        load_pieces<Tile, SharedOperand::B>(ring, weights, phases);
      } else {
        load_pieces<Tile, SharedOperand::A>(ring, weights, phases);
      }
    }
  } else {
    setmaxnreg_inc<Tile::kConsumerRegisters>();
    RingPosition<Tile::kStages> at;
    PieceWalk walk;
    for (int i = 0; i < phases.count; ++i) {
      const Phase<Result>& phase = phases.of[i];
      const SplitGrid& grid = phase.grid;
      consume_grid<Tile>(at, walk, ring, grid, [&](const auto& sums, int64_t index, const SplitTile& tile, int warp) {
        if (grid.parts != nullptr) return store_part<Tile>(sums, grid, index, warp);
        phase.result.template store<Tile>(sums, ring.staging(warp), tile, warp);
      });
    }
  }
  leave_cluster<Tile>();
}

// A block for a patch of a tile that is there in parts.
template <int kBlockM, int kBlockN, class Result>
__global__ __launch_bounds__(kSumThreads, kSumBlocks) void add_phases_kernel(
    const __grid_constant__ Phases<Result> phases) {
  constexpr int kOfTile = kPatches<kBlockM, kBlockN>;
  int64_t patch = blockIdx.x;
  const Phase<Result>* phase = phases.of;
  while (patch >= phase->part_tiles() * kOfTile) patch -= phase++->part_tiles() * kOfTile;
  phase->result.template add_slices<kBlockM, kBlockN>(phase->grid, patch);
}

template <class Tile_>
struct TileTag {
  using Tile = Tile_;
};

template <TensorType kType, int kChunkBytes, bool kRowsOfA, class Body>
void with_chunks(const HopperPlan& plan, Body&& body) {
  if (plan.pairs) {
    if (plan.tile == GemmTile::LARGE) {
      return body(TileTag<HopperTile<kType, 128, 256, kChunkBytes, kRowsOfA, false, 2>>{});
    }
    return body(TileTag<HopperTile<kType, 128, 128, kChunkBytes, kRowsOfA, false, 2>>{});
  }
  switch (plan.tile) {
    case GemmTile::SMALL: return body(TileTag<HopperTile<kType, 64, 256, kChunkBytes, kRowsOfA, false>>{});
    case GemmTile::MEDIUM: return body(TileTag<HopperTile<kType, 128, 128, kChunkBytes, kRowsOfA, false>>{});
    default: return body(TileTag<HopperTile<kType, 128, 256, kChunkBytes, kRowsOfA, false>>{});
  }
}

// Calls body(TileTag<HopperTile<..>>) with the tile of a plan and stages of one chunk or two.
template <TensorType kType, bool kRowsOfA = false, class Body>
void with_tile(const HopperPlan& plan, bool half, Body&& body) {
  if (half) return with_chunks<kType, 64, kRowsOfA>(plan, body);
  with_chunks<kType, 128, kRowsOfA>(plan, body);
}

// The work of a launch on these sums: results[i] holds phase i. `source`: what all of them read.
template <class Tile, class Result>
Phases<Result> work_of(const HopperPlan& plan, const std::vector<HopperProduct>& products,
                       const std::vector<Result>& results, const OperandView& source, void* parts) {
  Phases<Result> work{};
  float* free = static_cast<float*>(parts);
  for (const Result& result : results) {
    const HopperProduct& product = products[static_cast<size_t>(work.count)];
    Phase<Result>& phase = work.of[work.count++];
    phase.result = result;
    phase.grid = split_grid<Tile>(plan_of(plan, products.front(), product), product, free);
    const int pixels = copied_pixels<Tile, Result::kRows>(shared_operand<Tile>(phase.grid));
    phase.pixels = pixel_map(first_pixels(result.g, source), pixels, Tile::kChunkBytes);
    free += phase.part_tiles() * phase.grid.slices * (Tile::kBlockM * Tile::kBlockN);
  }
  return work;
}

template <class Tile, class Result>
void run_work(cudaStream_t stream, const TensorOperand& weights, const Phases<Result>& work) {
  int64_t pieces = 0, tiles = 0;
  for (int i = 0; i < work.count; ++i) {
    pieces += work.of[i].grid.pieces();
    tiles += work.of[i].part_tiles();
  }
  launch_pieces<Tile>(conv2d_hopper_kernel<Tile, Result>, pieces, stream, weights, work);
  if (tiles == 0) return;
  const dim3 patches(static_cast<unsigned>(tiles * kPatches<Tile::kBlockM, Tile::kBlockN>));
  launch_early(add_phases_kernel<Tile::kBlockM, Tile::kBlockN, Result>, patches, 1, dim3(kSumThreads), 0, stream, work);
}

}  // namespace azj::cuda
