// Forward convolution on Hopper's tensor cores (compute capability 9.0), inputs rounded to TF32 or BF16, float sums:
//
//   y[filters x pixels] = w[filters x (taps, channels)] * X_unroll[(taps, channels) x pixels]          N(20), T2.6.1
//
// The product is that of hopper_tile.cuh. X_unroll exists nowhere: the copy engine's im2col mode walks over the pixels
// of y, of all samples one after the other, and brings for one tap 128 bytes of channels of each. For that x lies by
// pixels, channels last, and the weights by taps; both are packed (gemm_pack.cu) into the workspace first.
//
//   stage -> one tap, 32 TF32 or 64 BF16 channels; fewer channels than that are filled up with zeros, so that layers of
//     few channels waste most of the work
//   grid: one block on each multiprocessor, which walks over the tiles of all groups
#include <algorithm>

#include "conv2d_implicit.cuh"
#include "error.hpp"
#include "gemm_pack.hpp"
#include "hopper_store.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// What a tensor map in im2col mode holds.
constexpr int64_t kMaxStep = 8, kMaxTap = 255, kMinCorner = -128, kMaxCorner = 127;

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_kernel(const __grid_constant__ TensorOperand weights,
                                                                          const __grid_constant__ CUtensorMap pixels,
                                                                          ConvGather g, unsigned tiles_of_group) {
  __shared__ __align__(8) uint64_t full[Tile::kStages];
  __shared__ __align__(8) uint64_t empty[Tile::kStages];
  const Ring<Tile> ring(full, empty);
  RingPosition<Tile::kStages> at;
  const unsigned tiles = tiles_of_group * g.groups;
  const int columns = g.samples * g.pixels_h * g.pixels_w;
  const int parts = (g.channels - 1) / Tile::kDepth + 1;  // of a tap
  const int steps = g.taps_h * g.taps_w * parts;
  const int warpgroup = threadIdx.x / 128;
  if (warpgroup == 0) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (unsigned index = blockIdx.x; index < tiles; index += gridDim.x) {
        const int group = static_cast<int>(index / tiles_of_group);
        const TileOrder tile(index % tiles_of_group, g.rows, columns, Tile::kBlockM, Tile::kBlockN);
        const GatherPixel first(g, tile.column);
        const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
        const int sample = group * g.samples + first.sample;
        load_stages<Tile>(at, ring, steps, [&](int step, void* to_a, void* to_b, uint64_t* barrier) {
          const int tap = step / parts, channel = (step - tap * parts) * Tile::kDepth;
          const int r = g.tap_row.quotient(tap), s = g.tap_row.remainder(tap, r);
          tensor_load_4d(to_a, &weights.map, channel, tile.row, tap, group * weights.group, barrier);
          tensor_load_im2col(to_b, &pixels, channel, w, h, sample, static_cast<uint16_t>(s * g.tap_w),
                             static_cast<uint16_t>(r * g.tap_h), barrier);
        });
      }
    }
  } else {
    setmaxnreg_inc<240>();
    const int warp = threadIdx.x / 32 - 4;  // of the consumers: 16 rows of the tile each
    for (unsigned index = blockIdx.x; index < tiles; index += gridDim.x) {
      const int group = static_cast<int>(index / tiles_of_group);
      const TileOrder tile(index % tiles_of_group, g.rows, columns, Tile::kBlockM, Tile::kBlockN);
      float sums[Tile::kSums];
      multiply_stages<Tile>(sums, at, ring, warpgroup - 1, steps);
      GemmEpilogue epilogue = g.epilogue;
      epilogue.bias += group * epilogue.bias_group_stride;
      const GatherOutput out{g, g.out + int64_t{group} * g.rows * g.out_plane};
      store_sums<Tile>(sums, ring.staging(warp), out, epilogue, tile.row + 16 * warp, tile.column, g.rows, columns);
    }
  }
}

// x of a part of the batch as matrices pixels x channels, the weights as matrices filters x channels of each tap.
OperandView view_x(const ConvGather& g) {
  const int64_t plane = int64_t{g.source_h} * g.source_w;
  return {g.source, plane, g.channels, 1, plane, g.samples, g.source_sample, g.groups, g.channels * plane, 4};
}

OperandView view_weights(const ConvGather& g) {
  const int64_t taps = int64_t{g.taps_h} * g.taps_w;
  return {g.weights, g.rows, g.channels, g.weight_row, g.weight_channel, taps, g.weight_tap_w, g.groups, g.weight_group,
          4};
}

