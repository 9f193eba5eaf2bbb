// Sums of taps on Hopper's tensor cores (compute capability 9.0), forward convolution and gradient to the input, for
// float32 tensors that are packed first (conv2d_hopper.cu) and for BF16 tensors as they lie (bf16_conv2d.cu):
//
//   y[filters x pixels] = w[filters x (taps, channels)] * X_unroll[(taps, channels) x pixels]          N(20), T2.6.1
//   dx[channels x pixels of a phase] = w'[channels x (taps, filters)] * dZ_unroll                      N(46)
//
// The product is that of hopper_tile.cuh. X_unroll exists nowhere: the copy engine's im2col mode walks over the pixels
// of the result, of all samples one after the other, and brings for one tap 128 bytes of channels of each. For that the
// source lies by pixels, channels last. The phases of a strided gradient (ConvGather) are launched one after the other.
//
//   stage -> 128 bytes of k: one tap's 32 TF32 or 64 BF16 channels, or two taps' 16 or 32 where fewer are then filled
//     up with zeros; layers of few channels still waste most of the work
//   grid: one block on each multiprocessor, which walks over the tiles of all groups, or their slices
//     (hopper_split.cuh)
#pragma once

#include <algorithm>
#include <vector>

#include "conv2d_hopper.hpp"
#include "conv2d_implicit.cuh"
#include "hopper_split.cuh"

namespace azj::cuda {

// How the weights lie, outermost axis first: by taps, [group][tap][row][channel], or by filters,
// [filter][tap][channel], whose rows are filters or, of a tile whose A lies along the rows, channels.
enum class WeightOrder { TAPS, FILTERS };

// The weights of a tile's rows: chunk `chunk` of a stage, from k = `channel` of one tap on.
template <class Tile, WeightOrder kOrder>
__device__ inline void load_weights(unsigned char* to_a, int chunk, const TensorOperand& weights, int channel, int row,
                                    int tap, int group, uint64_t* barrier) {
  if constexpr (Tile::kRowsOfA) {
    static_assert(kOrder == WeightOrder::FILTERS, "weights by taps lie along k");
    constexpr int kBlock = Tile::kRowBytes / 2;  // rows in a box
    for (int block = 0; block < Tile::kBlockM / kBlock; ++block) {
      unsigned char* const to = to_a + (block * Tile::kDepth + chunk * Tile::kChunkDepth) * Tile::kRowBytes;
      tensor_load_4d(to, &weights.map, row + block * kBlock, tap, channel, 0, barrier);
    }
  } else {
    unsigned char* const to = to_a + chunk * (Tile::kBlockM * Tile::kChunkBytes);
    if constexpr (kOrder == WeightOrder::FILTERS) {
      tensor_load_4d(to, &weights.map, channel, tap, row, 0, barrier);
    } else {
      tensor_load_4d(to, &weights.map, channel, row, tap, group * weights.group, barrier);
    }
  }
}

// Result: kOrder, of the weights; g, the sums; store<Tile>(sums, staging, tile, warp) puts a warp's sums of a tile
// where they belong.
template <class Tile, class Result>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_kernel(const __grid_constant__ TensorOperand weights,
                                                                          const __grid_constant__ CUtensorMap pixels,
                                                                          const __grid_constant__ Result result,
                                                                          const __grid_constant__ SplitGrid grid) {
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  RingPosition<Tile::kStages> at;
  const ConvGather& g = result.g;
  const int chunks = (g.channels - 1) / Tile::kChunkDepth + 1, taps = g.taps_h * g.taps_w;  // chunks of a tap
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        const GatherPixel first(g, tile.column);
        const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
        const int sample = tile.product * g.samples + first.sample;
        load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
#pragma unroll
          for (int i = 0; i < Tile::kChunks; ++i) {
            const int chunk = (tile.first_step + step) * Tile::kChunks + i, of_tap = chunk / chunks;
            const int tap = of_tap < taps ? of_tap : 0;  // the last stage may have a chunk too many, of zeros
            const int channel = (of_tap < taps ? chunk - tap * chunks : chunks) * Tile::kChunkDepth;
            const int r = g.tap_row.quotient(tap), s = g.tap_row.remainder(tap, r);
            const int weight_tap = g.first_tap + r * g.weight_tap_h + s * g.weight_tap_w;
            load_weights<Tile, Result::kOrder>(to_a, i, weights, channel, tile.row, weight_tap, tile.product, barrier);
            tensor_load_im2col(to_b + i * (Tile::kBlockN * Tile::kChunkBytes), &pixels, channel, w, h, sample,
                               static_cast<uint16_t>(s * g.tap_w), static_cast<uint16_t>(r * g.tap_h), barrier);
          }
        });
      }
    }
  } else {
    consume_pieces<Tile>(at, ring, grid, [&](const auto& sums, int64_t index, const SplitTile& tile, int warp) {
      if (grid.parts != nullptr) return store_part<Tile>(sums, ring.staging(warp), grid, index, warp);
      result.template store<Tile>(sums, ring.staging(warp), tile, warp);
    });
  }
}

