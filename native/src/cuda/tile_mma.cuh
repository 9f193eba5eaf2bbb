// The product of one tile of C by one block on the tensor cores, with mma.sync: GEMM rungs 6 (TF32) and 7 (BF16), and
// the implicit-GEMM convolutions on them. Inputs are float in memory and in shared memory; they are rounded to nearest
// when a fragment is loaded, and summed in float.
//
// A warp computes kWarpM x kWarpN of C as 16 x 8 products of the instructions m16n8k8 (TF32) and m16n8k16 (BF16). With
// g = lane / 4 and t = lane % 4, an instruction's fragments are
//   A: rows g and g + 8,  B: column g,  C: rows g and g + 8, columns 2t and 2t + 1
//   along k: BF16 the pairs (2t, 2t + 1) and (2t + 8, 2t + 9); TF32 t and t + 4
// The order of k is free as long as A and B agree, so TF32 takes memory's 2t and 2t + 1 for its t and t + 4: both types
// then load pairs (2t, 2t + 1) of a group of 8, in one 8-byte read where the shared tile lies along k.
//
// Pitches, so that the 32 lanes of a load meet 32 banks: [k][m or n] 4 words beyond a multiple of 32 (lane 2t * 4 + g),
// [m or n][k] 8 beyond a multiple of 16 (half a warp a time: g * 8 + 2t).
#pragma once

#include "tile_copy.cuh"

namespace azj::cuda {

enum class TensorType { TF32, BF16 };

// Elements k and k + 1 of row (or column) `line` of a shared tile.
template <class Shape>
__device__ inline float2 load_pair(const float* tile, int line, int k) {
  if constexpr (Shape::kAlongK) {
    return *reinterpret_cast<const float2*>(tile + line * Shape::kPitch + k);
  } else {
    return make_float2(tile[k * Shape::kPitch + line], tile[(k + 1) * Shape::kPitch + line]);
  }
}

// Fragments of kLines lines (16 rows of A: 2 lines, 8 columns of B: 1), 8 or 16 of k from `k`.
// Registers: k first, lines second, as in A's fragment (row g, row g + 8, then the same for the second half of k).
template <TensorType kType, class Shape, int kLines>
__device__ inline void load_fragment(uint32_t (&fragment)[2 * kLines], const float* tile, int first_line, int k) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
  for (int i = 0; i < kLines; ++i) {
    const int line = first_line + g + 8 * i;
    const float2 first = load_pair<Shape>(tile, line, k + 2 * t);
    if constexpr (kType == TensorType::TF32) {
      fragment[i] = cvt_tf32(first.x);
      fragment[kLines + i] = cvt_tf32(first.y);
    } else {
      const float2 second = load_pair<Shape>(tile, line, k + 8 + 2 * t);
      fragment[i] = cvt_bf16x2(first.x, first.y);
      fragment[kLines + i] = cvt_bf16x2(second.x, second.y);
    }
  }
}

template <TensorType kType_, int kBlockM_, int kBlockN_, int kWarpM_, int kWarpN_, bool kAlongKA, bool kAlongKB>
struct MmaTile {
  static constexpr TensorType kType = kType_;
  static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_;
  static constexpr int kWarpRows = kWarpM_, kWarpColumns = kWarpN_;
  static constexpr int kDepth = 16;
  static constexpr int kStages = 3;
  static constexpr int kWarpsN = kBlockN / kWarpColumns;
  static constexpr int kThreads = kBlockM / kWarpRows * kWarpsN * 32;
  static constexpr int kMinBlocks = 512 / kThreads;  // at most 128 registers a thread
  using ShapeA = TileShape<kBlockM, kDepth, kAlongKA ? kDepth + 8 : kBlockM + 4, kThreads, kAlongKA>;
  using ShapeB = TileShape<kBlockN, kDepth, kAlongKB ? kDepth + 8 : kBlockN + 4, kThreads, kAlongKB>;
  static constexpr int kStageFloats = ShapeA::kFloats + ShapeB::kFloats;
  static constexpr size_t kSharedBytes = kStages * kStageFloats * sizeof(float);
  static constexpr int kProductsM = kWarpRows / 16, kProductsN = kWarpColumns / 8;
  using Sums = float[kProductsM][kProductsN][4];

  __device__ static int warp_row() { return threadIdx.x / 32 / kWarpsN * kWarpRows; }
  __device__ static int warp_column() { return threadIdx.x / 32 % kWarpsN * kWarpColumns; }

  // Copies the sums of `pass` (rows pass * 16 .. + 15 of every warp) to shared memory, for store_tile().
  __device__ static void stage(const Sums& sums, int pass, float* shared, int pitch) {
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
    float* to = shared + (threadIdx.x / 32 / kWarpsN * 16 + g) * pitch + warp_column() + 2 * t;
#pragma unroll
    for (int j = 0; j < kProductsN; ++j) {
      const float* from = sums[pass][j];
      *reinterpret_cast<float2*>(to + j * 8) = make_float2(from[0], from[1]);
      *reinterpret_cast<float2*>(to + j * 8 + 8 * pitch) = make_float2(from[2], from[3]);
    }
  }

  // sums += one step of A's and B's shared tiles, for multiply_tile().
  __device__ static void multiply_step(Sums& sums, const float* a, const float* b) {
    constexpr int kInstruction = kType == TensorType::TF32 ? 8 : 16;
#pragma unroll 1  // unrolled, the fragments of both halves would not fit 128 registers
    for (int k = 0; k < kDepth; k += kInstruction) {
      uint32_t columns[kProductsN][2];
#pragma unroll
      for (int j = 0; j < kProductsN; ++j) {
        load_fragment<kType, ShapeB, 1>(columns[j], b, warp_column() + j * 8, k);
      }
#pragma unroll
      for (int i = 0; i < kProductsM; ++i) {
        uint32_t rows[4];
        load_fragment<kType, ShapeA, 2>(rows, a, warp_row() + i * 16, k);
#pragma unroll
        for (int j = 0; j < kProductsN; ++j) {
          if constexpr (kType == TensorType::TF32) {
            mma_m16n8k8_tf32(sums[i][j], rows, columns[j]);
          } else {
            mma_m16n8k16_bf16(sums[i][j], rows, columns[j]);
          }
        }
      }
    }
  }
};

template <TensorType kType, bool kAlongKA, bool kAlongKB>
using LargeMmaTile = MmaTile<kType, 128, 128, 64, 32, kAlongKA, kAlongKB>;
template <TensorType kType, bool kAlongKA, bool kAlongKB>
using MediumMmaTile = MmaTile<kType, 64, 64, 32, 32, kAlongKA, kAlongKB>;

}  // namespace azj::cuda
