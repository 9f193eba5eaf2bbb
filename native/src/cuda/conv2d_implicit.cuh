// The kernels of the implicit-GEMM convolutions: X_unroll (T4.1) is a matrix whose elements are looked up in x while
// its tiles are copied to shared memory, and never stored. The products are those of GEMM rungs 5 (tile_simt.cuh) and
// 6, 7 (tile_mma.cuh). conv2d_implicit_gemm.cu says which matrices.
#pragma once

#include "conv2d.hpp"
#include "grid.hpp"
#include "tile_copy.cuh"
#include "tile_launch.cuh"
#include "tile_pipeline.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

// ---- forward and gradient to the input: out[rows x pixels] = weights[rows x (channels, taps)] * gathered source -------

// The pixel of column j of the product: samples one after the other, each pixels_h * pixels_w.
struct GatherPixel {
  int sample, u, v;
  __device__ GatherPixel(const ConvGather& g, int j) {
    sample = g.pixels.quotient(j);
    const int in_sample = g.pixels.remainder(j, sample);
    u = g.pixel_row.quotient(in_sample);
    v = g.pixel_row.remainder(in_sample, u);
  }
};

// Channel and tap of k.
struct GatherTap {
  int channel, r, s;
  __device__ GatherTap(const ConvGather& g, int k) {
    channel = g.taps.quotient(k);
    const int tap = g.taps.remainder(k, channel);
    r = g.tap_row.quotient(tap);
    s = g.tap_row.remainder(tap, r);
  }
};

// The gathered source, [k][pixel]. A thread keeps its pixel, and looks up every other k (or fourth, ...).
template <class Shape>
class SourceCopy {
 public:
  __device__ SourceCopy(const ConvGather& g, int group, int first_pixel, int pixels, int k)
      : g_(g) {
    static_assert(!Shape::kAlongK, "neighbouring pixels are neighbours in memory");
    const int j = first_pixel + static_cast<int>(threadIdx.x % Shape::kTile);
    const GatherPixel pixel(g, j < pixels ? j : 0);
    const int64_t plane = int64_t{g.source_h} * g.source_w;
    plane_ = g.source + pixel.sample * g.source_sample + group * g.channels * plane;
    k_ = k;
    h_ = j < pixels ? pixel.u * g.step_h + g.origin_h : kOutside;
    w_ = pixel.v * g.step_w + g.origin_w;
  }

  __device__ void start(float* shared, int begin) const {
    const int line = threadIdx.x / Shape::kTile;
    float* to = shared + line * Shape::kPitch + threadIdx.x % Shape::kTile;
#pragma unroll
    for (int i = 0; i < Shape::kCopies; ++i) {
      const int k = begin + line + i * Shape::kLinesOfFast;
      const GatherTap tap(g_, k);
      const int h = h_ + tap.r * g_.tap_h, w = w_ + tap.s * g_.tap_w;
      const bool inside = k < k_ && static_cast<unsigned>(h) < static_cast<unsigned>(g_.source_h) &&
                          static_cast<unsigned>(w) < static_cast<unsigned>(g_.source_w);
      const int offset = (tap.channel * g_.source_h + h) * g_.source_w + w;
      cp_async_4(to + i * Shape::kLinesOfFast * Shape::kPitch, plane_ + (inside ? offset : 0), inside);
    }
  }

 private:
  const ConvGather& g_;
  static constexpr int kOutside = -(1 << 30);  // no tap comes back inside from there

  const float* plane_;  // the group's first channel of this pixel's sample
  int k_;
  int h_, w_;  // position of tap (0, 0)
};

// The weights of the gradient to the input, [k][row]: rows are input channels, k runs over filters and the phase's taps.
template <class Shape>
class TransposedWeightCopy {
 public:
  __device__ TransposedWeightCopy(const ConvGather& g, int group, int first_row, int k)
      : g_(g) {
    static_assert(!Shape::kAlongK, "neighbouring rows are nearer in memory than neighbours in k");
    const int row = first_row + static_cast<int>(threadIdx.x % Shape::kTile);
    k_ = row < g.rows ? k : 0;
    row_ = g.weights + group * g.weight_group + (row < g.rows ? row * g.weight_row : 0);
  }

