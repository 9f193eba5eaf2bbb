// The way of a consumer's sums from registers to a row-major matrix of float32 or BF16 by the copy engine, and tiles
// with the shared memory for it. (To a matrix that has no tensor map: hopper_store.cuh.)
//
// A warp has 16 rows. They go into shared memory in boxes of 128 bytes of each row, swizzled, and the copy engine
// stores them: whole lines, and nothing beyond its map. But it writes 16 bytes at a time, whatever the map says, so
// the map holds the columns that fill granules of 16 bytes (result_map()), and threads store the few behind them. The
// warp waits for no store, only for the reading of the last but one.
#pragma once

#include <type_traits>

#include "hopper_tile.cuh"

namespace azj::cuda {

template <class Element_, class Base>
struct BoxedTile : Base {
  using Element = Element_;
  static constexpr int kBoxRows = 16, kBoxColumns = 128 / sizeof(Element), kBoxBytes = kBoxRows * 128;
  static constexpr int kGranule = 16 / sizeof(Element);
  static constexpr int kBoxes = Base::kTurns ? 1 : 2;  // of a warp; the consumer that stores out of turn may wait
  // Of a warp: its boxes, or what store_sums() takes, on 1024 bytes.
  static constexpr int kWarpBytes = Base::kTurns ? 3072 : 4096;
  static_assert(kWarpBytes >= kBoxes * kBoxBytes && kWarpBytes >= int{sizeof(float)} * Base::kStoreFloats, "they fit");
  static constexpr size_t kSharedBytes =
      Base::kAlignment + Base::kStages * Base::kStageBytes + Base::kConsumers * 4 * kWarpBytes;
  static_assert((Base::kBlockN / kBoxColumns) % kBoxes == 0, "every tile begins with the first box");
};

// What a warp, 0 .. 7 of the consumers, stores through.
template <class Tile>
__device__ inline unsigned char* warp_boxes(const Ring<Tile>& ring, int warp) {
  return ring.stages + Tile::kStages * Tile::kStageBytes + warp * Tile::kWarpBytes;
}

// kBoxColumns of a warp's sums, of which this lane has four of each 8 columns as wgmma_bf16() says, to a box. The
// granules of 16 bytes of row g change places: i is at i ^ g, and so in row g + 8.
template <class Tile>
__device__ __forceinline__ void fill_bf16_box(const float* sums, unsigned char* box) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int i = 0; i < Tile::kBoxColumns / 8; ++i) {
    const float* const sum = sums + 4 * i;
    unsigned char* const to = box + g * Tile::kRowBytes + (i ^ g) * 16 + t * 4;
    *reinterpret_cast<uint32_t*>(to) = cvt_bf16x2(sum[0], sum[1]);
    *reinterpret_cast<uint32_t*>(to + 8 * Tile::kRowBytes) = cvt_bf16x2(sum[2], sum[3]);
  }
}

// 8 columns of float32 are two granules, which lie in the same two places of rows 2 j and 2 j + 1. So odd rows take the
// columns in another order, and no half of a warp meets a bank twice.
template <class Tile>
__device__ __forceinline__ void fill_float_box(const float* sums, unsigned char* box) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const bool odd = g % 2 != 0;
#pragma unroll
  for (int i = 0; i < Tile::kBoxColumns / 8; ++i) {
    const float* const sum = sums + 4 * i;
    const float* const other = sums + 4 * (i ^ 2);
    const int granule = 2 * (odd ? i ^ 2 : i) + t / 2;
    unsigned char* const to = box + g * Tile::kRowBytes + (granule ^ g) * 16 + t % 2 * 8;
    *reinterpret_cast<float2*>(to) = make_float2(odd ? other[0] : sum[0], odd ? other[1] : sum[1]);
    *reinterpret_cast<float2*>(to + 8 * Tile::kRowBytes) =
        make_float2(odd ? other[2] : sum[2], odd ? other[3] : sum[3]);
  }
}

// The columns of a box that fill no granule of C's rows, if it has them: a lane for a row. column: the box's first.
template <class Tile>
__device__ __forceinline__ void store_rest(const unsigned char* box, typename Tile::Element* c, int64_t ldc, int row,
                                           int column, int m, int n) {
  const int lane = threadIdx.x % 32, rest = n % Tile::kGranule, first = n - rest - column;
  if (rest == 0 || first < 0 || first >= Tile::kBoxColumns || lane >= Tile::kBoxRows || row + lane >= m) return;
  const int granule = first / Tile::kGranule ^ lane % 8;
  const auto* const from = reinterpret_cast<const typename Tile::Element*>(box + lane * Tile::kRowBytes + granule * 16);
  for (int i = 0; i < rest; ++i) c[(row + lane) * ldc + column + first + i] = from[i];
}

// One warp's sums, to the rows from `row` and the columns from `column` of C, m x n, which is matrix (z, w) of a map
// for boxes of kBoxRows x kBoxColumns. Before the kernel ends, finish_stores().
template <class Tile>
__device__ __forceinline__ void store_boxes(const float (&sums)[Tile::kSums], unsigned char* boxes,
                                            const CUtensorMap* map, typename Tile::Element* c, int64_t ldc, int row,
                                            int column, int z, int w, int m, int n) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / Tile::kBoxColumns; ++part) {
    unsigned char* const box = boxes + part % Tile::kBoxes * Tile::kBoxBytes;
    if (lane == 0) bulk_wait_read<Tile::kBoxes - 1>();
    __syncwarp();
    if constexpr (std::is_same_v<typename Tile::Element, float>) {
      fill_float_box<Tile>(sums + part * Tile::kBoxColumns / 2, box);
    } else {
      fill_bf16_box<Tile>(sums + part * Tile::kBoxColumns / 2, box);
    }
    fence_proxy_async();
    __syncwarp();
    const int first = column + part * Tile::kBoxColumns;
    if (lane == 0) {
      if (first + Tile::kGranule <= n) tensor_store_4d(map, first, row, z, w, box);
      bulk_commit();
    }
    store_rest<Tile>(box, c, ldc, row, first, m, n);
  }
}

// Every thread that may have stored: shared memory is not given up before it has been read.
__device__ inline void finish_stores() {
  if (threadIdx.x % 32 == 0) bulk_wait_read<0>();
}

}  // namespace azj::cuda
