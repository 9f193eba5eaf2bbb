// Convolution without X_unroll and without products of tiles, the thesis' "standard" one: a sum for each output. DIRECT
// for the shapes that have no kernel of their own (conv2d_direct.cpp).
//
//   forward, gradient to input   a thread one output pixel (conv2d.hpp, ConvGather: both are sums over channels and taps);
//                                grid (pixels of a plane, planes of a sample, samples). Taps on the padding are skipped
//   gradient to weights          a warp or a block one weight: its threads share the batch's pixels, and add their sums
//                                in a fixed order
//
// Depthwise (one input channel and one filter a group) a block computes 32 x 32 pixels of one plane from a tile of the
// source in shared memory, so that the source is read from memory about once. Bound by memory: 8 bytes a pixel for 2 *
// R * S FLOP.
#include "conv2d.hpp"
#include "epilogue.cuh"
#include "grid.hpp"
#include "kernels.hpp"
#include "launch.cuh"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

constexpr int kMaxThreads = 256;
constexpr int kTile = 32;     // pixels of a depthwise tile, both ways
constexpr int kTileRows = 8;  // rows of threads: a thread computes every 8th row of the tile
constexpr int kSourceFloats = 8192;

// The epilogue of row i of a group.
__device__ void store_pixel(const ConvGather& g, int group, int i, float sum, float* out) {
  const float* bias = g.epilogue.bias;
  const float b = bias != nullptr ? bias[group * g.rows + i] : 0.0f;
  *out = activate(g.epilogue.activation, g.epilogue.slope, sum + b);
}

__global__ __launch_bounds__(kMaxThreads) void direct_kernel(const __grid_constant__ ConvGather g, int first_sample,
                                                             int first_plane) {
  const int pixel = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (pixel >= g.pixels_h * g.pixels_w) return;
  const int n = first_sample + static_cast<int>(blockIdx.z);
  const int u = g.pixel_row.quotient(pixel), v = g.pixel_row.remainder(pixel, u);
  const int first_h = u * g.step_h + g.origin_h, first_w = v * g.step_w + g.origin_w;
  const int64_t source_plane = int64_t{g.source_h} * g.source_w;
  const int plane = first_plane + static_cast<int>(blockIdx.y);
  const int group = plane / g.rows, i = plane % g.rows;
  const float* source = g.source + n * g.source_sample + group * g.channels * source_plane;
  const float* weights = g.weights + group * g.weight_group + i * g.weight_row;
  float sum = 0;
  for (int c = 0; c < g.channels; ++c, source += source_plane, weights += g.weight_channel) {
    for (int r = 0; r < g.taps_h; ++r) {
      const int h = first_h + r * g.tap_h;
      if (h < 0 || h >= g.source_h) continue;
      for (int s = 0; s < g.taps_w; ++s) {
        const int w = first_w + s * g.tap_w;
        if (w < 0 || w >= g.source_w) continue;
        sum += weights[r * g.weight_tap_h + s * g.weight_tap_w] * source[h * g.source_w + w];
      }
    }
  }
  float* out = g.out + n * g.out_sample + int64_t{plane} * g.out_plane;
  store_pixel(g, group, i, sum, out + u * g.out_step_h + v * g.out_step_w);
}

// One axis of the source tile of a depthwise tile: from the first to the last tap of its first and last pixel.
struct TileExtent {
  int first, size;  // relative to the position of tap 0 of the first pixel
  __host__ __device__ TileExtent(int taps, int tap, int step)
      : first(tap < 0 ? (taps - 1) * tap : 0), size((kTile - 1) * step + (taps - 1) * (tap < 0 ? -tap : tap) + 1) {}
};

