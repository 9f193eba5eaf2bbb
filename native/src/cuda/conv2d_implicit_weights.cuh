// The implicit-GEMM gradient to the weights: dw[filters x (channels, taps)] = dz[filters x pixels] * X_unroll^T, with
// X_unroll looked up in x as in conv2d_implicit.cuh.
#pragma once

#include "conv2d.hpp"
#include "grid.hpp"
#include "tile_copy.cuh"
#include "tile_launch.cuh"
#include "tile_pipeline.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

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

// conv2d_implicit_gemm.cu and conv2d_implicit_tensor.cu
void grad_weights_fp32(cudaStream_t stream, const ConvWeights& c, GemmTile tile);
void grad_weights_tensor(cudaStream_t stream, ConvMath math, const ConvWeights& c, GemmTile tile);

}  // namespace azj::cuda
