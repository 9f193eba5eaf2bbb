// The forward pass of the implicit GEMM (FP32) that ends in 2x2 max pooling with stride 2, azj_conv2d_pool_forward():
//   y[filters x windows] = the maxima of activation(w[filters x (channels, taps)] * X_unroll + bias)
//
// The product of conv2d_implicit_gemm.cu with its columns in another order: the four pixels of a window are neighbours.
// Tiles begin at a multiple of four, so that a window is never cut; its outputs lie side by side in shared memory when a
// tile is stored, and one thread takes their maximum. Sums run over k in the same order: the bits are those of the
// convolution and the pooling one after the other. The convolution's output, 4 bytes written and 4 read for each of its
// elements, and a launch are saved.
#include "conv2d_implicit.cuh"
#include "kernels.hpp"
#include "tile_simt.cuh"

namespace azj::cuda {

namespace {

// A gather over the pixels that windows cover: pixels_h and pixels_w are even, `out`, out_sample and out_plane are those
// of y, and the divisors are by windows of a plane, and of a row.
struct GatherPool {
  ConvGather gather;
  int32_t* argmax;  // or null
  int width;        // columns of the convolution's output
};

// The window of four columns of the product, and its first pixel.
struct Window {
  int sample, in_sample, u, v;
  __device__ Window(const ConvGather& g, int window) {
    sample = g.pixels.quotient(window);
    in_sample = g.pixels.remainder(window, sample);
    u = g.pixel_row.quotient(in_sample);
    v = 2 * g.pixel_row.remainder(in_sample, u);
    u *= 2;
  }
};

// The pixel of column j: the windows of all samples one after the other, each row by row.
struct WindowPixel {
  int sample, u, v;
  __device__ WindowPixel(const ConvGather& g, int j) {
    const Window window(g, j / 4);
    sample = window.sample;
    u = window.u + j % 4 / 2;
    v = window.v + j % 2;
  }
};

// The maximum of each window of the tile (first_row, first_column) .., and where it is; as store_tile(), see there.
template <class Tile>
__device__ inline void pool_tile(const typename Tile::Sums& sums, const GatherPool& p, int group,
                                 const GemmEpilogue& epilogue, int first_row, int first_column, int pixels) {
  constexpr int kPitch = Tile::kBlockN + 4;
  constexpr int kRows = Tile::kBlockM / Tile::kWarpRows * 16, kWindows = Tile::kBlockN / 4;
  static_assert(sizeof(float) * kRows * kPitch <= Tile::kSharedBytes, "a pass fits the tile's buffers");
  static_assert(Tile::kThreads % kWindows == 0, "a thread keeps its window");
  float* shared = dynamic_shared<float>();
  const ConvGather& g = p.gather;
  const int in_tile = static_cast<int>(threadIdx.x) % kWindows;
  const bool inside = first_column + 4 * in_tile < pixels;
  const Window window(g, inside ? first_column / 4 + in_tile : 0);
  const int64_t to = window.sample * g.out_sample + int64_t{group} * g.rows * g.out_plane + window.in_sample;
  const int corner = window.u * p.width + window.v;
#pragma unroll
  for (int pass = 0; pass < Tile::kWarpRows / 16; ++pass) {
    __syncthreads();  // nobody reads the buffers any more
    Tile::stage(sums, pass, shared, kPitch);
    __syncthreads();
#pragma unroll 1
    for (int r = static_cast<int>(threadIdx.x) / kWindows; r < kRows; r += Tile::kThreads / kWindows) {
      const int row = first_row + r / 16 * Tile::kWarpRows + pass * 16 + r % 16;
      if (!inside || row >= g.rows) continue;
      const float bias = row_bias(epilogue, row);
      const float* z = shared + r * kPitch + 4 * in_tile;
      float best = finish(epilogue, z[0], nullptr, bias);
      int place = 0;
#pragma unroll 1
      for (int i = 1; i < 4; ++i) {
        const float value = finish(epilogue, z[i], nullptr, bias);
        if (value <= best || best != best) continue;  // a NaN in value replaces, a NaN in best stays
        best = value;
        place = i;
      }
      const int64_t at = to + row * int64_t{g.out_plane};
      g.out[at] = best;
      if (p.argmax != nullptr) p.argmax[at] = corner + place / 2 * p.width + place % 2;
    }
  }
}

// grid.x: tiles of rows x pixels; grid.z: groups.
template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, Tile::kMinBlocks) void gather_pool_kernel(
    const __grid_constant__ GatherPool p, int first_group) {
  const ConvGather& g = p.gather;
  const int group = first_group + static_cast<int>(blockIdx.z);
  const int pixels = g.samples * g.pixels_h * g.pixels_w;
  const int k = g.channels * g.taps_h * g.taps_w;
  const TileOrder order(blockIdx.x, g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  using Taps = GatherTaps<Tile::kStages - 1>;
  __shared__ Taps taps;
  taps.begin(g, k);
  __syncthreads();
  const SourceCopy<typename Tile::ShapeB, Taps, WindowPixel> source(g, taps, group, order.column, pixels, k);
  const MatrixCopy<typename Tile::ShapeA> weights(g.weights + group * g.weight_group + order.row * int64_t{k}, k, 1,
                                                  g.rows - order.row, k);
  typename Tile::Sums sums = {};
  multiply_tile<Tile>(sums, weights, source, 0, k);
  GemmEpilogue epilogue = g.epilogue;
  epilogue.bias += group * epilogue.bias_group_stride;
  pool_tile<Tile>(sums, p, group, epilogue, order.row, order.column, pixels);
}

template <class Tile>
void launch_gather_pool(cudaStream_t stream, const GatherPool& p) {
  const ConvGather& g = p.gather;
  const int64_t pixels = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const unsigned tiles = tile_count(g.rows, pixels, Tile::kBlockM, Tile::kBlockN);
  for_grid_ranges(g.groups, [&](int64_t first, unsigned count) {
    launch_tile<Tile>(gather_pool_kernel<Tile>, dim3(tiles, 1, count), stream, p, static_cast<int>(first));
  });
}

}  // namespace

bool conv2d_implicit_pools(const azj_conv2d_desc& d) { return d.kernel_h > 1 || d.kernel_w > 1; }

void conv2d_implicit_pool_forward(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* w,
                                  const float* bias, float* y, int32_t* argmax, GemmTile tile) {
  const ConvSize s(d);
  ConvGather gather = forward_gather(d, s, x, w, bias, y);
  gather.pixels_h -= gather.pixels_h % 2;
  gather.pixels_w -= gather.pixels_w % 2;
  const int64_t columns = gather.pixels_w / 2, windows = gather.pixels_h / 2 * columns;
  gather.out_sample = d.filters * windows;
  gather.out_plane = static_cast<int>(windows);
  gather.pixels = Divisor(windows);
  gather.pixel_row = Divisor(columns);
  for_sample_ranges(gather, d.batch, [&](const ConvGather& g) {
    const GatherPool p{g, argmax == nullptr ? nullptr : argmax + (g.out - y), static_cast<int>(s.out_w)};
    const int64_t pixels = int64_t{g.samples} * g.pixels_h * g.pixels_w;
    switch (tile == GemmTile::AUTO ? choose_tile(g.rows, pixels, g.groups) : tile) {
      case GemmTile::WIDE: return launch_gather_pool<WideSimtTile>(stream, p);
      case GemmTile::LARGE: return launch_gather_pool<LargeSimtTile>(stream, p);
      case GemmTile::MEDIUM: return launch_gather_pool<MediumSimtTile>(stream, p);
      default: return launch_gather_pool<SmallSimtTile>(stream, p);
    }
  });
}

}  // namespace azj::cuda
