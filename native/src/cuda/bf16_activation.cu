// grad_z = grad_y * activation'(z), N(34), on BF16 with channels last, and in the same pass
// grad_bias[channel] = sum_pixels grad_z, in float32 (azulejo.h).
//
//   y, grad_y, grad_z [pixels][pitch]; threads and grid: bf16_bias.cuh
//
// In place is allowed: a thread reads its elements before it writes them.
//
// Bound by memory: 6 bytes an element.
#include "bf16_bias.cuh"
#include "elements.cuh"
#include "epilogue.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kPixelsPerThread = 8;  // worth another block
constexpr int kSumColumns = 8;           // channels of a block of the second launch

struct Gradient {
  int64_t pixels, channels, pitch;
  int columns, rows;  // of a block, in granules and pixels
  int32_t activation;
  float slope;
};

__global__ __launch_bounds__(kBiasThreads, kResidentBlocks) void backward_kernel(Gradient d, const azj_bf16* y,
                                                                                 const azj_bf16* grad_y,
                                                                                 azj_bf16* grad_z, float* partials) {
  __shared__ float sums[kBf16Granule][kBiasThreads];
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
  if (partials != nullptr) add_block(sums, sum, d.rows, d.columns, channel, d.pitch, partials);
}

__global__ __launch_bounds__(kBiasThreads) void add_partials_kernel(int64_t channels, int64_t pitch, int64_t parts,
                                                                    const float* partials, float* grad_bias) {
  constexpr int kRows = kBiasThreads / kSumColumns;
  __shared__ float sums[1][kBiasThreads];
  const int row = static_cast<int>(threadIdx.x) / kSumColumns;
  const int64_t channel = int64_t{blockIdx.x} * kSumColumns + threadIdx.x % kSumColumns;
  float sum = 0;
#pragma unroll 8
  for (int64_t i = row; i < parts; i += kRows) sum += partials[i * pitch + channel];
  sums[0][threadIdx.x] = sum;
  add_rows(sums, kRows, kSumColumns);
  if (row == 0 && channel < channels) grad_bias[channel] = sums[0][threadIdx.x];
}

}  // namespace

void bf16_add_partials(cudaStream_t stream, int64_t channels, int64_t parts, const float* partials, float* grad_bias) {
  const int64_t pitch = bf16_pitch(channels);
  launch(add_partials_kernel, dim3(static_cast<unsigned>(pitch / kSumColumns)), dim3(kBiasThreads), 0, stream, channels,
         pitch, parts, partials, grad_bias);
}

uint64_t bf16_activation_partial_bytes(int64_t pixels, int64_t channels) {
  const int64_t parts = BiasColumns(channels).parts(pixels, kPixelsPerThread);
  return static_cast<uint64_t>(parts * bf16_pitch(channels)) * sizeof(float);
}

void bf16_activation_backward(cudaStream_t stream, int32_t activation, float slope, int64_t pixels, int64_t channels,
                              const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias,
                              float* partials) {
  const BiasColumns columns(channels);
  const int64_t parts = columns.parts(pixels, kPixelsPerThread);
  const Gradient d{pixels, channels, bf16_pitch(channels), columns.of_block, columns.rows, activation, slope};
  launch(backward_kernel, dim3(static_cast<unsigned>(columns.blocks), static_cast<unsigned>(parts)), dim3(kBiasThreads),
         0, stream, d, y, grad_y, grad_z, grad_bias == nullptr ? nullptr : partials);
  if (grad_bias != nullptr) bf16_add_partials(stream, channels, parts, partials, grad_bias);
}

}  // namespace azj::cuda