template <class Tile>
void run(cudaStream_t stream, const ConvGather& g, const OperandView& weights, const OperandView& x) {
  PixelView view{x.data, x.k, g.source_w, g.source_h, x.batch * x.groups, x.row_stride, x.bytes, 0, 0, 0, 0, 0, 0};
  view.origin_w = g.origin_w;
  view.origin_h = g.origin_h;
  view.step_w = g.step_w;
  view.step_h = g.step_h;
  view.end_w = -g.origin_w - (g.taps_w - 1) * g.tap_w;
  view.end_h = -g.origin_h - (g.taps_h - 1) * g.tap_h;
  const int64_t columns = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const unsigned tiles_of_group = tile_count(g.rows, columns, Tile::kBlockM, Tile::kBlockN);
  const int64_t tiles = int64_t{tiles_of_group} * g.groups;
  const unsigned blocks = static_cast<unsigned>(std::min<int64_t>(tiles, multiprocessors()));
  launch_tile<Tile>(conv2d_hopper_kernel<Tile>, dim3(blocks), stream, tensor_operand(weights, Tile::kBlockM),
                    pixel_map(view, Tile::kBlockN), g, tiles_of_group);
}

template <TensorType kType>
void run_type(cudaStream_t stream, const ConvGather& g, const OperandView& weights, const OperandView& x,
              GemmTile tile) {
  const int64_t columns = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const bool wide = tile == GemmTile::AUTO ? choose_wide(g.rows, columns, g.groups) : tile == GemmTile::LARGE;
  if (wide) return run<HopperTile<kType, 256>>(stream, g, weights, x);
  run<HopperTile<kType, 128>>(stream, g, weights, x);
}

}  // namespace

bool conv2d_hopper_fits(const azj_conv2d_desc& d, std::string& reason) {
  struct Axis {
    const char* name;
    int64_t stride, pad, span;  // span: from the first tap to the last
  };
  const Axis axes[] = {{"height", d.stride_h, d.pad_h, (d.kernel_h - 1) * d.dilation_h},
                       {"width", d.stride_w, d.pad_w, (d.kernel_w - 1) * d.dilation_w}};
  for (const Axis& axis : axes) {
    if (axis.stride <= kMaxStep && -axis.pad >= kMinCorner && axis.pad - axis.span >= kMinCorner &&
        axis.pad - axis.span <= kMaxCorner && axis.span <= kMaxTap) {
      continue;
    }
    reason = "convolutions by im2col tensor maps have a stride of at most 8, a padding of at most 128 and "
             "(kernel - 1) * dilation of at most 255 and 128 beyond the padding; along the " + std::string(axis.name) +
             " they are " + std::to_string(axis.stride) + ", " + std::to_string(axis.pad) + " and " +
             std::to_string(axis.span);
    return false;
  }
  return true;
}

uint64_t conv2d_hopper_workspace_bytes(const azj_conv2d_desc& d, ConvMath math) {
  const int bytes = math == ConvMath::TF32 ? 4 : 2;
  uint64_t most = 0;
  const ConvGather all = forward_gather(d, ConvSize(d), nullptr, nullptr, nullptr, nullptr);
  for_sample_ranges(all, d.batch, [&](const ConvGather& g) {
    most = std::max(most, packed_bytes(view_x(g), bytes) + packed_bytes(view_weights(g), bytes));
  });
  return most;
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, GemmTile tile) {
  const int bytes = math == ConvMath::TF32 ? 4 : 2;
  const ConvGather all = forward_gather(d, ConvSize(d), x, w, bias, y);
  const OperandView weights = packed_view(view_weights(all), bytes, workspace);
  gemm_pack(stream, view_weights(all), weights);
  char* const rest = static_cast<char*>(workspace) + packed_bytes(view_weights(all), bytes);
  for_sample_ranges(all, d.batch, [&](const ConvGather& g) {
    const OperandView packed = packed_view(view_x(g), bytes, rest);
    gemm_pack(stream, view_x(g), packed);
    if (math == ConvMath::TF32) return run_type<TensorType::TF32>(stream, g, weights, packed, tile);
    run_type<TensorType::BF16>(stream, g, weights, packed, tile);
  });
}

}  // namespace azj::cuda
