// Forward convolution of float32 tensors on Hopper's tensor cores that ends in 2x2 max pooling with stride 2,
// azj_conv2d_pool_forward(): the product of conv2d_hopper.cu with its pixels in another order, that of
// bf16_conv2d_pool.cu. The four sums of a window are one thread's (hopper_pool_store.cuh). Of the convolution's output, 4
// bytes written and read for each of its elements, nothing is in memory.
//
//   grid of the sums of slices: a block for 16 channels x 16 windows of a tile, then a thread for one of each
#include "conv2d_hopper_packed.cuh"
#include "hopper_pool_store.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

struct PooledPlanarResult {
  static constexpr WeightOrder kOrder = WeightOrder::TAPS;
  static constexpr int kRows = 2;
  ConvGather g;  // of the windows' upper pixels
  PooledPlanes out;

  template <class Tile>
  __device__ __forceinline__ void store(const float (&sums)[Tile::kSums], float* staging, const SplitTile& tile,
                                        int warp) const {
    const int row = tile.row + Tile::warp_row(warp);
    store_maxima<Tile>(sums, staging, out, tile.product * g.rows + row, g.rows - row, tile.column / 4);
  }

  template <int kBlockM, int kBlockN>
  __device__ __forceinline__ void add_slices(const SplitGrid& grid, int64_t index) const;
};

// As add_patch() does, for the four pixels of a window.
template <int kBlockM, int kBlockN>
__device__ __forceinline__ void PooledPlanarResult::add_slices(const SplitGrid& grid, int64_t index) const {
  constexpr int kWindows = kPatchColumns / 4, kUpper = kSumThreads / 64;  // of a block; warps for upper pixels
  static_assert(kPatchRows * kWindows == kSumThreads, "a window's channel for each thread");
  __shared__ PatchSums sums;
  const Patch patch = find_patch<kBlockM, kBlockN>(grid, index);
  const int first = patch.tile.column / 4 + patch.columns * kWindows, warp = threadIdx.x / 32;
  if (patch.first_row() >= grid.m || first >= out.windows) return;
  const int lower = warp / kUpper * (kBlockN / 16);
  add_parts<kBlockM, kBlockN>(grid, patch, lower + patch.columns * kUpper + warp % kUpper, sums);
  const int j = threadIdx.x % kWindows, r = threadIdx.x / kWindows;
  if (patch.first_row() + r >= grid.m || first + j >= out.windows) return;
  const int channel = patch.tile.product * g.rows + patch.first_row() + r;
  const float bias = channel_bias(out.epilogue, channel);
  WindowMaximum best(finish(out.epilogue, sums.at(r, 2 * j), nullptr, bias));
#pragma unroll
  for (int tap = 1; tap < 4; ++tap) {
    const int column = tap / 2 * (kPatchColumns / 2) + 2 * j + tap % 2;
    best.meet(finish(out.epilogue, sums.at(r, column), nullptr, bias), tap);
  }
  store_maximum(out, WindowPlace(out, first + j), channel, best.value, best.tap);
}

PooledPlanes pooled_planes(const azj_conv2d_desc& d, const ConvSize& s, const ConvGather& g) {
  PooledPlanes out{};
  out.plane = static_cast<int>((s.out_h / 2) * (s.out_w / 2));
  out.sample = d.filters * out.plane;
  out.width = static_cast<int>(s.out_w);
  out.in_plane = Divisor(out.plane);
  out.in_row = Divisor(s.out_w / 2);
  out.epilogue = g.epilogue;
  return out;
}

}  // namespace

void conv2d_hopper_pool_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x,
                                const float* w, const float* bias, float* y, int32_t* argmax, void* workspace,
                                const HopperPlan& wanted) {
  const ConvSize s(d);
  const ConvGather unviewed = forward_gather(d, s, x, w, bias, nullptr), all = on_view(unviewed);
  for_packed_products(stream, d, s, math, unviewed, w, workspace,
                      [&](const PackedOperands& o, int64_t first, int samples) {
    PooledPlanarResult result{upper_pixels(all), pooled_planes(d, s, all)};
    result.g.samples = samples;
    result.out.y = y + first * result.out.sample;
    result.out.argmax = argmax == nullptr ? nullptr : argmax + first * result.out.sample;
    result.out.windows = samples * result.out.plane;
    std::vector<HopperProduct> product = packed_products({all}, math, samples);
    HopperPlan plan = complete_plan(wanted, product);  // that of conv2d_hopper_forward(): its slices, and its bits
    product.front().n = 4 * int64_t{result.out.windows};
    plan = complete_plan({plan.tile, plan.slices, wanted.pairs}, product);
    run_packed(stream, math, std::vector<PooledPlanarResult>{result}, product, o, plan);
  });
}

}  // namespace azj::cuda
