// The sums of slices of k: how a consumer leaves them in memory, and the kernel that adds those of a tile in the order
// of the slices.
//
//   part: one slice of one tile, kBlockM x kBlockN floats as the registers hold them: by 16 rows, by 8 columns, by
//     lanes, each lane's four sums, which wgmma_bf16() names. Parts lie slice by slice, tile by tile
//   patch: 16 rows x 64 columns of a tile
//   grid of the sums: a block for a patch, a warp for 8 of its columns; then a thread for every fourth row of a column
//
// So a warp writes and reads 512 bytes at a time, and only the finished sums change places through shared memory.
// Patches are small because there are few tiles wherever k is cut into many slices. Bound by memory, mostly L2: each
// part is written once and read once.
#pragma once

#include "hopper_split.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

// One warp's sums of piece `index` of the work to their part.
template <class Tile>
__device__ __forceinline__ void store_part(const float (&sums)[Tile::kSums], const SplitGrid& grid, int64_t index,
                                           int warp) {
  float* const strip = grid.parts + (index * Tile::kBlockM + Tile::warp_row(warp)) * Tile::kBlockN;
  float4* const to = reinterpret_cast<float4*>(strip) + threadIdx.x % 32;
#pragma unroll
  for (int i = 0; i < Tile::kSums / 4; ++i) {
    to[32 * i] = make_float4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
  }
}

// All work of a block's consumers where every piece becomes a part.
template <class Tile>
__device__ __forceinline__ void consume_parts(RingPosition<Tile::kStages>& at, const Ring<Tile>& ring,
                                              const SplitGrid& grid) {
  consume_pieces<Tile>(at, ring, grid, [&](const auto& sums, int64_t index, const SplitTile&, int warp) {
    store_part<Tile>(sums, grid, index, warp);
  });
}

constexpr int kPatchRows = 16, kPatchColumns = 64, kSumThreads = 256;
constexpr int kSumBlocks = 3;  // of a multiprocessor: registers for the parts on their way
static_assert(4 * kSumThreads == kPatchRows * kPatchColumns, "four sums a thread");

template <int kBlockM, int kBlockN>
constexpr int kPatches = (kBlockM / kPatchRows) * (kBlockN / kPatchColumns);  // of a tile

struct Patch {
  int64_t tile_index;
  SplitTile tile;
  int row, columns;  // where in the tile it begins, and which 64 of the columns

  __device__ int first_row() const { return tile.row + row; }
  __device__ int first_column() const { return tile.column + columns * kPatchColumns; }
};

// Patch `index` of all tiles, whose parts are there afterwards.
template <int kBlockM, int kBlockN>
__device__ inline Patch find_patch(const SplitGrid& grid, int64_t index) {
  constexpr int kAcross = kBlockN / kPatchColumns;
  const int64_t tile = index / kPatches<kBlockM, kBlockN>;
  const int in_tile = static_cast<int>(index - tile * kPatches<kBlockM, kBlockN>);
  const Patch patch{tile, SplitTile(grid, tile, kBlockM, kBlockN), in_tile / kAcross * kPatchRows, in_tile % kAcross};
  begin_next_grid();
  wait_for_grid_before();
  return patch;
}

struct PatchSums {
  static constexpr int kPitch = kPatchColumns + 8;  // four rows of 8 columns do not share a bank
  float v[kPatchRows * kPitch];

  __device__ float at(int row, int column) const { return v[row * kPitch + column]; }
};

// sum += the next kCount parts, in their order. All are on their way before the first is added.
template <int kCount>
__device__ __forceinline__ void add_next(float4& sum, const float4*& from, int64_t stride) {
  float4 parts[kCount];
#pragma unroll
  for (int i = 0; i < kCount; ++i) parts[i] = from[i * stride];
#pragma unroll
  for (const float4& part : parts) {
    sum.x += part.x;
    sum.y += part.y;
    sum.z += part.z;
    sum.w += part.w;
  }
  from += kCount * stride;
}

// The parts of a patch, added in the order of the slices. Every thread of the block takes part and may read all sums
// afterwards. This warp's 8 columns, which become columns 8 * warp .. of the sums, are number `eight` of the tile's.
template <int kBlockM, int kBlockN>
__device__ __forceinline__ void add_parts(const SplitGrid& grid, const Patch& patch, int eight, PatchSums& sums) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const float* const strip = grid.parts + (patch.tile_index * kBlockM + patch.row) * kBlockN;
  const float4* from = reinterpret_cast<const float4*>(strip) + eight * 32 + lane;
  const int64_t stride = grid.tiles * (kBlockM * kBlockN / 4);
  float4 sum = {};
  int left = grid.slices;
  for (; left >= 8; left -= 8) add_next<8>(sum, from, stride);
  if (left & 4) add_next<4>(sum, from, stride);
  if (left & 2) add_next<2>(sum, from, stride);
  if (left & 1) add_next<1>(sum, from, stride);
  float* const to = sums.v + g * sums.kPitch + threadIdx.x / 32 * 8 + 2 * t;
  *reinterpret_cast<float2*>(to) = make_float2(sum.x, sum.y);
  *reinterpret_cast<float2*>(to + 8 * sums.kPitch) = make_float2(sum.z, sum.w);
  __syncthreads();
}

// The elements of C of a patch. Result: where they are, float32 or BF16. column(product, j): C(0, j), or nullptr for a
// column that only fills a tile; row_stride(); epilogue(product).
template <int kBlockM, int kBlockN, class Result>
__device__ __forceinline__ void add_patch(const SplitGrid& grid, const Result& result, int64_t index) {
  __shared__ PatchSums sums;
  const Patch patch = find_patch<kBlockM, kBlockN>(grid, index);
  const int first = patch.first_row(), product = patch.tile.product;
  if (first >= grid.m || patch.first_column() >= grid.n) return;
  add_parts<kBlockM, kBlockN>(grid, patch, patch.columns * (kPatchColumns / 8) + threadIdx.x / 32, sums);
  const int in_patch = threadIdx.x % kPatchColumns, column = patch.first_column() + in_patch;
  auto* const top = column < grid.n ? result.column(product, column) : nullptr;
  if (top == nullptr) return;
  const GemmEpilogue epilogue = result.epilogue(product);
  const float bias = column_bias(epilogue, column);
  for (int r = threadIdx.x / kPatchColumns; r < kPatchRows && first + r < grid.m; r += kSumThreads / kPatchColumns) {
    auto* const c = top + (first + r) * result.row_stride();
    store_finished(epilogue, sums.at(r, in_patch), c, bias + row_bias(epilogue, first + r));
  }
}

template <int kBlockM, int kBlockN, class Result>
__global__ __launch_bounds__(kSumThreads, kSumBlocks) void add_slices_kernel(
    const __grid_constant__ SplitGrid grid, const __grid_constant__ Result result) {
  add_patch<kBlockM, kBlockN>(grid, result, blockIdx.x);
}

template <class Tile, class Result>
void add_slices(cudaStream_t stream, const SplitGrid& grid, const Result& result) {
  const int64_t patches = grid.tiles * kPatches<Tile::kBlockM, Tile::kBlockN>;
  launch_early(add_slices_kernel<Tile::kBlockM, Tile::kBlockN, Result>, dim3(static_cast<unsigned>(patches)), 1,
               dim3(kSumThreads), 0, stream, grid, result);
}

}  // namespace azj::cuda
