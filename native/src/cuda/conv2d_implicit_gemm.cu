// Convolution as GEMM without X_unroll, rows T15 and T16:
//
//   forward             y[filters x pixels] = w[filters x (channels, taps)] * X_unroll          N(20), T2.6.1
//   gradient to input   dx[channels x pixels of a phase] = w'[channels x (filters, taps)] * dZ_unroll      N(46)
//   gradient to weights dw[filters x (channels, taps)] = dz[filters x pixels] * X_unroll^T      N(30)
//
// The pixels are those of all samples, one after the other, so that a small image fills its tiles too. Groups are
// separate products. An element of X_unroll is looked up in x while its tile is copied to shared memory: against
// IM2COL_GEMM the product reads as much, and 2 * (R * S) times the input is neither written nor read again.
//
// The gradient to the weights sums over batch * out_h * out_w pixels into few elements. Its pixels are cut into slices,
// enough for all multiprocessors; the slices' parts lie in the workspace and are added in their order.
#include <string>

#include "conv2d_implicit.cuh"
#include "conv2d_implicit_weights.cuh"
#include "error.hpp"
#include "kernels.hpp"
#include "tile_simt.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kMinSlice = 256;         // pixels: shorter slices cost more to add than they gain
constexpr int64_t kMaxSlice = 1 << 29;     // so that a slice's pixels stay below 2^30
constexpr int64_t kMaxSlices = 256;        // unless kMaxSlice asks for more
constexpr int64_t kSumBlock = 256;

// out[i] = the sum of parts[slice][i], slices in order.
__global__ __launch_bounds__(kSumBlock) void add_parts_kernel(const float* parts, int slices, int64_t count,
                                                             float* out) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    float sum = 0;
    for (int slice = 0; slice < slices; ++slice) sum += parts[slice * count + i];
    out[i] = sum;
  }
}

ConvWeights conv_weights(const azj_conv2d_desc& d, const ConvSize& s) {
  ConvWeights c{};
  c.batch = d.batch;
  c.pixels = d.batch * s.out_plane;
  c.groups = static_cast<int>(d.groups);
  c.filters = static_cast<int>(s.group_filters);
  c.channels = static_cast<int>(s.group_channels);
  c.taps_h = static_cast<int>(d.kernel_h);
  c.taps_w = static_cast<int>(d.kernel_w);
  c.patch = static_cast<int>(s.patch);
  c.height = static_cast<int>(d.height);
  c.width = static_cast<int>(d.width);
  c.in_sample = s.in_sample;
  c.stride_h = static_cast<int>(d.stride_h);
  c.stride_w = static_cast<int>(d.stride_w);
  c.pad_h = static_cast<int>(d.pad_h);
  c.pad_w = static_cast<int>(d.pad_w);
  c.dilation_h = static_cast<int>(d.dilation_h);
  c.dilation_w = static_cast<int>(d.dilation_w);
  c.out_sample = s.out_sample;
  c.out_plane = static_cast<int>(s.out_plane);
  c.plane = Divisor(s.out_plane);
  c.plane_row = Divisor(s.out_w);
  c.taps = Divisor(s.taps);
  c.tap_row = Divisor(d.kernel_w);
  return c;
}

// The most slices of the pixels: so many that every multiprocessor has two blocks. Grows with the pixels.
int64_t most_slices(const ConvWeights& c, GemmTile tile) {
  const int64_t tiles = divide_up(c.filters, tile_rows(tile)) * divide_up(c.patch, tile_columns(tile)) * c.groups;
  int64_t slices = divide_up(2 * multiprocessors(), tiles);
  if (slices > divide_up(c.pixels, kMinSlice)) slices = divide_up(c.pixels, kMinSlice);
  if (slices > kMaxSlices) slices = kMaxSlices;
  if (slices < divide_up(c.pixels, kMaxSlice)) slices = divide_up(c.pixels, kMaxSlice);
  return slices;
}

// Cuts the pixels into slices of one length, a multiple of the tiles' depth.
void slice_pixels(ConvWeights& c, GemmTile tile) {
  const int64_t slices = most_slices(c, tile);
  c.slice = divide_up(divide_up(c.pixels, slices), kTileDepth) * kTileDepth;
  c.slices = static_cast<int>(divide_up(c.pixels, c.slice));
}

void require(ConvMath math) {
  std::string reason;
  if (math != ConvMath::FP32 && !has_tensor_cores(reason)) throw Error(AZJ_UNSUPPORTED, reason);
}

ConvWeights sliced_weights(ConvMath math, const azj_conv2d_desc& d, const ConvSize& s, GemmTile& tile) {
  require(math);
  ConvWeights c = conv_weights(d, s);
  if (tile == GemmTile::AUTO) tile = weights_tile(c, math == ConvMath::FP32);
  slice_pixels(c, tile);
  return c;
}

