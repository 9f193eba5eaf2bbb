// The way back through 2x2 max pooling and an activation to a convolution's output on BF16 with channels last, and in the
// same pass to the bias, azj_bf16_conv2d_pool_backward():
//   grad_z[tap] = grad_y * activation'(z), 0 elsewhere; grad_bias[m] = sum_{n, p, q} grad_z[n][p][q][m], in float32
//
//   y, grad_y, argmax [batch][out_h / 2][out_w / 2][pitch]; grad_z [batch][out_h][out_w][pitch]
//
// A thread takes a granule of a cell of two by two pixels of grad_z: a window, or what an odd height or width leaves
// over. Threads and grid: bf16_bias.cuh, with cells for its pixels.
//
// Bound by memory: for each element of y 5 bytes are read and 8 written; pooling and activation one after the other read
// 19 and write 16.
#include "bf16_bias.cuh"
#include "bf16_taps.cuh"
#include "conv2d.hpp"
#include "elements.cuh"
#include "epilogue.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kCellsPerThread = 4;  // worth another block

struct Cells {
  int64_t batch, channels, pitch;
  int out_h, out_w, rows, columns;   // of grad_z and of y; sizes of a plane are below 2^30
  int in_plane;                      // cells of a plane
  Divisor in_row;
  int block_columns, block_rows;     // of a block, in granules and cells
  // From a thread's cell to its next one, which is a grid's rows further.
  int64_t step_samples;
  int step_cells;
  int32_t activation;
  float slope;
};

__global__ __launch_bounds__(kBiasThreads, kResidentBlocks) void backward_kernel(
    const __grid_constant__ Cells d, const azj_bf16* y, const uint8_t* argmax, const azj_bf16* grad_y, azj_bf16* grad_z,
    float* partials) {
  __shared__ float sums[kBf16Granule][kBiasThreads];
  const int block_row = static_cast<int>(threadIdx.x) / d.block_columns;
  const int column = static_cast<int>(threadIdx.x) - block_row * d.block_columns;
  const int64_t channel = (int64_t{blockIdx.x} * d.block_columns + column) * kBf16Granule;
  Bf16Granule sum{};
  if (block_row < d.block_rows && channel < d.pitch) {
    const int inside = channels_inside(d.channels, channel);
    const int64_t first = int64_t{blockIdx.y} * d.block_rows + block_row;
    int64_t sample = first / d.in_plane;
    int cell = static_cast<int>(first - sample * d.in_plane);
    while (sample < d.batch) {
      const int r = d.in_row.quotient(cell), c = d.in_row.remainder(cell, r);
      Bf16Granule g{};
      Taps taps{};
      if (r < d.rows && c < d.columns) {
        const int64_t at = ((sample * d.rows + r) * d.columns + c) * d.pitch + channel;
        const Bf16Granule out = load_granule(y + at);
        g = load_granule(grad_y + at);
        taps = load_taps(argmax + at);
#pragma unroll
        for (int i = 0; i < kBf16Granule; ++i) {
          g.v[i] = activation_gradient(d.activation, d.slope, out.v[i], g.v[i]);
          // A tap that is not of the window cannot come from the forward pass; a kernel cannot refuse it.
          if (taps.v[i] > 3) g.v[i] = NAN;
          sum.v[i] += g.v[i];
        }
        clear_padding(g, inside);
      }
#pragma unroll
      for (int tap = 0; tap < 4; ++tap) {
        const int row = 2 * r + tap / 2, place = 2 * c + tap % 2;
        if (row >= d.out_h || place >= d.out_w) continue;
        Bf16Granule share;
#pragma unroll
        for (int i = 0; i < kBf16Granule; ++i) share.v[i] = taps.v[i] == tap || taps.v[i] > 3 ? g.v[i] : 0.0f;
        store_granule(grad_z + ((sample * d.out_h + row) * d.out_w + place) * d.pitch + channel, share);
      }
      sample += d.step_samples;
      cell += d.step_cells;
      if (cell >= d.in_plane) {
        cell -= d.in_plane;
        ++sample;
      }
    }
  }
  if (partials != nullptr) add_block(sums, sum, d.block_rows, d.block_columns, channel, d.pitch, partials);
}

int64_t cells_of(const ConvSize& s) { return ((s.out_h + 1) / 2) * ((s.out_w + 1) / 2); }

int64_t parts_of(const azj_conv2d_desc& d, const ConvSize& s) {
  return BiasColumns(d.filters).parts(d.batch * cells_of(s), kCellsPerThread);
}

}  // namespace

uint64_t bf16_conv2d_pool_partial_bytes(const azj_conv2d_desc& d) {
  return static_cast<uint64_t>(parts_of(d, ConvSize(d)) * bf16_pitch(d.filters)) * sizeof(float);
}

void bf16_conv2d_pool_backward(cudaStream_t stream, const azj_conv2d_desc& d, const azj_bf16* y, const uint8_t* argmax,
                               const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias, float* partials) {
  const ConvSize s(d);
  const BiasColumns columns(d.filters);
  const int64_t parts = parts_of(d, s), step = parts * columns.rows, in_plane = cells_of(s);
  Cells cells;
  cells.batch = d.batch;
  cells.channels = d.filters;
  cells.pitch = bf16_pitch(d.filters);
  cells.out_h = static_cast<int>(s.out_h);
  cells.out_w = static_cast<int>(s.out_w);
  cells.rows = cells.out_h / 2;
  cells.columns = cells.out_w / 2;
  cells.in_plane = static_cast<int>(in_plane);
  cells.in_row = Divisor((s.out_w + 1) / 2);
  cells.block_columns = columns.of_block;
  cells.block_rows = columns.rows;
  cells.step_samples = step / in_plane;
  cells.step_cells = static_cast<int>(step % in_plane);
  cells.activation = d.activation;
  cells.slope = d.slope;
  launch(backward_kernel, dim3(static_cast<unsigned>(columns.blocks), static_cast<unsigned>(parts)), dim3(kBiasThreads),
         0, stream, cells, y, argmax, grad_y, grad_z, grad_bias == nullptr ? nullptr : partials);
  if (grad_bias != nullptr) bf16_add_partials(stream, d.filters, parts, partials, grad_bias);
}

}  // namespace azj::cuda
