// The sum over all pixels of each channel of a gradient in BF16 with channels last, for the bias; what its kernels share.
//
//   a thread keeps to one granule of 8 channels and walks down the pixels
//   block: up to 32 granules side by side, the pixels of the other threads below each other; grid: x columns of
//   granules where there are more than 32, y parts of the pixels
//
// A thread adds its gradients before they are rounded, a block its threads by a tree, and a second launch the parts, a
// few by each thread and those by a tree: the order is fixed by the sizes alone.
#pragma once

#include "bf16.cuh"
#include "grid.hpp"

namespace azj::cuda {

constexpr int kBiasThreads = 256;
constexpr int kMostColumns = 32;         // granules side by side in a block
constexpr int64_t kBiasBlocks = 1024;    // of a grid, as far as the columns allow

// How the granules of a pixel are cut into columns of blocks, as evenly as can be.
struct BiasColumns {
  explicit BiasColumns(int64_t channels)
      : granules(bf16_pitch(channels) / kBf16Granule),
        blocks(divide_up(granules, kMostColumns)),
        of_block(static_cast<int>(divide_up(granules, blocks))),
        rows(kBiasThreads / of_block) {}

  // Parts of the pixels, of which so many are worth another block to a thread.
  int64_t parts(int64_t pixels, int64_t pixels_per_thread) const {
    const int64_t wanted = divide_up(pixels, rows * pixels_per_thread);
    const int64_t most = kBiasBlocks / blocks > 1 ? kBiasBlocks / blocks : 1;
    return wanted < most ? wanted : most;
  }

  int64_t granules, blocks;
  int of_block, rows;  // of a block, in granules and pixels; threads beyond rows * of_block have nothing to do
};

// sums[.][t] += sums[.][t + half * columns] for t in the first `half` rows of threads, until one row is left. Every
// thread of the block takes part.
template <int kSums>
__device__ __forceinline__ void add_rows(float (&sums)[kSums][kBiasThreads], int rows, int columns) {
  const int row = static_cast<int>(threadIdx.x) / columns;
  while (rows > 1) {
    const int half = (rows + 1) / 2;
    __syncthreads();
    if (row + half < rows) {
#pragma unroll
      for (int i = 0; i < kSums; ++i) sums[i][threadIdx.x] += sums[i][threadIdx.x + half * columns];
    }
    rows = half;
  }
  __syncthreads();
}

// The sums of a block's threads, to the part blockIdx.y of partials [parts][pitch]. Every thread of the block takes part;
// `sums` is shared memory.
__device__ __forceinline__ void add_block(float (&sums)[kBf16Granule][kBiasThreads], const Bf16Granule& sum, int rows,
                                          int columns, int64_t channel, int64_t pitch, float* partials) {
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) sums[i][threadIdx.x] = sum.v[i];
  add_rows(sums, rows, columns);
  if (static_cast<int>(threadIdx.x) >= columns || channel >= pitch) return;
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) partials[blockIdx.y * pitch + channel + i] = sums[i][threadIdx.x];
}

// bf16_activation.cu: grad_bias[channel] = the sum of partials [parts][pitch].
void bf16_add_partials(cudaStream_t stream, int64_t channels, int64_t parts, const float* partials, float* grad_bias);

}  // namespace azj::cuda
