// The product of one tile of C by one block on the ordinary (FP32) units: GEMM rung 5, and the implicit-GEMM
// convolutions on it.
//
// Each thread holds kThreadM x kThreadN sums in registers and, for every k, reads kThreadM words of A and kThreadN of B
// from shared memory for kThreadM * kThreadN multiply-adds: 128 for 24 words in the 16 x 8 case, against 1 for 2 in
// rung 4. Shared memory holds kStages steps of kDepth along k: while one is multiplied, the others arrive by cp.async
// (tile_pipeline.cuh).
//
// A warp is 4 (m) x 8 (n) lanes. A lane's rows are groups of 4, 16 rows apart, its columns groups of 4, 32 columns
// apart: the 16-byte reads of a warp then touch 4 neighbours of A and 8 of B, without bank conflicts.
#pragma once

#include "tile_copy.cuh"

namespace azj::cuda {

template <int kBlockM_, int kBlockN_, int kThreadM_, int kThreadN_, int kStages_, int kMinBlocks_>
struct SimtTile {
  static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_;
  static constexpr int kThreadM = kThreadM_, kThreadN = kThreadN_;
  static constexpr int kDepth = 16;
  static constexpr int kStages = kStages_;
  static constexpr int kThreads = kBlockM / kThreadM * (kBlockN / kThreadN);
  static constexpr int kMinBlocks = kMinBlocks_;  // of a multiprocessor: what the registers are held down for
  // Steps along k that the compiler may mix: all of them, unless their loads would not fit the registers. Two blocks of
  // 8 x 8 sums leave 128 for a thread, one of 16 x 8 all that a thread can have.
  static constexpr int kUnroll = kThreadM * kThreadN < 64 ? kDepth : kThreadM * kThreadN == 64 ? 2 : 8;
  static constexpr int kLanesM = 4, kLanesN = 8;
  static constexpr int kWarpsN = kBlockN / (kLanesN * kThreadN);
  static constexpr int kWarpRows = kLanesM * kThreadM;
  using Sums = float[kThreadM][kThreadN];
  using ShapeA = TileShape<kBlockM, kDepth, kBlockM + 4, kThreads, false>;
  using ShapeB = TileShape<kBlockN, kDepth, kBlockN + 4, kThreads, false>;
  static constexpr int kStageFloats = ShapeA::kFloats + ShapeB::kFloats;
  static constexpr size_t kSharedBytes = kStages * kStageFloats * sizeof(float);
  static_assert(kThreadM % 4 == 0 && kThreadN % 4 == 0, "");

  // First row and column of this thread's groups of four, within the tile.
  __device__ static int first_row() {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    return warp / kWarpsN * (kLanesM * kThreadM) + lane / kLanesN * 4;
  }
  __device__ static int first_column() {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    return warp % kWarpsN * (kLanesN * kThreadN) + lane % kLanesN * 4;
  }
  // Row of sum i, column of sum j, from those.
  __device__ static constexpr int row(int i) { return i / 4 * (kLanesM * 4) + i % 4; }
  __device__ static constexpr int column(int j) { return j / 4 * (kLanesN * 4) + j % 4; }

  // Copies the sums of `pass` (rows pass * 16 .. + 15 of every warp) to shared memory, for store_tile().
  __device__ static void stage(const Sums& sums, int pass, float* shared, int pitch) {
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    float* to = shared + (warp / kWarpsN * 16 + lane / kLanesN * 4) * pitch + first_column();
#pragma unroll
    for (int r = 0; r < 4; ++r) {
#pragma unroll
      for (int j = 0; j < kThreadN; j += 4) {
        const float* from = &sums[pass * 4 + r][j];
        *reinterpret_cast<float4*>(to + r * pitch + column(j)) = make_float4(from[0], from[1], from[2], from[3]);
      }
    }
  }

  // sums += one step of A's and B's shared tiles, for multiply_tile().
  __device__ static void multiply_step(Sums& sums, const float* a, const float* b) {
    a += first_row();
    b += first_column();
#pragma unroll kUnroll
    for (int k = 0; k < kDepth; ++k) {
      float4 rows[kThreadM / 4], columns[kThreadN / 4];
#pragma unroll
      for (int i = 0; i < kThreadM / 4; ++i) {
        rows[i] = *reinterpret_cast<const float4*>(a + k * ShapeA::kPitch + row(i * 4));
      }
#pragma unroll
      for (int j = 0; j < kThreadN / 4; ++j) {
        columns[j] = *reinterpret_cast<const float4*>(b + k * ShapeB::kPitch + column(j * 4));
      }
#pragma unroll
      for (int i = 0; i < kThreadM / 4; ++i) {
        const float row[4] = {rows[i].x, rows[i].y, rows[i].z, rows[i].w};
#pragma unroll
        for (int j = 0; j < kThreadN / 4; ++j) {
          const float column[4] = {columns[j].x, columns[j].y, columns[j].z, columns[j].w};
#pragma unroll
          for (int r = 0; r < 4; ++r) {
#pragma unroll
            for (int c = 0; c < 4; ++c) sums[i * 4 + r][j * 4 + c] += row[r] * column[c];
          }
        }
      }
    }
  }
};

// Shared memory 49, 33, 25 and 18 KiB. A wide block has a multiprocessor for itself, and reads 6 words of 16 bytes for
// 128 multiply-adds where a large one reads 4 for 64. Both hide the latency of a copy behind a step's many
// multiply-adds; the smaller the tile, the fewer there are, and the more steps are under way instead.
using WideSimtTile = SimtTile<128, 256, 16, 8, 2, 1>;
using LargeSimtTile = SimtTile<128, 128, 8, 8, 2, 2>;
using MediumSimtTile = SimtTile<64, 64, 8, 4, 3, 4>;
using SmallSimtTile = SimtTile<32, 32, 4, 4, 4, 8>;

}  // namespace azj::cuda
