// What the Winograd convolutions share: the problem, its tiles, and their way from and to the planes of a sample.
#pragma once

#include "conv2d.hpp"
#include "elements.cuh"
#include "epilogue.cuh"
#include "grid.hpp"
#include "kernels.hpp"
#include "launch.cuh"
#include "plane_window.cuh"
#include "winograd.cuh"

namespace azj::cuda {

// The correlation y = x * w of `samples` samples with 3x3 filters and stride 1: the forward pass, or the gradient to
// the input, in which x is grad_z, y is grad_x, and the filters are turned by 180 degrees and transposed. Padding below
// 0 crops.
struct WinogradProblem {
  int64_t samples;
  int channels, height, width;    // of x
  int filters, out_h, out_w;      // of y
  int pad_h, pad_w;
  const float* x;
  const float* w;
  float* y;
  int w_filter, w_channel;  // strides of w
  bool turned;
  GemmEpilogue epilogue;    // bias of the filters, activation
  // In place of these outputs, the maxima of their 2x2 windows [samples][filters][out_h / 2][out_w / 2], out_h and out_w
  // even, and where they are in planes of z_width columns, or null.
  bool pools;
  int z_width;
  int32_t* argmax;
};

// The tiles of out x out of planes of outputs, in rows, one sample after the other.
struct WinogradTiles {
  WinogradTiles(int out_size, int64_t samples, int64_t out_h, int64_t out_w)
      : out(out_size),
        columns(static_cast<int>(divide_up(out_w, out))),
        count(samples * divide_up(out_h, out) * columns),
        plane(divide_up(out_h, out) * columns),
        row(columns) {}

