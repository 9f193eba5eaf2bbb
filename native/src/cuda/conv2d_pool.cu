// The way back through 2x2 max pooling and an activation to a convolution's output, azj_conv2d_pool_backward():
//   grad_z[argmax] = grad_y * activation'(z), 0 elsewhere; grad_bias[m] = sum_{n, p, q} grad_z[n][m][p][q]
//
//   y, grad_y, argmax [batch][filters][out_h / 2][out_w / 2]; grad_z [batch][filters][out_h][out_w]
//
// A thread takes a cell of two by two elements of grad_z: a window, or what an odd height or width leaves over.
// Grid: x filters, y parts of a filter's cells. A thread's gradients are summed in double, a block's threads in a fixed
// order, a filter's parts by a second launch in theirs.
//
// Bound by memory: for each output 12 bytes are read and 16 written; pooling, activation and bias one after the other
// read 40 and write 32.
#include "conv2d.hpp"
#include "elements.cuh"
#include "epilogue.cuh"
#include "grid.hpp"
#include "kernels.hpp"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kBlocks = 1024;       // of a grid, as far as filters allow
constexpr int64_t kCellsPerThread = 4;  // worth another block

struct Windows {
  int64_t batch, filters;
  int out_h, out_w, rows, columns;  // of grad_z and of y; sizes of a plane are below 2^30
  int cells;                        // of a plane
  Divisor cells_in_row;
  // From a thread's cell to its next one, which is a grid's part further.
  int64_t step_samples;
  int step_cells;
  int32_t activation;
  float slope;
};

// The gradient of one window, and where it goes: to element 2 * row + column of the cell. An argmax that is not of the
// window cannot come from the forward pass; a kernel cannot refuse it, so the whole cell becomes NaN.
struct Share {
  float gradient;
  int place;
  __device__ float of(int i) const { return place < 0 ? NAN : i == place ? gradient : 0.0f; }
};

__device__ __forceinline__ Share share_of(const Windows& w, int64_t output, int first, const float* y,
                                          const int32_t* argmax, const float* grad_y) {
  const int distance = argmax[output] - first;
  const int place = distance == 0 ? 0 : distance == 1 ? 1 : distance == w.out_w ? 2 : distance == w.out_w + 1 ? 3 : -1;
  return {activation_gradient(w.activation, w.slope, y[output], grad_y[output]), place};
}

__global__ __launch_bounds__(kRowThreads) void backward_kernel(Windows w, const float* y, const int32_t* argmax,
                                                               const float* grad_y, float* grad_z, double* partials) {
  const int64_t filter = blockIdx.x, part = blockIdx.y, parts = gridDim.y;
  double sum = 0;
  int64_t sample = (part * kRowThreads + threadIdx.x) / w.cells;
  int cell = static_cast<int>(part * kRowThreads + threadIdx.x - sample * w.cells);
  while (sample < w.batch) {
    const int row = w.cells_in_row.quotient(cell), column = w.cells_in_row.remainder(cell, row);
    const int64_t plane = sample * w.filters + filter;
    const int first = 2 * row * w.out_w + 2 * column;
    Share share{0, 0};
    if (row < w.rows && column < w.columns) {
      share = share_of(w, (plane * w.rows + row) * w.columns + column, first, y, argmax, grad_y);
      sum += static_cast<double>(share.of(share.place));
    }
    float* to = grad_z + plane * w.out_h * w.out_w + first;
    for (int r = 0; r < 2 && 2 * row + r < w.out_h; ++r) {
      for (int c = 0; c < 2 && 2 * column + c < w.out_w; ++c) to[r * w.out_w + c] = share.of(2 * r + c);
    }
    sample += w.step_samples;
    cell += w.step_cells;
    if (cell >= w.cells) {
      cell -= w.cells;
      ++sample;
    }
  }
  if (partials == nullptr) return;
  sum = BlockTeam{}.reduce(sum, Add{});
  if (threadIdx.x == 0) partials[filter * parts + part] = sum;
}

__global__ __launch_bounds__(kRowThreads) void add_partials_kernel(int64_t filters, int64_t parts,
                                                                   const double* partials, float* grad_bias) {
  for (int64_t m = grid_thread(); m < filters; m += grid_threads()) {
    double sum = 0;
    for (int64_t i = 0; i < parts; ++i) sum += partials[m * parts + i];
    grad_bias[m] = static_cast<float>(sum);
  }
}

int64_t cells_of(const ConvSize& s) { return ((s.out_h + 1) / 2) * ((s.out_w + 1) / 2); }

int64_t parts_of(const azj_conv2d_desc& d, const ConvSize& s) {
  const int64_t wanted = divide_up(d.batch * cells_of(s), kRowThreads * kCellsPerThread);
  const int64_t most = kBlocks / d.filters > 1 ? kBlocks / d.filters : 1;
  return wanted < most ? wanted : most;
}

}  // namespace

uint64_t conv2d_pool_partial_bytes(const azj_conv2d_desc& d) {
  return static_cast<uint64_t>(d.filters * parts_of(d, ConvSize(d))) * sizeof(double);
}

void conv2d_pool_backward(cudaStream_t stream, const azj_conv2d_desc& d, const float* y, const int32_t* argmax,
                          const float* grad_y, float* grad_z, float* grad_bias, double* partials) {
  const ConvSize s(d);
  const int64_t parts = parts_of(d, s), step = parts * kRowThreads;
  Windows w;
  w.batch = d.batch;
  w.filters = d.filters;
  w.out_h = static_cast<int>(s.out_h);
  w.out_w = static_cast<int>(s.out_w);
  w.rows = w.out_h / 2;
  w.columns = w.out_w / 2;
  w.cells = static_cast<int>(cells_of(s));
  w.cells_in_row = Divisor((s.out_w + 1) / 2);
  w.step_samples = step / w.cells;
  w.step_cells = static_cast<int>(step % w.cells);
  w.activation = d.activation;
  w.slope = d.slope;
  const dim3 grid(static_cast<unsigned>(d.filters), static_cast<unsigned>(parts));
  launch(backward_kernel, grid, dim3(kRowThreads), 0, stream, w, y, argmax, grad_y, grad_z,
         grad_bias == nullptr ? nullptr : partials);
  if (grad_bias == nullptr) return;
  launch(add_partials_kernel, element_blocks(d.filters), kRowThreads, 0, stream, d.filters, parts, partials, grad_bias);
}

}  // namespace azj::cuda
