// The implicit-GEMM convolutions, forward and gradient to the input: X_unroll (T4.1) is a matrix whose elements are
// looked up in x while its tiles are copied to shared memory, and never stored. The products are those of GEMM rungs 5
// (tile_simt.cuh) and 6, 7 (tile_mma.cuh). conv2d_implicit_gemm.cu says which matrices.
#pragma once

#include "conv2d.hpp"
#include "grid.hpp"
#include "tile_copy.cuh"
#include "tile_launch.cuh"
#include "tile_pipeline.cuh"
#include "tile_store.cuh"

namespace azj::cuda {

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

// Where the k of the steps that are being copied are, looked up once for a block: k = (channel, tap) takes divisions. A
// step's entries are written kAhead steps before they are read, so that a barrier of multiply_tile() lies between;
// twice kAhead steps have a place, so that none is read any more when it is written again.
template <int kAhead_>
struct GatherTaps {
  static constexpr int kAhead = kAhead_;
  static constexpr int kBeyond = -(1 << 30);  // added to any row of the source it is outside

  int4 of[2 * kAhead][kTileDepth];  // offset in the source, rows and columns from tap (0, 0), offset in the weights

  // By a block of at least kTileDepth threads, for the steps before the first barrier.
  __device__ void begin(const ConvGather& g, int k) {
    for (int step = 0; step < kAhead; ++step) fill(g, k, step * kTileDepth);
  }
  __device__ void fill(const ConvGather& g, int k_end, int first_k) {
    if (threadIdx.x >= kTileDepth) return;
    const int k = first_k + static_cast<int>(threadIdx.x);
    const GatherTap tap(g, k < k_end ? k : 0);
    const int h = tap.r * g.tap_h, w = tap.s * g.tap_w;
    of[slot(first_k)][threadIdx.x] =
        make_int4((tap.channel * g.source_h + h) * g.source_w + w, k < k_end ? h : kBeyond, w,
                  tap.channel * g.weight_channel + tap.r * g.weight_tap_h + tap.s * g.weight_tap_w);
  }
  __device__ const int4* step(int first_k) const { return of[slot(first_k)]; }

 private:
  __device__ static int slot(int first_k) { return first_k / kTileDepth % (2 * kAhead); }
};

// The gathered source, [k][pixel]. A thread keeps its pixel, and copies every other k (or fourth, ...). Pixel: the order of
// the product's columns.
template <class Shape, class Taps, class Pixel = GatherPixel>
class SourceCopy {
 public:
  __device__ SourceCopy(const ConvGather& g, Taps& taps, int group, int first_pixel, int pixels, int k)
      : g_(g), taps_(taps) {
    static_assert(!Shape::kAlongK, "neighbouring pixels are neighbours in memory");
    const int j = first_pixel + static_cast<int>(threadIdx.x % Shape::kTile);
    const Pixel pixel(g, j < pixels ? j : 0);
    const int64_t plane = int64_t{g.source_h} * g.source_w;
    k_ = k;
    h_ = j < pixels ? pixel.u * g.step_h + g.origin_h : kOutside;
    w_ = pixel.v * g.step_w + g.origin_w;
    group_ = g.source + pixel.sample * g.source_sample + group * g.channels * plane;
    corner_ = j < pixels ? h_ * g.source_w + w_ : 0;
  }

  __device__ void start(float* shared, int begin) const {
    const int line = threadIdx.x / Shape::kTile;
    float* to = shared + line * Shape::kPitch + threadIdx.x % Shape::kTile;
    const int4* const taps = taps_.step(begin) + line;
#pragma unroll
    for (int i = 0; i < Shape::kCopies; ++i) {
      const int4 tap = taps[i * Shape::kLinesOfFast];
      const bool inside = static_cast<unsigned>(h_ + tap.y) < static_cast<unsigned>(g_.source_h) &&
                          static_cast<unsigned>(w_ + tap.z) < static_cast<unsigned>(g_.source_w);
      cp_async_4(to + i * Shape::kLinesOfFast * Shape::kPitch, group_ + (inside ? corner_ + tap.x : 0), inside);
    }
    taps_.fill(g_, k_, begin + Taps::kAhead * kTileDepth);
  }

 private:
  static constexpr int kOutside = -(1 << 30);  // no tap comes back inside from there

  const ConvGather& g_;
  Taps& taps_;
  const float* group_;  // the group's first channel of this pixel's sample
  int k_;
  int h_, w_;   // position of tap (0, 0)
  int corner_;  // in its plane; may be below 0
};

// The weights of the gradient to the input, [k][row]: rows are input channels, k runs over filters and the phase's
// taps.
template <class Shape, class Taps>
class TransposedWeightCopy {
 public:
  __device__ TransposedWeightCopy(const ConvGather& g, const Taps& taps, int group, int first_row, int k)
      : taps_(taps) {
    static_assert(!Shape::kAlongK, "neighbouring rows are nearer in memory than neighbours in k");
    const int row = first_row + static_cast<int>(threadIdx.x % Shape::kTile);
    k_ = row < g.rows ? k : 0;
    row_ = g.weights + group * g.weight_group + (row < g.rows ? row * g.weight_row : 0);
  }

  __device__ void start(float* shared, int begin) const {
    const int line = threadIdx.x / Shape::kTile;
    float* to = shared + line * Shape::kPitch + threadIdx.x % Shape::kTile;
    const int4* const taps = taps_.step(begin) + line;
#pragma unroll
    for (int i = 0; i < Shape::kCopies; ++i) {
      const bool inside = begin + line + i * Shape::kLinesOfFast < k_;
      cp_async_4(to + i * Shape::kLinesOfFast * Shape::kPitch, row_ + (inside ? taps[i * Shape::kLinesOfFast].w : 0),
                 inside);
    }
  }

 private:
  const Taps& taps_;
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
  using Taps = GatherTaps<Tile::kStages - 1>;
  __shared__ Taps taps;
  taps.begin(g, k);
  __syncthreads();
  const SourceCopy<typename Tile::ShapeB, Taps> source(g, taps, group, order.column, pixels, k);
  typename Tile::Sums sums = {};
  if constexpr (kTransposed) {
    const TransposedWeightCopy<typename Tile::ShapeA, Taps> weights(g, taps, group, order.row, k);
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

// conv2d_pointwise.cu: one tap. Where width > 0 the pixels lie in planes of height x width, and what is between them
// becomes 0.
void gather_pointwise(cudaStream_t stream, const ConvGather& g, GemmTile tile, int height, int width);

// conv2d_implicit_gemm.cu and conv2d_implicit_tensor.cu
void gather_fp32(cudaStream_t stream, const ConvGather& g, bool transposed, GemmTile tile);
void gather_tensor(cudaStream_t stream, ConvMath math, const ConvGather& g, bool transposed, GemmTile tile);

}  // namespace azj::cuda