// Stages of a sum whose channels, of `bytes` bytes each, come in chunks of so many bytes.
inline int64_t steps_of(const ConvGather& g, int bytes, int64_t chunk_bytes) {
  const int64_t of_tap = divide_up(int64_t{g.channels} * bytes, chunk_bytes);
  return divide_up(int64_t{g.taps_h} * g.taps_w * of_tap, 128 / chunk_bytes);
}

// Two taps share a stage where that makes fewer of them.
inline bool half_chunks(const ConvGather& g, int bytes) { return steps_of(g, bytes, 64) < steps_of(g, bytes, 128); }

inline HopperProduct product_of(const ConvGather& g, int bytes, int64_t samples, TileStore store) {
  const int64_t steps = std::min(steps_of(g, bytes, 64), steps_of(g, bytes, 128));
  return {g.rows, samples * g.pixels_h * g.pixels_w, g.groups, steps, store};
}

template <class Tile_>
struct TileTag {
  using Tile = Tile_;
};

template <TensorType kType, int kChunkBytes, bool kRowsOfA, class Body>
void with_chunks(GemmTile tile, Body&& body) {
  switch (tile) {
    case GemmTile::SMALL: return body(TileTag<HopperTile<kType, 64, 256, kChunkBytes, kRowsOfA, false>>{});
    case GemmTile::MEDIUM: return body(TileTag<HopperTile<kType, 128, 128, kChunkBytes, kRowsOfA, false>>{});
    default: return body(TileTag<HopperTile<kType, 128, 256, kChunkBytes, kRowsOfA, false>>{});
  }
}

// Calls body(TileTag<HopperTile<..>>) with the tile of a plan and stages of one chunk or two.
template <TensorType kType, bool kRowsOfA = false, class Body>
void with_tile(GemmTile tile, bool half, Body&& body) {
  if (half) return with_chunks<kType, 64, kRowsOfA>(tile, body);
  with_chunks<kType, 128, kRowsOfA>(tile, body);
}

// The phases of the gradient to the input that any tap meets.
inline std::vector<ConvGather> phases_of(const azj_conv2d_desc& d, const ConvSize& s, const float* grad_z,
                                         const float* w, float* grad_x) {
  std::vector<ConvGather> phases;
  for_phases(d, s, grad_z, w, grad_x, [&](const ConvGather& phase) {
    if (phase.taps_h > 0 && phase.taps_w > 0) phases.push_back(phase);
  });
  return phases;
}

// Whether phases_of() leaves any out: pixels that no tap meets, such as three of four with a 1 x 1 kernel and stride 2.
inline bool misses_pixels(const azj_conv2d_desc& d, const std::vector<ConvGather>& phases) {
  return static_cast<int64_t>(phases.size()) < std::min(d.stride_h, d.height) * std::min(d.stride_w, d.width);
}

}  // namespace azj::cuda