  __device__ void start(float* shared, int begin) const {
    const int line = threadIdx.x / Shape::kTile;
    float* to = shared + line * Shape::kPitch + threadIdx.x % Shape::kTile;
#pragma unroll 2
    for (int i = 0; i < Shape::kCopies; ++i) {
      const int k = begin + line + i * Shape::kLinesOfFast;
      const GatherTap tap(g_, k);
      const bool inside = k < k_;
      const int offset = tap.channel * g_.weight_channel + tap.r * g_.weight_tap_h + tap.s * g_.weight_tap_w;
      cp_async_4(to + i * Shape::kLinesOfFast * Shape::kPitch, row_ + (inside ? offset : 0), inside);
    }
  }

 private:
  const ConvGather& g_;
  const float* row_;
  int k_;  // none for a row beyond the last
};

struct GatherOutput {
  const ConvGather& g;
  float* out;  // of the group
  __device__ float* column(int j) const {
    const GatherPixel pixel(g, j);
    return out + pixel.sample * g.out_sample + pixel.u * g.out_step_h + pixel.v * g.out_step_w;
  }
  __device__ int64_t row_stride() const { return g.out_plane; }
  __device__ NoGaps gaps(int) const { return {}; }
};

// grid.x: tiles of rows x pixels; grid.z: groups. kTransposed: gradient to the input.
template <class Tile, bool kTransposed>
__global__ __launch_bounds__(Tile::kThreads, Tile::kMinBlocks) void gather_kernel(const __grid_constant__ ConvGather g,
                                                                                  int first_group) {
  const int group = first_group + static_cast<int>(blockIdx.z);
  const int pixels = g.samples * g.pixels_h * g.pixels_w;
  const int k = g.channels * g.taps_h * g.taps_w;
  const TileOrder order(blockIdx.x, g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  const SourceCopy<typename Tile::ShapeB> source(g, group, order.column, pixels, k);
  typename Tile::Sums sums = {};
  if constexpr (kTransposed) {
    const TransposedWeightCopy<typename Tile::ShapeA> weights(g, group, order.row, k);
    multiply_tile<Tile>(sums, weights, source, 0, k);
  } else {
    const MatrixCopy<typename Tile::ShapeA> weights(g.weights + group * g.weight_group + order.row * int64_t{k}, k, 1,
                                                    g.rows - order.row, k);
    multiply_tile<Tile>(sums, weights, source, 0, k);
  }
  GemmEpilogue epilogue = g.epilogue;
  epilogue.bias += group * epilogue.bias_group_stride;
  store_tile<Tile>(sums, GatherOutput{g, g.out + int64_t{group} * g.rows * g.out_plane}, epilogue, order.row,
                   order.column, g.rows, pixels);
}

template <class Tile, bool kTransposed>
void launch_gather(cudaStream_t stream, const ConvGather& g) {
  const int64_t pixels = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const unsigned tiles = tile_count(g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  for_grid_ranges(g.groups, [&](int64_t first, unsigned count) {
    launch_tile<Tile>(gather_kernel<Tile, kTransposed>, dim3(tiles, 1, count), stream, g, static_cast<int>(first));
  });
}

// ---- gradient to the weights: dw[filters x (channels, taps)] = dz[filters x pixels] * X_unroll^T ----------------------

// The pixels of the whole batch are cut into slices; each gives a part of the sum, and the parts are added in order.
struct ConvWeights {
  int64_t batch, pixels;  // of the batch: batch * out_plane
  int64_t slice;          // pixels of a slice, a multiple of every kDepth and below 2^30
  int slices, groups, filters, channels;  // the last two of one group
  int taps_h, taps_w, patch;              // patch = channels * taps_h * taps_w

  const float* x;
  int height, width;
  int64_t in_sample;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;

  const float* grad_z;
  int64_t out_sample;
  int out_plane;

  float* parts;  // [slice][group][filter][patch]
  Divisor plane, plane_row, taps, tap_row;
};

// Where a slice starts, and its pixels: sample and position in its plane.
struct SlicePixels {
  int64_t first_sample;
  int first_in_plane;
  int count;

  __device__ SlicePixels(const ConvWeights& c, int slice) {
    const int64_t begin = slice * c.slice;
    first_sample = begin / c.out_plane;
    first_in_plane = static_cast<int>(begin - first_sample * c.out_plane);
    const int64_t left = c.pixels - begin;
    count = static_cast<int>(left < c.slice ? left : c.slice);
  }
};

// dz, [filter][k] or [k][filter]: k is the slice's pixel. A thread keeps its place in a step along k.
template <class Shape>
class GradCopy {
 public:
  __device__ GradCopy(const ConvWeights& c, const SlicePixels& pixels, int group, int first_filter)
      : c_(c), pixels_(pixels), line_(threadIdx.x / Shape::kDepth), left_(c.filters - first_filter - line_) {
    grad_ = c.grad_z + pixels.first_sample * c.out_sample +
            (int64_t{group} * c.filters + first_filter + line_) * c.out_plane;
  }

  __device__ void start(float* shared, int begin) const {
    const int in_step = threadIdx.x % Shape::kDepth;
    const int k = begin + in_step;
    const bool inside = k < pixels_.count;
    const int pixel = pixels_.first_in_plane + (inside ? k : 0);
    const int sample = c_.plane.quotient(pixel);
    const float* from = grad_ + sample * c_.out_sample + c_.plane.remainder(pixel, sample);
#pragma unroll
    for (int i = 0; i < Shape::kCopies; ++i) {
      const int line = line_ + i * kLines;
      float* to = shared + (Shape::kAlongK ? line * Shape::kPitch + in_step : in_step * Shape::kPitch + line);
      cp_async_4(to, from + int64_t{i} * kLines * c_.out_plane, inside && i * kLines < left_);
    }
  }

 private:
  static constexpr int kLines = Shape::kTile / Shape::kCopies;

  const ConvWeights& c_;
  const SlicePixels& pixels_;
  const float* grad_;
  int line_, left_;
};

// Channel and tap of a column of dw, relative to the position that the tap (0, 0) has for a pixel.
struct PatchColumn {
  int plane, h, w;
};

// X_unroll^T, [column][k] or [k][column]. `columns` lies in shared memory, kTile of them, ready after a barrier.
template <class Shape>
class PatchCopy {
 public:
  __device__ PatchCopy(const ConvWeights& c, const SlicePixels& pixels, int group, const PatchColumn* columns)
      : c_(c), pixels_(pixels), columns_(columns), line_(threadIdx.x / Shape::kDepth) {
    x_ = c.x + pixels.first_sample * c.in_sample + int64_t{group} * c.channels * c.height * c.width;
  }

  __device__ static void fill_columns(const ConvWeights& c, int first_column, PatchColumn* columns) {
    for (int i = threadIdx.x; i < Shape::kTile; i += blockDim.x) {
      const int column = first_column + i;
      const int channel = c.taps.quotient(column), tap = c.taps.remainder(column, channel);
      const int r = c.tap_row.quotient(tap), s = c.tap_row.remainder(tap, r);
      columns[i].plane = channel * c.height * c.width;
      columns[i].h = column < c.patch ? r * c.dilation_h : 1 << 30;  // below every input
      columns[i].w = s * c.dilation_w;
    }
  }

  __device__ void start(float* shared, int begin) const {
    const int in_step = threadIdx.x % Shape::kDepth;
    const int k = begin + in_step;
    const int pixel = pixels_.first_in_plane + (k < pixels_.count ? k : 0);
    const int sample = c_.plane.quotient(pixel), in_plane = c_.plane.remainder(pixel, sample);
    const int p = c_.plane_row.quotient(in_plane), q = c_.plane_row.remainder(in_plane, p);
    // A pixel beyond the slice is put above every input; no tap comes back inside from there.
    const int h0 = k < pixels_.count ? p * c_.stride_h - c_.pad_h : -(1 << 30) - (1 << 29);
    const int w0 = q * c_.stride_w - c_.pad_w;
    const float* from = x_ + sample * c_.in_sample;
#pragma unroll
    for (int i = 0; i < Shape::kCopies; ++i) {
      const int line = line_ + i * kLines;
      const PatchColumn column = columns_[line];
      const int h = h0 + column.h, w = w0 + column.w;
      const bool inside = static_cast<unsigned>(h) < static_cast<unsigned>(c_.height) &&
                          static_cast<unsigned>(w) < static_cast<unsigned>(c_.width);
      float* to = shared + (Shape::kAlongK ? line * Shape::kPitch + in_step : in_step * Shape::kPitch + line);
      cp_async_4(to, from + (inside ? column.plane + h * c_.width + w : 0), inside);
    }
  }

 private:
  static constexpr int kLines = Shape::kTile / Shape::kCopies;

  const ConvWeights& c_;
  const SlicePixels& pixels_;
  const PatchColumn* columns_;
  const float* x_;
  int line_;
};

// grid.x: tiles of filters x patch; grid.z: groups * slices, slices last.
template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, Tile::kMinBlocks) void grad_weights_kernel(
    const __grid_constant__ ConvWeights c, int64_t first) {
  __shared__ PatchColumn columns[Tile::kBlockN];
  const int64_t part = first + blockIdx.z;  // of parts: slice * groups + group
  const int slice = static_cast<int>(part / c.groups), group = static_cast<int>(part % c.groups);
  const TileOrder order(blockIdx.x, c.filters, c.patch, Tile::kBlockM, Tile::kBlockN);
  const SlicePixels pixels(c, slice);
  PatchCopy<typename Tile::ShapeB>::fill_columns(c, order.column, columns);
  __syncthreads();
  const GradCopy<typename Tile::ShapeA> grad(c, pixels, group, order.row);
  const PatchCopy<typename Tile::ShapeB> patches(c, pixels, group, columns);
  typename Tile::Sums sums = {};
  multiply_tile<Tile>(sums, grad, patches, 0, pixels.count);
  store_tile<Tile>(sums, MatrixOutput{c.parts + part * c.filters * c.patch, c.patch}, GemmEpilogue{}, order.row,
                   order.column, c.filters, c.patch);
}

// Tiles of filters x patch that fit it best, for launch_grad_weights().
inline GemmTile weights_tile(const ConvWeights& c, bool small) {
  constexpr int64_t kMany = 1 << 20;  // slices, as many as the processors want
  return choose_tile(c.filters, c.patch, kMany, small);
}

template <class Tile>
void launch_grad_weights(cudaStream_t stream, const ConvWeights& c) {
  const unsigned tiles = tile_count(c.filters, c.patch, Tile::kBlockM, Tile::kBlockN);
  for_grid_ranges(int64_t{c.groups} * c.slices, [&](int64_t first, unsigned count) {
    launch_tile<Tile>(grad_weights_kernel<Tile>, dim3(tiles, 1, count), stream, c, first);
  });
}

// conv2d_pointwise.cu: one tap. Where width > 0 the pixels lie in planes of height x width, and what is between them
// becomes 0.
void gather_pointwise(cudaStream_t stream, const ConvGather& g, GemmTile tile, int height, int width);

// conv2d_implicit_gemm.cu and conv2d_implicit_tensor.cu
void gather_fp32(cudaStream_t stream, const ConvGather& g, bool transposed, GemmTile tile);
void grad_weights_fp32(cudaStream_t stream, const ConvWeights& c, GemmTile tile);
void gather_tensor(cudaStream_t stream, ConvMath math, const ConvGather& g, bool transposed, GemmTile tile);
void grad_weights_tensor(cudaStream_t stream, ConvMath math, const ConvWeights& c, GemmTile tile);

}  // namespace azj::cuda
