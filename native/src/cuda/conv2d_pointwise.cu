// IMPLICIT_GEMM in FP32 where one tap meets each pixel: 1x1 kernels, forward and gradient to the input, any stride and
// padding; and the phases with one tap of other strided gradients. Neither operand is gathered:
//
//   out[row][pixel] = sum over channels of weights[row][channel] * source[channel][where the tap of the pixel is]
//
// A pixel's place in the source is found once, every channel is a plane further. Where pixels are neighbours in the
// source (stride 1, no padding, planes of a multiple of 4), four of them are copied at a time.
//
// The gradient to the input of a strided 1x1 convolution is 0 but for every stride-th row and column. Its kernel writes
// the zeros beside each pixel with it: grad_x is written once, by one launch instead of stride_h * stride_w.
#include "conv2d_implicit.cuh"
#include "tile_simt.cuh"

namespace azj::cuda {

namespace {

// The source, [k][pixel]: k is a channel.
template <class Shape>
class PointwiseCopy {
 public:
  __device__ PointwiseCopy(const ConvGather& g, int group, int first_pixel, int pixels, bool vectors)
      : plane_(g.source_h * g.source_w), vectors_(vectors) {
    constexpr int kQuads = Shape::kTile / 4;
    const int thread = threadIdx.x;
    line_ = vectors ? thread / kQuads : thread / Shape::kTile;
    in_tile_ = vectors ? thread % kQuads * 4 : thread % Shape::kTile;
    const int j = first_pixel + in_tile_;
    const GatherPixel pixel(g, j < pixels ? j : 0);
    const int h = pixel.u * g.step_h + g.origin_h, w = pixel.v * g.step_w + g.origin_w;
    const bool inside = j < pixels && static_cast<unsigned>(h) < static_cast<unsigned>(g.source_h) &&
                        static_cast<unsigned>(w) < static_cast<unsigned>(g.source_w);
    channels_ = inside ? g.channels - line_ : 0;
    from_ = g.source + pixel.sample * g.source_sample + (int64_t{group} * g.channels + line_) * plane_ +
            (inside ? h * g.source_w + w : 0);
  }

  __device__ void start(float* shared, int begin) const {
    const float* from = from_ + int64_t{begin} * plane_;
    float* to = shared + line_ * Shape::kPitch + in_tile_;
    const int left = channels_ - begin;
    if (vectors_) {
#pragma unroll
      for (int i = 0; i < Shape::kVectorCopies; ++i) {
        cp_async_16(to + i * Shape::kVectorRows * Shape::kPitch, from, i * Shape::kVectorRows < left);
        from += int64_t{Shape::kVectorRows} * plane_;
      }
    } else {
#pragma unroll
      for (int i = 0; i < Shape::kCopies; ++i) {
        cp_async_4(to + i * Shape::kLinesOfFast * Shape::kPitch, from, i * Shape::kLinesOfFast < left);
        from += int64_t{Shape::kLinesOfFast} * plane_;
      }
    }
  }

 private:
  const float* from_;  // of this thread's pixel, or four of them, in its first channel
  int plane_, line_, in_tile_;
  int channels_;  // from there on; none outside the source
  bool vectors_;
};

// Pixels (u, v) lie at (u * stride_h, v * stride_w), and what is between them is 0.
struct StridedOutput {
  const GatherOutput pixels;
  int height, width;  // of the plane

  __device__ float* column(int j) const { return pixels.column(j); }
  __device__ int64_t row_stride() const { return pixels.row_stride(); }

  // The part of the plane from a pixel to the next ones below and to the right, or to the border.
  struct Gaps {
    int rows, columns, width;
    __device__ void fill(float* at) const {
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
          if (i + j > 0) at[i * width + j] = 0.0f;
        }
      }
    }
  };
  __device__ Gaps gaps(int j) const {
    const GatherPixel pixel(pixels.g, j);
    const int stride_h = pixels.g.out_step_h / width, stride_w = pixels.g.out_step_w;
    const bool last_h = pixel.u == pixels.g.pixels_h - 1, last_w = pixel.v == pixels.g.pixels_w - 1;
    return {last_h ? height - pixel.u * stride_h : stride_h, last_w ? width - pixel.v * stride_w : stride_w, width};
  }
};

// grid.x: tiles of rows x pixels; grid.z: groups. height, width: of the plane, where kGaps.
template <class Tile, bool kGaps>
__global__ __launch_bounds__(Tile::kThreads, Tile::kMinBlocks) void pointwise_kernel(
    const __grid_constant__ ConvGather g, int first_group, bool vectors, int height, int width) {
  const int group = first_group + static_cast<int>(blockIdx.z);
  const int pixels = g.samples * g.pixels_h * g.pixels_w;
  const TileOrder order(blockIdx.x, g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  const PointwiseCopy<typename Tile::ShapeB> source(g, group, order.column, pixels, vectors);
  const float* const first_weight = g.weights + group * g.weight_group + int64_t{order.row} * g.weight_row;
  const MatrixCopy<typename Tile::ShapeA> weights(first_weight, g.weight_row, g.weight_channel, g.rows - order.row,
                                                  g.channels);
  typename Tile::Sums sums = {};
  multiply_tile<Tile>(sums, weights, source, 0, g.channels);
  GemmEpilogue epilogue = g.epilogue;
  epilogue.bias += group * epilogue.bias_group_stride;
  const GatherOutput out{g, g.out + int64_t{group} * g.rows * g.out_plane};
  if constexpr (kGaps) {
    store_tile<Tile>(sums, StridedOutput{out, height, width}, epilogue, order.row, order.column, g.rows, pixels);
  } else {
    store_tile<Tile>(sums, out, epilogue, order.row, order.column, g.rows, pixels);
  }
}

template <class Tile>
void run(cudaStream_t stream, const ConvGather& g, int height, int width) {
  const int64_t pixels = int64_t{g.samples} * g.pixels_h * g.pixels_w, plane = int64_t{g.source_h} * g.source_w;
  const unsigned tiles = tile_count(g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  const bool vectors = g.step_h == 1 && g.step_w == 1 && g.origin_h == 0 && g.origin_w == 0 &&
                       g.pixels_h == g.source_h && g.pixels_w == g.source_w && plane % 4 == 0 &&
                       reinterpret_cast<uintptr_t>(g.source) % 16 == 0;
  for_grid_ranges(g.groups, [&](int64_t first, unsigned count) {
    const auto kernel = width > 0 ? pointwise_kernel<Tile, true> : pointwise_kernel<Tile, false>;
    launch_tile<Tile>(kernel, dim3(tiles, 1, count), stream, g, static_cast<int>(first), vectors, height, width);
  });
}

}  // namespace

void gather_pointwise(cudaStream_t stream, const ConvGather& g, GemmTile tile, int height, int width) {
  if (tile == GemmTile::AUTO) tile = choose_tile(g.rows, int64_t{g.samples} * g.pixels_h * g.pixels_w, g.groups);
  switch (tile) {
    case GemmTile::WIDE: return run<WideSimtTile>(stream, g, height, width);
    case GemmTile::LARGE: return run<LargeSimtTile>(stream, g, height, width);
    case GemmTile::MEDIUM: return run<MediumSimtTile>(stream, g, height, width);
    default: return run<SmallSimtTile>(stream, g, height, width);
  }
}

}  // namespace azj::cuda