  int out, columns;
  int64_t count;       // at most kMaxGemmExtent
  Divisor plane, row;  // by the tiles of a plane, of a row
};

// A tile: its sample, and its first row and column of outputs.
struct WinogradTile {
  int64_t sample;
  int row, column;
  __device__ WinogradTile(const WinogradTiles& tiles, int index) {
    const int n = tiles.plane.quotient(index), in_plane = tiles.plane.remainder(index, n);
    const int r = tiles.row.quotient(in_plane);
    sample = n;
    row = r * tiles.out;
    column = tiles.row.remainder(in_plane, r) * tiles.out;
  }
};

// Stores tile `t` of y of a filter.
template <class F>
__device__ __forceinline__ void store_outputs(const WinogradProblem& p, const WinogradTile& t, int filter, bool vectors,
                                              const float (&z)[F::kOut][F::kOut]) {
  float* const plane = p.y + (t.sample * p.filters + filter) * (int64_t{p.out_h} * p.out_w);
#pragma unroll
  for (int i = 0; i < F::kOut; ++i) {
    if (t.row + i >= p.out_h) break;
    float* const to = plane + (t.row + i) * p.out_w + t.column;
    if (vectors) {
      Pack<F::kOut> pack;
      for (int j = 0; j < F::kOut; ++j) pack.v[j] = z[i][j];
      store(to, pack);
      continue;
    }
#pragma unroll
    for (int j = 0; j < F::kOut; ++j) {
      if (t.column + j < p.out_w) to[j] = z[i][j];
    }
  }
}

// Stores the maxima of the tile's windows, of which none is cut: tiles begin at even rows and columns.
template <class F>
__device__ __forceinline__ void store_maxima(const WinogradProblem& p, const WinogradTile& t, int filter,
                                             const float (&z)[F::kOut][F::kOut]) {
  const int columns = p.out_w / 2;
  const int64_t plane = (t.sample * p.filters + filter) * (int64_t{p.out_h / 2} * columns);
#pragma unroll
  for (int i = 0; i < F::kOut; i += 2) {
    if (t.row + i >= p.out_h) break;
#pragma unroll
    for (int j = 0; j < F::kOut; j += 2) {
      if (t.column + j >= p.out_w) break;
      float best = z[i][j];
      int place = 0;
#pragma unroll
      for (int k = 1; k < 4; ++k) {
        const float value = z[i + k / 2][j + k % 2];
        if (value <= best || best != best) continue;  // a NaN in value replaces, a NaN in best stays
        best = value;
        place = k / 2 * p.z_width + k % 2;
      }
      const int64_t at = plane + (t.row + i) / 2 * columns + (t.column + j) / 2;
      p.y[at] = best;
      if (p.argmax != nullptr) p.argmax[at] = (t.row + i) * p.z_width + t.column + j + place;
    }
  }
}

// Stores tile `t` of a filter: z = activation(A^T m A + bias), m(point) the sums of its points, or the maxima of z.
template <class F, bool kPools, class Sums>
__device__ __forceinline__ void winograd_store(const WinogradProblem& p, const WinogradTile& t, int filter,
                                               bool vectors, Sums m) {
  const float bias = row_bias(p.epilogue, filter);
  float z[F::kOut][F::kOut];
  winograd_both_sides<typename F::Output>(
      [&](int i, int j) { return m(i * F::kIn + j); },
      [&](int i, int j, float value) {
        z[i][j] = activate(p.epilogue.activation, p.epilogue.slope, value + bias);
      });
  if constexpr (kPools) {
    store_maxima<F>(p, t, filter, z);
  } else {
    store_outputs<F>(p, t, filter, vectors, z);
  }
}

// Whether a tile's rows of outputs may be stored at once.
template <class F>
bool winograd_vectors(const WinogradProblem& p) {
  return p.out_w % F::kOut == 0 && reinterpret_cast<uintptr_t>(p.y) % sizeof(Pack<F::kOut>) == 0;
}

// Where U[point][channel][filter] lies: panels of `width` filters, the last of them filled up with zeros.
struct WinogradFilters {
  int width, panels, channels;     // channels: with those of zeros at the end
  int64_t panel, channel, point;  // strides
  int64_t floats() const { return panels * panel; }
};

constexpr int kWinogradThreads = 128;  // of a block of a transform

// A thread for each element of a plane, the planes of blockIdx.y taking turns.
inline dim3 winograd_grid(int64_t elements, int64_t planes) {
  return dim3(static_cast<unsigned>(divide_up(elements, kWinogradThreads)),
              static_cast<unsigned>(planes < kMaxGridYZ ? planes : kMaxGridYZ));
}

// conv2d_winograd.cu
// The sizes of a pass; its pointers and epilogue are the caller's. For the gradient to the weights: the forward pass.
WinogradProblem winograd_problem(const azj_conv2d_desc& desc, int32_t pass);
// V[point][channel][tile] = B^T x B, rows of `row` tiles; those beyond the last tile become 0. F: Winograd4x4 or 2x2.
template <class F>
void winograd_transform_inputs(cudaStream_t stream, const WinogradProblem& p, const WinogradTiles& tiles, int64_t row,
                               float* v);

// conv2d_winograd_fused.cu: one kernel behind the filters' transform, for at most kMaxGemmExtent tiles. A block of 4x4
// tiles needs more shared memory than devices before compute capability 8.0 have.
template <class F>
constexpr size_t kWinogradFusedSharedBytes = 2 * 1024 * F::kPoints;
template <class F>
WinogradFilters winograd_fused_filters(const WinogradProblem& p);
template <class F>
void winograd_fused(cudaStream_t stream, const WinogradProblem& p, const float* u);

// conv2d_winograd_weights.cu
uint64_t winograd_grad_weights_workspace_bytes(const azj_conv2d_desc& desc, WinogradSize size);

// Calls body(F{}) with the transforms of a size.
template <class Body>
auto with_winograd(WinogradSize size, Body&& body) {
  return size == WinogradSize::F2X2 ? body(Winograd2x2{}) : body(Winograd4x4{});
}

}  // namespace azj::cuda
