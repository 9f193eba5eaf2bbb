// Forward convolution of BF16 tensors with channels last that ends in 2x2 max pooling with stride 2,
// azj_bf16_conv2d_pool_forward(): the product of bf16_conv2d.cu with its pixels in another order.
//
//   tile: as many windows, one after the other, as a quarter of its columns; the first half of the columns is their upper
//     pixels, the second half their lower ones
//
// The copy engine walks over every second row of pixels, and a second copy of each tap brings the rows below: the same
// pixels, one row's step further down. So a tile is full whatever the width, and the four sums of a window are one
// thread's (bf16_pool_store.cuh). An odd last row or column is not walked over. Of the convolution's output, 2 bytes
// written and read for each of its elements, nothing is in memory.
//
//   grid of the sums of slices: a block for 16 channels x 16 windows of a tile, then a thread for 8
//     channels of a window
#include "bf16_pool_store.cuh"
#include "conv2d_hopper.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

constexpr int kBytes = sizeof(azj_bf16);

struct PooledResult {
  static constexpr WeightOrder kOrder = WeightOrder::FILTERS;
  static constexpr int kRows = 2;
  ConvGather g;  // of the windows' upper pixels
  PooledOutput out;

  template <class Tile>
  __device__ __forceinline__ void store(const float (&sums)[Tile::kSums], float* staging, const SplitTile& tile,
                                        int warp) const {
    store_maxima<Tile>(sums, staging, out, tile.row + Tile::warp_row(warp), tile.column / 4);
  }

  template <int kBlockM, int kBlockN>
  __device__ __forceinline__ void add_slices(const SplitGrid& grid, int64_t index) const;
};

// As PixelResult's, for the four pixels of a window.
template <int kBlockM, int kBlockN>
__device__ __forceinline__ void PooledResult::add_slices(const SplitGrid& grid, int64_t index) const {
  static_assert(kPatchRows == 2 * kBf16Granule, "two threads write what a block has of a window: 32 bytes");
  constexpr int kWindows = kPatchColumns / 4, kUpper = kSumThreads / 64;  // of a block; warps for upper pixels
  __shared__ PatchSums sums;
  const Patch patch = find_patch<kBlockM, kBlockN>(grid, index);
  const int first = patch.tile.column / 4 + patch.columns * kWindows, warp = threadIdx.x / 32;
  if (patch.first_row() >= out.channels || first >= out.windows) return;
  const int lower = warp / kUpper * (kBlockN / 16);
  add_parts<kBlockM, kBlockN>(grid, patch, lower + patch.columns * kUpper + warp % kUpper, sums);
  const int j = threadIdx.x / 2, window = first + j;
  const int half = threadIdx.x % 2 * kBf16Granule, channel = patch.first_row() + half;
  if (channel >= out.channels || j >= kWindows || window >= out.windows) return;
  Bf16Granule best;
  int taps[kBf16Granule];
#pragma unroll 1
  for (int tap = 0; tap < 4; ++tap) {
    const int column = tap / 2 * (kPatchColumns / 2) + 2 * j + tap % 2;
#pragma unroll
    for (int i = 0; i < kBf16Granule; ++i) {
      const float z = finish_channel(out.epilogue, sums.at(half + i, column), channel + i, out.channels);
      const float value = upper_bf16(cvt_bf16x2(0.0f, z));
      WindowMaximum maximum(tap == 0 ? value : best.v[i]);
      maximum.tap = tap == 0 ? 0 : taps[i];
      if (tap > 0) maximum.meet(value, tap);
      best.v[i] = maximum.value;
      taps[i] = maximum.tap;
    }
  }
  const int64_t at = int64_t{window} * out.pitch + channel;
  store_granule(out.y + at, best);
  if (out.argmax != nullptr) store_taps(out.argmax + at, taps);
}

}  // namespace

void bf16_conv2d_pool_forward(cudaStream_t stream, const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* w,
                              const float* bias, azj_bf16* y, uint8_t* argmax, void* workspace,
                              const HopperPlan& wanted) {
  const ConvSize s(d);
  const int64_t pitch = bf16_pitch(d.channels), out_pitch = bf16_pitch(d.filters);
  const OperandView weights{w, s.taps, d.channels, pitch, 1, d.filters, s.taps * pitch, 1, 0, kBytes};
  const ConvGather all = forward_gather(d, s, nullptr, nullptr, bias, nullptr);
  PooledResult result{upper_pixels(all), {}};
  const int windows = result.g.pixels_h * (result.g.pixels_w / 2);  // of a sample
  result.out.pitch = static_cast<int>(out_pitch);
  result.out.channels = result.g.rows;
  result.out.epilogue = result.g.epilogue;
  const int64_t most = samples_of_product(d, s);
  for (int64_t first = 0; first < d.batch; first += most) {
    const int64_t samples = std::min(most, d.batch - first), before = first * windows * out_pitch;
    result.g.samples = static_cast<int>(samples);
    result.out.y = y + before;
    result.out.argmax = argmax == nullptr ? nullptr : argmax + before;
    result.out.windows = result.g.samples * windows;
    const OperandView pixels = view_pixels(x, d.channels, first, samples, s.in_plane);
    std::vector<HopperProduct> product = products_of({all}, kBytes, samples, TileStore::PIXELS);
    HopperPlan plan = complete_plan(wanted, product);  // that of bf16_conv2d_forward(): its slices, and its bits
    product.front().n = 4 * int64_t{result.out.windows};
    plan = complete_plan({plan.tile, plan.slices, wanted.pairs}, product);
    with_tile<TensorType::BF16>(plan, half_chunks({all}, kBytes), [&](auto tag) {
      using Tile = typename decltype(tag)::Tile;
      const std::vector<PooledResult> results{result};
      const Phases<PooledResult> work = work_of<Tile>(plan, product, results, pixels, workspace);
      const int rows = own_rows<Tile>(shared_operand<Tile>(work.of[0].grid));
      run_work<Tile>(stream, tensor_operand(weights, 1, Tile::kChunkBytes, rows), work);
    });
  }
}

}  // namespace azj::cuda
