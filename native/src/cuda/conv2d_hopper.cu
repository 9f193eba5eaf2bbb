// Forward convolution and gradient to the input on Hopper's tensor cores (compute capability 9.0), inputs rounded to TF32
// or BF16, float sums:
//
//   y[filters x pixels] = w[filters x (taps, channels)] * X_unroll[(taps, channels) x pixels]          N(20), T2.6.1
//   dx[channels x pixels of a phase] = w'[channels x (taps, filters)] * dZ_unroll                      N(46)
//
// The product is that of hopper_tile.cuh. X_unroll exists nowhere: the copy engine's im2col mode walks over the pixels
// of the result, of all samples one after the other, and brings for one tap 128 bytes of channels of each. For that the
// source lies by pixels, channels last, and the weights by taps; both are packed (gemm_pack.cu) into the workspace first.
// The phases of a strided gradient (ConvGather) share these copies and are launched one after the other.
//
//   stage -> one tap, 32 TF32 or 64 BF16 channels; fewer channels than that are filled up with zeros, so that layers of
//     few channels waste most of the work
//   grid: one block on each multiprocessor, which walks over the tiles of all groups
#include <algorithm>
#include <vector>

#include "check.hpp"
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
                                                                          ConvGather g, int first_tap,
                                                                          unsigned tiles_of_group) {
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
          const int weight_tap = first_tap + r * g.weight_tap_h + s * g.weight_tap_w;
          tensor_load_4d(to_a, &weights.map, channel, tile.row, weight_tap, group * weights.group, barrier);
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

// The source of `samples` samples as matrices pixels x channels.
OperandView view_source(const ConvGather& g, int64_t samples) {
  const int64_t plane = int64_t{g.source_h} * g.source_w;
  return {g.source, plane, g.channels, 1, plane, samples, g.source_sample, g.groups, g.channels * plane, 4};
}

// All weights as a matrix rows x channels for each of the kernel's taps, which are next to each other in memory.
OperandView view_weights(const ConvGather& g, const float* w, int64_t taps) {
  return {w, g.rows, g.channels, g.weight_row, g.weight_channel, taps, 1, g.groups, g.weight_group, 4};
}

// What the passes are to the copy engine. `source` and `weights` are packed.
struct Operands {
  OperandView source, weights;
  const float* w;  // before it was packed
};

// The same sum from the other end of an axis on which taps go backwards: a copy's offsets are not negative.
ConvGather forwards(ConvGather g) {
  if (g.tap_h < 0) {
    g.origin_h += (g.taps_h - 1) * g.tap_h;
    g.weights += (g.taps_h - 1) * int64_t{g.weight_tap_h};
    g.tap_h = -g.tap_h;
    g.weight_tap_h = -g.weight_tap_h;
  }
  if (g.tap_w < 0) {
    g.origin_w += (g.taps_w - 1) * g.tap_w;
    g.weights += (g.taps_w - 1) * int64_t{g.weight_tap_w};
    g.tap_w = -g.tap_w;
    g.weight_tap_w = -g.weight_tap_w;
  }
  return g;
}

// The pixels of the source that tap (0, 0) meets, in the order of the result's.
PixelView first_pixels(const ConvGather& g, const OperandView& x) {
  PixelView view{x.data, x.k, g.source_w, g.source_h, x.batch * x.groups, x.row_stride, x.bytes, 0, 0, 0, 0, 0, 0};
  view.origin_w = g.origin_w;
  view.origin_h = g.origin_h;
  view.step_w = g.step_w;
  view.step_h = g.step_h;
  view.end_w = g.origin_w + (g.pixels_w - 1) * g.step_w - (g.source_w - 1);
  view.end_h = g.origin_h + (g.pixels_h - 1) * g.step_h - (g.source_h - 1);
  return view;
}

template <class Tile>
void run(cudaStream_t stream, const ConvGather& g, const Operands& o) {
  const int64_t columns = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const unsigned tiles_of_group = tile_count(g.rows, columns, Tile::kBlockM, Tile::kBlockN);
  const int64_t tiles = int64_t{tiles_of_group} * g.groups;
  const unsigned blocks = static_cast<unsigned>(std::min<int64_t>(tiles, multiprocessors()));
  launch_tile<Tile>(conv2d_hopper_kernel<Tile>, dim3(blocks), stream, tensor_operand(o.weights, Tile::kBlockM),
                    pixel_map(first_pixels(g, o.source), Tile::kBlockN), g, static_cast<int>(g.weights - o.w),
                    tiles_of_group);
}

template <TensorType kType>
void run_type(cudaStream_t stream, const ConvGather& g, const Operands& o, GemmTile tile) {
  const int64_t columns = int64_t{g.samples} * g.pixels_h * g.pixels_w;
  const bool wide = tile == GemmTile::AUTO ? choose_wide(g.rows, columns, g.groups) : tile == GemmTile::LARGE;
  if (wide) return run<HopperTile<kType, 256>>(stream, g, o);
  run<HopperTile<kType, 128>>(stream, g, o);
}

void run_math(cudaStream_t stream, ConvMath math, const ConvGather& gather, const Operands& o, GemmTile tile) {
  const ConvGather g = forwards(gather);
  if (math == ConvMath::TF32) return run_type<TensorType::TF32>(stream, g, o, tile);
  run_type<TensorType::BF16>(stream, g, o, tile);
}

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

// Samples that one product takes: its pixels, on either side, stay below kMaxGemmExtent.
int64_t samples_of_product(const azj_conv2d_desc& d, const ConvSize& s) {
  return std::min(d.batch, kMaxGemmExtent / std::max(s.in_plane, s.out_plane));
}

// Bytes of the packed copies for a pass, whose sums are like `g`.
uint64_t copies_bytes(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const ConvGather& g) {
  const int bytes = packed_element(math);
  return packed_bytes(view_weights(g, nullptr, s.taps), bytes) +
         packed_bytes(view_source(g, samples_of_product(d, s)), bytes);
}

// Packs w once and the source product by product, and calls body(operands, first sample, samples) for each product.
template <class Body>
void for_products(cudaStream_t stream, const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const ConvGather& g,
                  const float* w, void* workspace, Body&& body) {
  const int bytes = packed_element(math);
  const OperandView weights = view_weights(g, w, s.taps);
  Operands o{{}, packed_view(weights, bytes, workspace), w};
  gemm_pack(stream, weights, o.weights);
  char* const rest = static_cast<char*>(workspace) + packed_bytes(weights, bytes);
  const int64_t most = samples_of_product(d, s);
  for (int64_t first = 0; first < d.batch; first += most) {
    const int64_t samples = std::min(most, d.batch - first);
    OperandView source = view_source(g, samples);
    source.data = g.source + first * g.source_sample;
    o.source = packed_view(source, bytes, rest);
    gemm_pack(stream, source, o.source);
    body(o, first, static_cast<int>(samples));
  }
}

// The samples first .. first + samples - 1 of a sum.
ConvGather part_of(ConvGather g, int64_t first, int samples) {
  g.samples = samples;
  g.out += first * g.out_sample;
  return g;
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

uint64_t conv2d_hopper_workspace_bytes(const azj_conv2d_desc& d, int32_t pass, ConvMath math) {
  const ConvSize s(d);
  if (pass == AZJ_CONV_FORWARD) {
    return copies_bytes(d, s, math, forward_gather(d, s, nullptr, nullptr, nullptr, nullptr));
  }
  return copies_bytes(d, s, math, grad_input_gather(d, s, 0, 0, nullptr, nullptr, nullptr));
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, GemmTile tile) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, x, w, bias, y);
  for_products(stream, d, s, math, g, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    run_math(stream, math, part_of(g, first, samples), o, tile);
  });
}

void conv2d_hopper_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* grad_z,
                              const float* w, float* grad_x, void* workspace, GemmTile tile) {
  const ConvSize s(d);
  std::vector<ConvGather> phases;
  bool empty = false;  // a phase that no tap meets, such as three of four with a 1 x 1 kernel and stride 2
  for_phases(d, s, grad_z, w, grad_x, [&](const ConvGather& phase) {
    if (phase.taps_h * phase.taps_w > 0) phases.push_back(phase);
    else empty = true;
  });
  if (empty) {
    check(cudaMemsetAsync(grad_x, 0, static_cast<size_t>(d.batch * s.in_sample) * sizeof(float), stream),
          "cudaMemsetAsync");
  }
  const ConvGather any = grad_input_gather(d, s, 0, 0, grad_z, w, grad_x);
  for_products(stream, d, s, math, any, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    for (const ConvGather& phase : phases) run_math(stream, math, part_of(phase, first, samples), o, tile);
  });
}

}  // namespace azj::cuda
