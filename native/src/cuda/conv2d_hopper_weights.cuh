// What the two ways to the gradient to the weights on wgmma share: conv2d_hopper_shifts.cu and conv2d_hopper_pixels.cu.
//
//   dw[filters x (taps, channels)] = dz[filters x pixels] * X_unroll^T[pixels x (taps, channels)]              N(30)
//
// Columns: for each tap the channels in blocks, the last one of a tap filled up; a tile of C has several blocks. k: the
// pixels of the batch. The tiles, often fewer than multiprocessors, are cut into slices of k (hopper_parts.cuh).
#pragma once

#include "conv2d.hpp"
#include "hopper_parts.cuh"

namespace azj::cuda {

struct TapColumns {
  int taps, taps_w, channels;
  int block, blocks_of_tap;

  TapColumns(const azj_conv2d_desc& d, const ConvSize& s, int block_)
      : taps(static_cast<int>(s.taps)),
        taps_w(static_cast<int>(d.kernel_w)),
        channels(static_cast<int>(s.group_channels)),
        block(block_),
        blocks_of_tap(static_cast<int>(divide_up(s.group_channels, block_))) {}

  int64_t count() const { return int64_t{taps} * blocks_of_tap * block; }
};

// Channels from `channel` of tap (r, s). Those of a block that only fills a tile are beyond the last one: zeros.
struct TapBlock {
  int channel, r, s;
};

__device__ inline TapBlock find_block(const TapColumns& c, int index) {
  const int tap = index / c.blocks_of_tap;
  if (tap >= c.taps) return {c.blocks_of_tap * c.block, 0, 0};
  const int r = tap / c.taps_w;
  return {(index - tap * c.blocks_of_tap) * c.block, r, tap - r * c.taps_w};
}

// Where the sums belong in dw.
struct WeightResult {
  TapColumns columns;
  int filters;  // of a group
  float* grad_w;

  __device__ float* column(int group, int j) const {
    const int block = j / columns.block;
    const TapBlock of = find_block(columns, block);
    const int channel = of.channel + j - block * columns.block;
    if (channel >= columns.channels) return nullptr;
    return grad_w + group * (filters * row_stride()) + channel * columns.taps + of.r * columns.taps_w + of.s;
  }
  __device__ int64_t row_stride() const { return int64_t{columns.channels} * columns.taps; }
  __device__ GemmEpilogue epilogue(int) const { return {}; }
};

// The sums of all launches. Way: samples, how many one launch takes, and product(of so many). launch(first sample,
// samples, grid) leaves the parts of one.
template <class Tile, class Way, class Launch>
void sum_launches(cudaStream_t stream, int64_t batch, const Way& way, const HopperPlan& plan, float* parts,
                  const WeightResult& result, Launch&& launch) {
  SplitGrid all{};
  for (int64_t first = 0; first < batch; first += way.samples) {
    const int64_t samples = std::min(way.samples, batch - first);
    const int slices = all.slices;
    all = split_grid<Tile>(plan, way.product(samples), parts);
    all.parts += slices * all.tiles * (Tile::kBlockM * Tile::kBlockN);
    launch(first, samples, all);
    all.slices += slices;
  }
  all.parts = parts;
  add_slices<Tile>(stream, all, result);
}

// Bytes for the parts of all launches.
template <class Way>
uint64_t part_bytes_of(const Way& way, int64_t batch, const HopperPlan& plan) {
  return static_cast<uint64_t>(divide_up(batch, way.samples)) * part_bytes(plan, way.product(way.samples));
}

}  // namespace azj::cuda
