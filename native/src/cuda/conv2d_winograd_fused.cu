// Winograd's F(4x4, 3x3) or F(2x2, 3x3) in one kernel: neither the transformed inputs nor the products are written to
// memory.
//
//   block -> 32 tiles of the 32 filters of a panel; 12 warps, each 3 of the 36 points, or 8, each 2 of the 16; a lane
//   8 filters x 4 tiles of each
//
// A step takes 4 channels. While they are multiplied, the filters of the next step arrive by cp.async, and four warps,
// one on each scheduler of the multiprocessor, transform its inputs: a lane one tile of one channel. The warps take
// turns with it, so that the work of every third or second step hides behind the products of the others.
//
// Shared memory, in two buffers: U[channel][point][filter], V[channel][point][tile]. A channel of 4x4 tiles makes
// 36 * 32 * 32 multiply-adds of 36 * 32 words of U and about 32 * 28 of x: 18 for each word, which the L2 cache just
// delivers; a block has all registers of a multiprocessor, so that it cannot be more. Of 2x2 tiles two blocks share it.
// docs/performance-gpu.md counts.
#include "conv2d_winograd.cuh"
#include "ptx.cuh"
#include "tile_launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kFilters = 32, kTiles = 32;  // of a block
constexpr int kDepth = 4;                  // channels of a step
constexpr int kLaneFilters = 8, kLaneTiles = 4;
constexpr int kHalfFilters = kFilters / 2;
static_assert(kFilters == kTiles && kTiles == 32, "U and V have one shape, and a lane transforms one tile");

// F: Winograd4x4 or Winograd2x2.
template <class F>
struct Block {
  static constexpr int kPoints = F::kPoints == 36 ? 3 : 2;  // of a warp
  static constexpr int kWarps = F::kPoints / kPoints;
  static constexpr int kThreads = kWarps * 32;
  static constexpr int kResident = F::kPoints == 36 ? 1 : 2;  // on a multiprocessor
  static constexpr int kTurns = kWarps / kDepth;
  static constexpr int kChannelFloats = F::kPoints * kTiles;
  static constexpr int kOperandFloats = kDepth * kChannelFloats;
  static constexpr size_t kSharedBytes = kWinogradFusedSharedBytes<F>;
  static_assert(kWarps * kPoints == F::kPoints && kTurns * kDepth == kWarps, "warps share points and turns evenly");
  static_assert(2 * 2 * kOperandFloats * sizeof(float) == kSharedBytes, "");
  // m[point][filter][tile] of half of the filters takes the place of the buffers.
  static_assert(F::kPoints * kHalfFilters * kTiles * sizeof(float) <= kSharedBytes, "");

  using Sums = float[kPoints][kLaneFilters][kLaneTiles];
};

// U of one step: a whole piece of memory.
template <class F>
__device__ void copy_filters(const float* u, float* shared) {
  constexpr int kThreads = Block<F>::kThreads, kCopies = Block<F>::kOperandFloats / 4 / kThreads;
  static_assert(kCopies * 4 * kThreads == Block<F>::kOperandFloats, "every thread copies the same number of words");
#pragma unroll
  for (int i = 0; i < kCopies; ++i) {
    const int at = (i * kThreads + static_cast<int>(threadIdx.x)) * 4;
    cp_async_16(shared + at, u + at);
  }
}

// V of one channel; plane: that of the lane's tile, not read beyond the window.
template <class F>
__device__ __forceinline__ void transform_inputs(const PlaneWindow<F::kIn>& window, const float* plane,
                                                 float* v) {
  winograd_both_sides<typename F::Input>([&](int i, int j) { return window.load(plane, i, j); },
                                     [&](int i, int j, float value) { v[(i * F::kIn + j) * kTiles] = value; });
}

// A lane's filters are two groups of 4, 16 apart; its tiles one group of 4.
__device__ __forceinline__ int lane_filter() { return static_cast<int>(threadIdx.x) % 32 / 8 * 4; }
__device__ __forceinline__ int lane_tile() { return static_cast<int>(threadIdx.x) % 8 * 4; }

template <class F>
__device__ __forceinline__ void multiply(typename Block<F>::Sums& sums, const float* u, const float* v) {
  constexpr int kPoints = Block<F>::kPoints;
  const int warp = threadIdx.x / 32;
  u += warp * kPoints * kFilters + lane_filter();
  v += warp * kPoints * kTiles + lane_tile();
#pragma unroll 1
  for (int c = 0; c < kDepth; ++c, u += Block<F>::kChannelFloats, v += Block<F>::kChannelFloats) {
#pragma unroll
    for (int p = 0; p < kPoints; ++p) {
      const float4 low = *reinterpret_cast<const float4*>(u + p * kFilters);
      const float4 high = *reinterpret_cast<const float4*>(u + p * kFilters + kHalfFilters);
      const float4 tiles = *reinterpret_cast<const float4*>(v + p * kTiles);
      const float a[kLaneFilters] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
      const float b[kLaneTiles] = {tiles.x, tiles.y, tiles.z, tiles.w};
#pragma unroll
      for (int i = 0; i < kLaneFilters; ++i) {
#pragma unroll
        for (int j = 0; j < kLaneTiles; ++j) sums[p][i][j] += a[i] * b[j];
      }
    }
  }
}