// grid (tiles of a plane, planes, samples), block (32, 8).
__global__ __launch_bounds__(kTile* kTileRows) void depthwise_kernel(const __grid_constant__ ConvGather g,
                                                                    int first_sample, int first_plane) {
  __shared__ float tile[kSourceFloats];
  const int n = first_sample + static_cast<int>(blockIdx.z);
  const int tiles_w = (g.pixels_w + kTile - 1) / kTile;
  const int first_u = static_cast<int>(blockIdx.x) / tiles_w * kTile;
  const int first_v = static_cast<int>(blockIdx.x) % tiles_w * kTile;
  const TileExtent rows(g.taps_h, g.tap_h, g.step_h), columns(g.taps_w, g.tap_w, g.step_w);
  const int top = first_u * g.step_h + g.origin_h + rows.first, left = first_v * g.step_w + g.origin_w + columns.first;
  const int64_t source_plane = int64_t{g.source_h} * g.source_w;
  const int plane = first_plane + static_cast<int>(blockIdx.y);
  const float* source = g.source + n * g.source_sample + plane * source_plane;
  for (int i = threadIdx.y; i < rows.size; i += kTileRows) {
    const int h = top + i;
    for (int j = threadIdx.x; j < columns.size; j += kTile) {
      const int w = left + j;
      const bool inside = h >= 0 && h < g.source_h && w >= 0 && w < g.source_w;
      tile[i * columns.size + j] = inside ? source[h * g.source_w + w] : 0.0f;
    }
  }
  __syncthreads();
  const float* weights = g.weights + plane * g.weight_group;
  const float* const corner = tile + (static_cast<int>(threadIdx.y) * g.step_h - rows.first) * columns.size +
                              static_cast<int>(threadIdx.x) * g.step_w - columns.first;
  const int row_step = kTileRows * g.step_h * columns.size;
  float sums[kTile / kTileRows] = {};
  for (int r = 0; r < g.taps_h; ++r) {
    for (int s = 0; s < g.taps_w; ++s) {
      const float weight = weights[r * g.weight_tap_h + s * g.weight_tap_w];
      const float* from = corner + r * g.tap_h * columns.size + s * g.tap_w;
#pragma unroll
      for (int i = 0; i < kTile / kTileRows; ++i) sums[i] += weight * from[i * row_step];
    }
  }
  const int v = first_v + static_cast<int>(threadIdx.x);
  float* out = g.out + n * g.out_sample + int64_t{plane} * g.out_plane + v * g.out_step_w;
#pragma unroll
  for (int i = 0; i < kTile / kTileRows; ++i) {
    const int u = first_u + static_cast<int>(threadIdx.y) + i * kTileRows;
    if (u < g.pixels_h && v < g.pixels_w) store_pixel(g, plane, 0, sums[i], out + u * g.out_step_h);
  }
}

// Planes at least half a tile wide and high; smaller ones would leave most of a block idle.
bool fits_depthwise(const ConvGather& g) {
  if (g.rows != 1 || g.channels != 1 || g.taps_h == 0 || g.taps_w == 0) return false;
  if (g.pixels_h < kTile / 2 || g.pixels_w < kTile / 2 || g.step_h > kTile || g.step_w > kTile) return false;
  const int64_t reach_h = int64_t{g.taps_h - 1} * (g.tap_h < 0 ? -g.tap_h : g.tap_h);
  const int64_t reach_w = int64_t{g.taps_w - 1} * (g.tap_w < 0 ? -g.tap_w : g.tap_w);
  return ((kTile - 1) * g.step_h + reach_h + 1) * ((kTile - 1) * g.step_w + reach_w + 1) <= kSourceFloats;
}

void run(cudaStream_t stream, const ConvGather& gather, int64_t batch) {
  for_sample_ranges(gather, batch, [&](const ConvGather& g) {
    const bool depthwise = fits_depthwise(g);
    const int64_t pixels = int64_t{g.pixels_h} * g.pixels_w, planes = int64_t{g.groups} * g.rows;
    const int64_t warps = divide_up(pixels, 32) * 32, threads = warps < kMaxThreads ? warps : kMaxThreads;
    const int64_t blocks =
        depthwise ? divide_up(g.pixels_h, kTile) * divide_up(g.pixels_w, kTile) : divide_up(pixels, threads);
    for_grid_ranges(g.samples, [&](int64_t first_sample, unsigned samples) {
      for_grid_ranges(planes, [&](int64_t first_plane, unsigned count) {
        const dim3 grid(static_cast<unsigned>(blocks), count, samples);
        const dim3 block = depthwise ? dim3(kTile, kTileRows) : dim3(static_cast<unsigned>(threads));
        launch(depthwise ? depthwise_kernel : direct_kernel, grid, block, 0, stream, g, static_cast<int>(first_sample),
               static_cast<int>(first_plane));
      });
    });
  });
}

