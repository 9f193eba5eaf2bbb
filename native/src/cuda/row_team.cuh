// The threads that share a row of a matrix: a warp for up to 1024 columns, a block for more. Kernels are written once,
// for either team:
//
//   for (int64_t r = team.first_row(); r < rows; r += team.row_step()) {       // the same r for the whole team
//     for (int64_t c = team.rank(); c < columns; c += Team::kSize) mine += ...;  // neighbours read neighbours
//     total = team.reduce(mine, Add{});                                         // the same bits in every thread
//   }
//
// Every reduction runs in a fixed order: shuffles inside a warp, then the warps one by one. It orders no memory: where
// a thread overwrites what another one reads, team.synchronize() comes between.
#pragma once

#include <cstdint>

#include "elements.cuh"

namespace azj::cuda {

constexpr int kRowThreads = 256;
constexpr int kWarp = 32;
constexpr int64_t kRowBlocks = 4096;   // of a grid at most
constexpr int64_t kWarpColumns = 1024;  // more columns than this are worth a block

constexpr unsigned kAllLanes = 0xffffffffu;

struct Add {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
// Passes over NaN.
struct Largest {
  __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
  __device__ unsigned long long operator()(unsigned long long a, unsigned long long b) const { return a > b ? a : b; }
};

struct WarpTeam {
  static constexpr int kSize = kWarp;
  static constexpr int kTeamsPerBlock = kRowThreads / kWarp;

  __device__ int rank() const { return static_cast<int>(threadIdx.x) % kWarp; }
  __device__ int64_t first_row() const { return int64_t{blockIdx.x} * kTeamsPerBlock + threadIdx.x / kWarp; }
  __device__ int64_t row_step() const { return int64_t{gridDim.x} * kTeamsPerBlock; }
  __device__ void synchronize() const { __syncwarp(); }

  // op is commutative, so both lanes of an exchange compute the same bits.
  template <class T, class Op>
  __device__ T reduce(T value, Op op) const {
    for (int distance = kWarp / 2; distance > 0; distance /= 2) {
      value = op(value, __shfl_xor_sync(kAllLanes, value, distance));
    }
    return value;
  }
};

struct BlockTeam {
  static constexpr int kSize = kRowThreads;
  static constexpr int kTeamsPerBlock = 1;
  static constexpr int kWarps = kRowThreads / kWarp;

  __device__ int rank() const { return static_cast<int>(threadIdx.x); }
  __device__ int64_t first_row() const { return blockIdx.x; }
  __device__ int64_t row_step() const { return gridDim.x; }
  __device__ void synchronize() const { __syncthreads(); }

  template <class T, class Op>
  __device__ T reduce(T value, Op op) const {
    __shared__ T of_warp[kWarps];
    value = WarpTeam{}.reduce(value, op);
    __syncthreads();  // all have read the results of the reduction before
    if (threadIdx.x % kWarp == 0) of_warp[threadIdx.x / kWarp] = value;
    __syncthreads();
    T all = of_warp[0];
    for (int w = 1; w < kWarps; ++w) all = op(all, of_warp[w]);
    return all;
  }
};

// Launches kernel(rows, columns, args...) with the team for that many columns.
template <class... P, class... A>
void launch_rows(void (*warp_kernel)(int64_t, int64_t, P...), void (*block_kernel)(int64_t, int64_t, P...),
                 cudaStream_t stream, int64_t rows, int64_t columns, A&&... args) {
  const bool warp = columns <= kWarpColumns;
  const int64_t teams = warp ? WarpTeam::kTeamsPerBlock : BlockTeam::kTeamsPerBlock;
  const int64_t blocks = (rows + teams - 1) / teams;
  launch(warp ? warp_kernel : block_kernel, static_cast<unsigned>(blocks < kRowBlocks ? blocks : kRowBlocks),
         kRowThreads, 0, stream, rows, columns, std::forward<A>(args)...);
}

// A key whose order is that of argmax: the largest value first, a NaN above all numbers, the lower index among equals.
__device__ inline unsigned long long argmax_key(float value, uint32_t index) {
  const uint32_t bits = __float_as_uint(value + 0.0f);  // the sum makes +0 of -0, which is its equal
  uint32_t order = bits >> 31 ? ~bits : bits | 0x80000000u;
  if (value != value) order = 0xffffffffu;
  return (static_cast<unsigned long long>(order) << 32) | ~index;
}
__device__ inline uint32_t argmax_index(unsigned long long key) { return ~static_cast<uint32_t>(key); }

}  // namespace azj::cuda