// The sums of filters half * 16 .. + 15 of the panel: m[point][filter][tile].
template <class F, int kHalf>
__device__ __forceinline__ void stage(const typename Block<F>::Sums& sums, float* m) {
  constexpr int kPoints = Block<F>::kPoints;
  const int first_point = static_cast<int>(threadIdx.x) / 32 * kPoints;
#pragma unroll
  for (int p = 0; p < kPoints; ++p) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float* from = sums[p][kHalf * 4 + i];
      float* to = m + ((first_point + p) * kHalfFilters + lane_filter() + i) * kTiles + lane_tile();
      *reinterpret_cast<float4*>(to) = make_float4(from[0], from[1], from[2], from[3]);
    }
  }
}

// grid: the panels of filters for each 32 tiles, so that blocks of the same tiles run together.
template <class F, bool kPools>
__global__ __launch_bounds__(Block<F>::kThreads, Block<F>::kResident) void winograd_fused_kernel(
    const __grid_constant__ WinogradProblem p, const __grid_constant__ WinogradTiles tiles,
    const __grid_constant__ WinogradFilters layout, const float* u, bool vectors) {
  constexpr int kThreads = Block<F>::kThreads, kOperandFloats = Block<F>::kOperandFloats;
  float* const shared = dynamic_shared<float>();
  const int panel = static_cast<int>(blockIdx.x) % layout.panels;
  const int first_tile = static_cast<int>(blockIdx.x) / layout.panels * kTiles;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int64_t plane = int64_t{p.height} * p.width;
  const int steps = layout.channels / kDepth;
  u += panel * layout.panel;

  const bool inside = first_tile + lane < tiles.count;
  const WinogradTile tile(tiles, inside ? first_tile + lane : 0);
  PlaneWindow<F::kIn> window(tile.row - p.pad_h, tile.column - p.pad_w, inside ? p.height : 0, p.width);
  const float* const planes = p.x + tile.sample * p.channels * plane;

  // Buffers: U, V of even steps, then of odd ones.
  const auto start = [&](int step) {
    float* const buffer = shared + step % 2 * 2 * kOperandFloats;
    copy_filters<F>(u + int64_t{step} * kOperandFloats, buffer);
    cp_async_commit();
    if (warp / kDepth != step % Block<F>::kTurns) return;
    const int channel = step * kDepth + warp % kDepth;
    PlaneWindow<F::kIn> of_channel = window;
    if (channel >= p.channels) of_channel.rows = 0;
    transform_inputs<F>(of_channel, planes + channel * plane,
                        buffer + kOperandFloats + warp % kDepth * Block<F>::kChannelFloats + lane);
  };

  typename Block<F>::Sums sums = {};
  start(0);
#pragma unroll 1
  for (int step = 0; step < steps; ++step) {
    cp_async_wait<0>();
    __syncthreads();  // this step is there for every thread, and no thread still reads the buffer of the one before
    if (step + 1 < steps) start(step + 1);
    const float* buffer = shared + step % 2 * 2 * kOperandFloats;
    multiply<F>(sums, buffer, buffer + kOperandFloats);
  }

#pragma unroll 1
  for (int half = 0; half < 2; ++half) {
    __syncthreads();  // nobody reads the buffers any more
    if (half == 0) {
      stage<F, 0>(sums, shared);
    } else {
      stage<F, 1>(sums, shared);
    }
    __syncthreads();
#pragma unroll 1
    for (int i = static_cast<int>(threadIdx.x); i < kHalfFilters * kTiles; i += kThreads) {
      const int in_half = i / kTiles, index = first_tile + i % kTiles;
      const int filter = panel * kFilters + half * kHalfFilters + in_half;
      if (index >= tiles.count || filter >= p.filters) continue;
      winograd_store<F, kPools>(p, WinogradTile(tiles, index), filter, vectors, [&](int point) {
        return shared[(point * kHalfFilters + in_half) * kTiles + i % kTiles];
      });
    }
  }
}

}  // namespace

template <class F>
WinogradFilters winograd_fused_filters(const WinogradProblem& p) {
  WinogradFilters f{};
  f.width = kFilters;
  f.panels = static_cast<int>(divide_up(p.filters, kFilters));
  f.channels = static_cast<int>(divide_up(p.channels, kDepth) * kDepth);
  f.point = kFilters;
  f.channel = Block<F>::kChannelFloats;
  f.panel = int64_t{f.channels} * Block<F>::kChannelFloats;
  return f;
}

template <class F>
void winograd_fused(cudaStream_t stream, const WinogradProblem& p, const float* u) {
  const WinogradFilters filters = winograd_fused_filters<F>(p);
  const WinogradTiles tiles(F::kOut, p.samples, p.out_h, p.out_w);
  const unsigned blocks = tile_count(tiles.count, p.filters, kTiles, kFilters);
  launch_tile<Block<F>>(p.pools ? winograd_fused_kernel<F, true> : winograd_fused_kernel<F, false>, dim3(blocks),
                        stream, p, tiles, filters, u, winograd_vectors<F>(p));
}

template WinogradFilters winograd_fused_filters<Winograd4x4>(const WinogradProblem&);
template WinogradFilters winograd_fused_filters<Winograd2x2>(const WinogradProblem&);
template void winograd_fused<Winograd4x4>(cudaStream_t, const WinogradProblem&, const float*);
template void winograd_fused<Winograd2x2>(cudaStream_t, const WinogradProblem&, const float*);

}  // namespace azj::cuda