// ---- gradient to the weights

struct WeightSums {
  int64_t batch, weights;
  int group_filters, group_channels, kernel_w, taps;
  int height, width, out_plane;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int64_t in_sample, out_sample;
  Divisor out_row;
};

constexpr int kRun = 64;  // products that a thread adds in float before they are added in double

// rows: weights; columns: pixels of the batch.
template <class Team>
__global__ __launch_bounds__(kRowThreads) void grad_weights_kernel(int64_t weights, int64_t pixels,
                                                                  const __grid_constant__ WeightSums k, const float* x,
                                                                  const float* grad_z, float* grad_w) {
  const Team team;
  const int64_t step_samples = Team::kSize / k.out_plane;
  const int step_pixels = Team::kSize % k.out_plane;
  for (int64_t weight = team.first_row(); weight < weights; weight += team.row_step()) {
    const int64_t line = weight / k.taps;  // (filter, channel of its group)
    const int tap = static_cast<int>(weight % k.taps);
    const int64_t filter = line / k.group_channels;
    const int64_t channel = filter / k.group_filters * k.group_channels + line % k.group_channels;
    const float* plane = x + channel * k.height * k.width;
    const float* grad = grad_z + filter * k.out_plane;
    const int tap_h = tap / k.kernel_w * k.dilation_h - k.pad_h, tap_w = tap % k.kernel_w * k.dilation_w - k.pad_w;
    int64_t n = team.rank() / k.out_plane;
    int pixel = team.rank() % k.out_plane;
    double total = 0;
    for (int64_t begin = team.rank(); begin < pixels; begin += int64_t{kRun} * Team::kSize) {
      float sum = 0;
      for (int i = 0; i < kRun && n < k.batch; ++i) {
        const int p = k.out_row.quotient(pixel), q = k.out_row.remainder(pixel, p);
        const int h = p * k.stride_h + tap_h, w = q * k.stride_w + tap_w;
        if (h >= 0 && h < k.height && w >= 0 && w < k.width) {
          sum += grad[n * k.out_sample + pixel] * plane[n * k.in_sample + h * k.width + w];
        }
        pixel += step_pixels;
        n += step_samples;
        if (pixel >= k.out_plane) {
          pixel -= k.out_plane;
          ++n;
        }
      }
      total += static_cast<double>(sum);
    }
    total = team.reduce(total, Add{});
    if (team.rank() == 0) grad_w[weight] = static_cast<float>(total);
  }
}

}  // namespace

void conv2d_general_forward(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* w,
                           const float* bias, float* y) {
  run(stream, forward_gather(d, ConvSize(d), x, w, bias, y), d.batch);
}

void conv2d_general_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                              float* grad_x) {
  for_phases(d, ConvSize(d), grad_z, w, grad_x, [&](const ConvGather& phase) { run(stream, phase, d.batch); });
}

void conv2d_general_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w) {
  const ConvSize s(d);
  WeightSums k{};
  k.batch = d.batch;
  k.weights = s.weights;
  k.group_filters = static_cast<int>(s.group_filters);
  k.group_channels = static_cast<int>(s.group_channels);
  k.kernel_w = static_cast<int>(d.kernel_w);
  k.taps = static_cast<int>(s.taps);
  k.height = static_cast<int>(d.height);
  k.width = static_cast<int>(d.width);
  k.out_plane = static_cast<int>(s.out_plane);
  k.stride_h = static_cast<int>(d.stride_h);
  k.stride_w = static_cast<int>(d.stride_w);
  k.pad_h = static_cast<int>(d.pad_h);
  k.pad_w = static_cast<int>(d.pad_w);
  k.dilation_h = static_cast<int>(d.dilation_h);
  k.dilation_w = static_cast<int>(d.dilation_w);
  k.in_sample = s.in_sample;
  k.out_sample = s.out_sample;
  k.out_row = Divisor(s.out_w);
  launch_rows(grad_weights_kernel<WarpTeam>, grad_weights_kernel<BlockTeam>, stream, s.weights, d.batch * s.out_plane,
              k, x, grad_z, grad_w);
}

}  // namespace azj::cuda
