// The walk of a block along k, shared by the register-tiled and tensor-core products: while one step is multiplied,
// Tile::kStages - 1 others are on their way from global to shared memory. One barrier a step.
#pragma once

#include "launch.cuh"
#include "ptx.cuh"

namespace azj::cuda {

// sums += A's tile * B's tile for k in begin..end-1; begin is a multiple of Tile::kDepth. a and b start the copies of one
// step: start(shared, k), see MatrixCopy. Tile::multiply_step(sums, a, b) multiplies what has arrived.
template <class Tile, class CopyA, class CopyB>
__device__ inline void multiply_tile(typename Tile::Sums& sums, const CopyA& a, const CopyB& b, int begin, int end) {
  constexpr int kAhead = Tile::kStages - 1;
  float* shared = dynamic_shared<float>();
#pragma unroll
  for (int stage = 0; stage < kAhead; ++stage) {
    const int k = begin + stage * Tile::kDepth;
    if (k < end) {
      a.start(shared + stage * Tile::kStageFloats, k);
      b.start(shared + stage * Tile::kStageFloats + Tile::ShapeA::kFloats, k);
    }
    cp_async_commit();
  }
  int stage = 0, next_stage = kAhead;
  for (int k = begin; k < end; k += Tile::kDepth) {
    cp_async_wait<kAhead - 1>();
    __syncthreads();  // this step has arrived for every thread, and no thread still reads the buffer to be filled
    if (k + kAhead * Tile::kDepth < end) {
      float* next = shared + next_stage * Tile::kStageFloats;
      a.start(next, k + kAhead * Tile::kDepth);
      b.start(next + Tile::ShapeA::kFloats, k + kAhead * Tile::kDepth);
    }
    cp_async_commit();  // an empty group at the end keeps the count
    const float* current = shared + stage * Tile::kStageFloats;
    Tile::multiply_step(sums, current, current + Tile::ShapeA::kFloats);
    stage = stage + 1 == Tile::kStages ? 0 : stage + 1;
    next_stage = next_stage + 1 == Tile::kStages ? 0 : next_stage + 1;
  }
  cp_async_wait<0>();
}

}  // namespace azj::cuda
