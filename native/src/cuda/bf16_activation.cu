// grad_z = grad_y * activation'(z), N(34), on BF16 with channels last, and in the same pass
// grad_bias[channel] = sum_pixels grad_z, in float32 (azulejo.h).
//
//   y, grad_y, grad_z [pixels][pitch]; a thread keeps to one granule of 8 channels and walks down the pixels
//   block: up to 32 granules side by side, the pixels of the other threads below each other; grid: x columns of
//   granules where there are more than 32, y parts of the pixels
//
// A thread adds its gradients before they are rounded, a block its threads by a tree, and a second launch the parts, a
// few by each thread and those by a tree: the order is fixed by the sizes alone. In place is allowed: a thread reads
// its elements before it writes them.
//
// Bound by memory: 6 bytes an element.
#include "bf16.cuh"
#include "elements.cuh"
#include "epilogue.cuh"
#include "grid.hpp"

namespace azj::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kMostColumns = 32;         // granules side by side in a block
constexpr int64_t kBlocks = 1024;        // of a grid, as far as the columns allow
constexpr int64_t kPixelsPerThread = 8;  // worth another block
constexpr int kSumColumns = 8;           // channels of a block of the second launch

struct Gradient {
  int64_t pixels, channels, pitch;
  int columns, rows;  // of a block, in granules and pixels; threads beyond rows * columns have nothing to do
  int32_t activation;
  float slope;
};

// sums[.][t] += sums[.][t + half * columns] for t in the first `half` rows of threads, until one row is left. Every
// thread of the block takes part.
template <int kSums>
__device__ __forceinline__ void add_rows(float (&sums)[kSums][kThreads], int rows, int columns) {
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

__global__ __launch_bounds__(kThreads, kResidentBlocks) void backward_kernel(Gradient d, const azj_bf16* y,
                                                                             const azj_bf16* grad_y, azj_bf16* grad_z,
                                                                             float* partials) {
  __shared__ float sums[kBf16Granule][kThreads];
  const int row = static_cast<int>(threadIdx.x) / d.columns, column = static_cast<int>(threadIdx.x) - row * d.columns;
  const int64_t channel = (int64_t{blockIdx.x} * d.columns + column) * kBf16Granule;
  Bf16Granule sum{};
  if (row < d.rows && channel < d.pitch) {
    const int inside = channels_inside(d.channels, channel);
    for (int64_t p = int64_t{blockIdx.y} * d.rows + row; p < d.pixels; p += int64_t{gridDim.y} * d.rows) {
      const Bf16Granule out = load_granule(y + p * d.pitch + channel);
      Bf16Granule g = load_granule(grad_y + p * d.pitch + channel);
#pragma unroll
      for (int i = 0; i < kBf16Granule; ++i) {
        g.v[i] = activation_gradient(d.activation, d.slope, out.v[i], g.v[i]);
        sum.v[i] += g.v[i];
      }
      clear_padding(g, inside);
      store_granule(grad_z + p * d.pitch + channel, g);
    }
  }
  if (partials == nullptr) return;
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) sums[i][threadIdx.x] = sum.v[i];
  add_rows(sums, d.rows, d.columns);
  if (row > 0 || channel >= d.pitch) return;
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) partials[blockIdx.y * d.pitch + channel + i] = sums[i][threadIdx.x];
}

__global__ __launch_bounds__(kThreads) void add_partials_kernel(int64_t channels, int64_t pitch, int64_t parts,
                                                                const float* partials, float* grad_bias) {
  constexpr int kRows = kThreads / kSumColumns;
  __shared__ float sums[1][kThreads];
  const int row = static_cast<int>(threadIdx.x) / kSumColumns;
  const int64_t channel = int64_t{blockIdx.x} * kSumColumns + threadIdx.x % kSumColumns;
  float sum = 0;
#pragma unroll 8
  for (int64_t i = row; i < parts; i += kRows) sum += partials[i * pitch + channel];
  sums[0][threadIdx.x] = sum;
  add_rows(sums, kRows, kSumColumns);
  if (row == 0 && channel < channels) grad_bias[channel] = sums[0][threadIdx.x];
}

// How the granules of a pixel are cut into columns of blocks, as evenly as can be.
struct Columns {
  explicit Columns(int64_t channels)
      : granules(bf16_pitch(channels) / kBf16Granule),
        blocks(divide_up(granules, kMostColumns)),
        of_block(static_cast<int>(divide_up(granules, blocks))),
        rows(kThreads / of_block) {}
  int64_t granules, blocks;
  int of_block, rows;
};

int64_t parts_of(int64_t pixels, const Columns& columns) {
  const int64_t wanted = divide_up(pixels, columns.rows * kPixelsPerThread);
  const int64_t most = kBlocks / columns.blocks > 1 ? kBlocks / columns.blocks : 1;
  return wanted < most ? wanted : most;
}

}  // namespace

uint64_t bf16_activation_partial_bytes(int64_t pixels, int64_t channels) {
  return static_cast<uint64_t>(parts_of(pixels, Columns(channels)) * bf16_pitch(channels)) * sizeof(float);
}

void bf16_activation_backward(cudaStream_t stream, int32_t activation, float slope, int64_t pixels, int64_t channels,
                              const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias,
                              float* partials) {
  const Columns columns(channels);
  const int64_t parts = parts_of(pixels, columns), pitch = bf16_pitch(channels);
  const Gradient d{pixels, channels, pitch, columns.of_block, columns.rows, activation, slope};
  launch(backward_kernel, dim3(static_cast<unsigned>(columns.blocks), static_cast<unsigned>(parts)), dim3(kThreads), 0,
         stream, d, y, grad_y, grad_z, grad_bias == nullptr ? nullptr : partials);
  if (grad_bias == nullptr) return;
  launch(add_partials_kernel, dim3(static_cast<unsigned>(pitch / kSumColumns)), dim3(kThreads), 0, stream, channels,
         pitch, parts, partials, grad_bias);
}

}  // namespace azj::cuda
