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
#include "hopper_split.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// What a tensor map in im2col mode holds.
constexpr int64_t kMaxStep = 8, kMaxTap = 255, kMinCorner = -128, kMaxCorner = 127;

// Where the elements of the result are.
struct GatherResult {
  ConvGather g;
  __device__ float* column(int group, int j) const {
    return GatherOutput{g, g.out + int64_t{group} * g.rows * g.out_plane}.column(j);
  }
  __device__ int64_t row_stride() const { return g.out_plane; }
  __device__ GemmEpilogue epilogue(int group) const {
    GemmEpilogue epilogue = g.epilogue;
    epilogue.bias += group * epilogue.bias_group_stride;
    return epilogue;
  }
};

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_kernel(const __grid_constant__ TensorOperand weights,
                                                                          const __grid_constant__ CUtensorMap pixels,
                                                                          const __grid_constant__ ConvGather g,
                                                                          int first_tap,
                                                                          const __grid_constant__ SplitGrid grid) {
  __shared__ __align__(8) uint64_t full[Tile::kStages];
  __shared__ __align__(8) uint64_t empty[Tile::kStages];
  const Ring<Tile> ring(full, empty);
  RingPosition<Tile::kStages> at;
  const int64_t pieces = grid.tiles * grid.slices;
  const int parts = (g.channels - 1) / Tile::kDepth + 1;  // of a tap
  const int warpgroup = threadIdx.x / 128;
  if (warpgroup == 0) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < pieces; index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        const GatherPixel first(g, tile.column);
        const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
        const int sample = tile.product * g.samples + first.sample;
        load_stages<Tile>(at, ring, tile.end_step - tile.first_step,
                          [&](int step_of_slice, void* to_a, void* to_b, uint64_t* barrier) {
          const int step = tile.first_step + step_of_slice;
          const int tap = step / parts, channel = (step - tap * parts) * Tile::kDepth;
          const int r = g.tap_row.quotient(tap), s = g.tap_row.remainder(tap, r);
          const int weight_tap = first_tap + r * g.weight_tap_h + s * g.weight_tap_w;
          tensor_load_4d(to_a, &weights.map, channel, tile.row, weight_tap, tile.product * weights.group, barrier);
          tensor_load_im2col(to_b, &pixels, channel, w, h, sample, static_cast<uint16_t>(s * g.tap_w),
                             static_cast<uint16_t>(r * g.tap_h), barrier);
        });
      }
    }
  } else {
    setmaxnreg_inc<240>();
    const int warp = threadIdx.x / 32 - 4;  // of the consumers
    for (int64_t index = blockIdx.x; index < pieces; index += gridDim.x) {
      const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
      float sums[Tile::kSums];
      multiply_stages<Tile>(sums, at, ring, warpgroup - 1, tile.end_step - tile.first_step);
      if (grid.parts != nullptr) {
        store_part<Tile>(sums, ring.staging(warp), grid, index, warp);
        continue;
      }
      const GatherOutput out{g, g.out + int64_t{tile.product} * g.rows * g.out_plane};
      GemmEpilogue epilogue = g.epilogue;
      epilogue.bias += tile.product * epilogue.bias_group_stride;
      store_sums<Tile>(sums, ring.staging(warp), out, epilogue, tile.row + Tile::warp_row(warp),
                       tile.column + Tile::warp_column(warp), grid.m, grid.n);
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
  void* parts;     // of sums
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

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

HopperProduct product_of(const ConvGather& g, ConvMath math, int64_t samples) {
  const int64_t steps = int64_t{g.taps_h} * g.taps_w * divide_up(int64_t{g.channels} * packed_element(math), 128);
  return {g.rows, samples * g.pixels_h * g.pixels_w, g.groups, steps, false};
}

template <class Tile>
void run(cudaStream_t stream, const ConvGather& g, const Operands& o, const HopperPlan& plan,
         const HopperProduct& product) {
  const SplitGrid grid = split_grid<Tile>(plan, product, o.parts);
  launch_tile<Tile>(conv2d_hopper_kernel<Tile>, split_blocks(grid), stream, tensor_operand(o.weights, Tile::kBlockM),
                    pixel_map(first_pixels(g, o.source), Tile::kBlockN), g, static_cast<int>(g.weights - o.w), grid);
  if (grid.parts != nullptr) add_slices<Tile>(stream, grid, GatherResult{g});
}

template <TensorType kType>
void run_type(GemmTile tile, cudaStream_t stream, const ConvGather& g, const Operands& o, const HopperPlan& plan,
              const HopperProduct& product) {
  switch (tile) {
    case GemmTile::SMALL: return run<HopperTile<kType, 64, 256>>(stream, g, o, plan, product);
    case GemmTile::MEDIUM: return run<HopperTile<kType, 128, 128>>(stream, g, o, plan, product);
    default: return run<HopperTile<kType, 128, 256>>(stream, g, o, plan, product);
  }
}

void run_math(cudaStream_t stream, ConvMath math, const ConvGather& gather, const Operands& o,
              const HopperPlan& wanted) {
  const ConvGather g = forwards(gather);
  const HopperProduct product = product_of(g, math, g.samples);
  const HopperPlan plan = complete_plan(wanted, product);
  if (math == ConvMath::TF32) return run_type<TensorType::TF32>(plan.tile, stream, g, o, plan, product);
  run_type<TensorType::BF16>(plan.tile, stream, g, o, plan, product);
}

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
  Operands o{{}, packed_view(weights, bytes, workspace), w, static_cast<char*>(workspace) + copies_bytes(d, s, math, g)};
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

// The phases of the gradient to the input that any tap meets.
std::vector<ConvGather> phases_of(const azj_conv2d_desc& d, const ConvSize& s, const float* grad_z, const float* w,
                                  float* grad_x) {
  std::vector<ConvGather> phases;
  for_phases(d, s, grad_z, w, grad_x, [&](const ConvGather& phase) {
    if (phase.taps_h > 0 && phase.taps_w > 0) phases.push_back(phase);
  });
  return phases;
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

uint64_t conv2d_hopper_forward_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, nullptr, nullptr, nullptr, nullptr);
  return copies_bytes(d, s, math, g) + part_bytes(plan, product_of(g, math, samples_of_product(d, s)));
}

uint64_t conv2d_hopper_grad_input_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const int64_t samples = samples_of_product(d, s);
  uint64_t parts = 0;  // of the phases, one after the other
  for (const ConvGather& g : phases_of(d, s, nullptr, nullptr, nullptr)) {
    parts = std::max(parts, part_bytes(plan, product_of(g, math, samples)));
  }
  return copies_bytes(d, s, math, grad_input_gather(d, s, 0, 0, nullptr, nullptr, nullptr)) + parts;
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, x, w, bias, y);
  for_products(stream, d, s, math, g, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    run_math(stream, math, part_of(g, first, samples), o, plan);
  });
}

void conv2d_hopper_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* grad_z,
                              const float* w, float* grad_x, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const std::vector<ConvGather> phases = phases_of(d, s, grad_z, w, grad_x);
  // No tap meets the phases that are not there, such as three of four with a 1 x 1 kernel and stride 2.
  if (static_cast<int64_t>(phases.size()) < std::min(d.stride_h, d.height) * std::min(d.stride_w, d.width)) {
    check(cudaMemsetAsync(grad_x, 0, static_cast<size_t>(d.batch * s.in_sample) * sizeof(float), stream),
          "cudaMemsetAsync");
  }
  const ConvGather any = grad_input_gather(d, s, 0, 0, grad_z, w, grad_x);
  for_products(stream, d, s, math, any, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    for (const ConvGather& phase : phases) run_math(stream, math, part_of(phase, first, samples), o, plan);
  });
}

}  // namespace azj::cuda