void run_gather(cudaStream_t stream, ConvMath math, const ConvGather& gather, int64_t batch, bool transposed,
                GemmTile tile) {
  require(math);
  for_sample_ranges(gather, batch, [&](const ConvGather& g) {
    if (math == ConvMath::FP32 && g.taps_h == 1 && g.taps_w == 1) return gather_pointwise(stream, g, tile, 0, 0);
    if (math == ConvMath::FP32) return gather_fp32(stream, g, transposed, tile);
    gather_tensor(stream, math, g, transposed, tile);
  });
}

template <class Tile>
void gather_tile(cudaStream_t stream, const ConvGather& g, bool transposed) {
  if (transposed) return launch_gather<Tile, true>(stream, g);
  launch_gather<Tile, false>(stream, g);
}

}  // namespace

void gather_fp32(cudaStream_t stream, const ConvGather& g, bool transposed, GemmTile tile) {
  if (tile == GemmTile::AUTO) tile = choose_tile(g.rows, int64_t{g.samples} * g.pixels_h * g.pixels_w, g.groups);
  switch (tile) {
    case GemmTile::WIDE: return gather_tile<WideSimtTile>(stream, g, transposed);
    case GemmTile::LARGE: return gather_tile<LargeSimtTile>(stream, g, transposed);
    case GemmTile::MEDIUM: return gather_tile<MediumSimtTile>(stream, g, transposed);
    default: return gather_tile<SmallSimtTile>(stream, g, transposed);
  }
}

void grad_weights_fp32(cudaStream_t stream, const ConvWeights& c, GemmTile tile) {
  switch (tile) {
    case GemmTile::WIDE: return launch_grad_weights<WideSimtTile>(stream, c);
    case GemmTile::LARGE: return launch_grad_weights<LargeSimtTile>(stream, c);
    case GemmTile::MEDIUM: return launch_grad_weights<MediumSimtTile>(stream, c);
    default: return launch_grad_weights<SmallSimtTile>(stream, c);
  }
}

void conv2d_implicit_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x,
                             const float* w, const float* bias, float* y, GemmTile tile) {
  run_gather(stream, math, forward_gather(d, ConvSize(d), x, w, bias, y), d.batch, false, tile);
}

void conv2d_implicit_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* grad_z,
                                const float* w, float* grad_x, GemmTile tile) {
  const bool strided = d.stride_h > 1 || d.stride_w > 1;
  if (math == ConvMath::FP32 && strided && d.kernel_h == 1 && d.kernel_w == 1 && d.pad_h == 0 && d.pad_w == 0) {
    // One phase has a tap, and its kernel writes the zeros of the others.
    const ConvGather phase = grad_input_gather(d, ConvSize(d), 0, 0, grad_z, w, grad_x);
    return for_sample_ranges(phase, d.batch, [&](const ConvGather& g) {
      gather_pointwise(stream, g, tile, static_cast<int>(d.height), static_cast<int>(d.width));
    });
  }
  for_phases(d, ConvSize(d), grad_z, w, grad_x,
             [&](const ConvGather& phase) { run_gather(stream, math, phase, d.batch, true, tile); });
}

uint64_t conv2d_implicit_grad_weights_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, GemmTile tile) {
  const ConvSize s(d);
  const ConvWeights c = sliced_weights(math, d, s, tile);
  // Not c.slices, which rounding makes larger for some smaller batches: what a batch asks for serves every smaller one.
  const int64_t slices = most_slices(c, tile);
  return slices == 1 ? 0 : static_cast<uint64_t>(slices) * static_cast<uint64_t>(s.weights) * sizeof(float);
}

void conv2d_implicit_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x,
                                  const float* grad_z, float* grad_w, void* workspace, GemmTile tile) {
  const ConvSize s(d);
  ConvWeights c = sliced_weights(math, d, s, tile);
  c.x = x;
  c.grad_z = grad_z;
  c.parts = c.slices == 1 ? grad_w : static_cast<float*>(workspace);
  if (math == ConvMath::FP32) {
    grad_weights_fp32(stream, c, tile);
  } else {
    grad_weights_tensor(stream, math, c, tile);
  }
  if (c.slices > 1) add_parts(stream, c.parts, c.slices, s.weights, grad_w);
}

void add_parts(cudaStream_t stream, const float* parts, int64_t count_parts, int64_t count, float* out) {
  const int64_t blocks = divide_up(count, kSumBlock);
  launch(add_parts_kernel, dim3(static_cast<unsigned>(blocks < kMaxGridYZ ? blocks : kMaxGridYZ)), dim3(kSumBlock), 0,
         stream, parts, static_cast<int>(count_parts), count, out);
}

}  // namespace azj::cuda
