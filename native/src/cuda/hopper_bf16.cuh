// Tiles of hopper_tile.cuh whose sums become BF16, and the way of a consumer's sums from registers to a row-major
// matrix of BF16 (to one of float32: hopper_store.cuh).
//
// A warp has 16 rows. They are rounded into shared memory 64 columns at a time, swizzled, so that no two lanes meet in
// a bank, and the copy engine stores them: whole lines, and nothing beyond the matrix. The warp waits for no store, only
// for the reading of the last but one.
#pragma once

#include "hopper_tile.cuh"

namespace azj::cuda {

template <int kBlockM, int kBlockN, bool kRowsOfA, bool kRowsOfB, int kCluster = 1>
struct Bf16Tile : HopperTile<TensorType::BF16, kBlockM, kBlockN, 128, kRowsOfA, kRowsOfB, kCluster> {
  using Base = HopperTile<TensorType::BF16, kBlockM, kBlockN, 128, kRowsOfA, kRowsOfB, kCluster>;
  static constexpr int kBoxRows = 16, kBoxColumns = 64, kBoxBytes = kBoxRows * kBoxColumns * 2;
  static constexpr int kBoxes = Base::kTurns ? 1 : 2;  // of a warp; the consumer that stores out of turn may wait
  // Of a warp: its boxes, or what store_sums() takes for parts, on 1024 bytes.
  static constexpr int kWarpBytes = Base::kTurns ? 3072 : 4096;
  static_assert(kWarpBytes >= kBoxes * kBoxBytes && kWarpBytes >= int{sizeof(float)} * Base::kStoreFloats, "they fit");
  static constexpr size_t kSharedBytes =
      Base::kAlignment + Base::kStages * Base::kStageBytes + Base::kConsumers * 4 * kWarpBytes;
  static_assert((kBlockN / kBoxColumns) % kBoxes == 0, "every tile begins with the first box");
};

// What a warp, 0 .. 7 of the consumers, stores through.
template <class Tile>
__device__ inline unsigned char* warp_boxes(const Ring<Tile>& ring, int warp) {
  return ring.stages + Tile::kStages * Tile::kStageBytes + warp * Tile::kWarpBytes;
}

// One warp's sums, to the rows from `row` and the columns from `column` of the matrix of a map for boxes of kBoxRows x
// kBoxColumns. Before the kernel ends, finish_stores().
template <class Tile>
__device__ __forceinline__ void store_bf16(const float (&sums)[Tile::kSums], unsigned char* boxes,
                                           const CUtensorMap* map, int row, int column) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / Tile::kBoxColumns; ++part) {
    unsigned char* const box = boxes + part % Tile::kBoxes * Tile::kBoxBytes;
    if (lane == 0) bulk_wait_read<Tile::kBoxes - 1>();
    __syncwarp();
#pragma unroll
    for (int i = 0; i < Tile::kBoxColumns / 8; ++i) {
      const float* const sum = sums + part * Tile::kBoxColumns / 2 + 4 * i;
      unsigned char* const to = box + g * Tile::kRowBytes + (i ^ g) * 16 + t * 4;
      *reinterpret_cast<uint32_t*>(to) = cvt_bf16x2(sum[0], sum[1]);
      *reinterpret_cast<uint32_t*>(to + 8 * Tile::kRowBytes) = cvt_bf16x2(sum[2], sum[3]);
    }
    fence_proxy_async();
    __syncwarp();
    if (lane == 0) {
      tensor_store_4d(map, column + part * Tile::kBoxColumns, row, 0, 0, box);
      bulk_commit();
    }
  }
}

// Every thread that may have stored: shared memory is not given up before it has been read.
__device__ inline void finish_stores() {
  if (threadIdx.x % 32 == 0) bulk_wait_read<0>();
}

}  // namespace azj::cuda
