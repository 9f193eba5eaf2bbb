// Forward convolution and gradient to the input on Hopper's tensor cores (compute capability 9.0), inputs rounded to
// TF32 or BF16, float sums:
//
//   y[filters x pixels] = w[filters x (taps, channels)] * X_unroll[(taps, channels) x pixels]          N(20), T2.6.1
//   dx[channels x pixels of a phase] = w'[channels x (taps, filters)] * dZ_unroll                      N(46)
//
// The product is that of hopper_tile.cuh. X_unroll exists nowhere: the copy engine's im2col mode walks over the pixels
// of the result, of all samples one after the other, and brings for one tap 128 bytes of channels of each. For that the
// source lies by pixels, channels last, and the weights by taps; both are packed (gemm_pack.cu) into the workspace
// first. The phases of a strided gradient (ConvGather) share these copies and are launched one after the other.
//
//   stage -> 128 bytes of k: one tap's 32 TF32 or 64 BF16 channels, or two taps' 16 or 32 where fewer are then filled
//     up with zeros; layers of few channels still waste most of the work
//   grid: one block on each multiprocessor, which walks over the tiles of all groups, or their slices
//     (hopper_split.cuh)
#include <algorithm>
#include <vector>

#include "check.hpp"
#include "conv2d_hopper.hpp"
#include "conv2d_implicit.cuh"
#include "gemm_pack.hpp"
#include "hopper_split.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

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
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  RingPosition<Tile::kStages> at;
  const int chunks = (g.channels - 1) / Tile::kChunkDepth + 1, taps = g.taps_h * g.taps_w;  // chunks of a tap
  if (threadIdx.x < 128) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        const GatherPixel first(g, tile.column);
        const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
        const int sample = tile.product * g.samples + first.sample;
        load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
#pragma unroll
          for (int i = 0; i < Tile::kChunks; ++i) {
            const int chunk = (tile.first_step + step) * Tile::kChunks + i, of_tap = chunk / chunks;
            const int tap = of_tap < taps ? of_tap : 0;  // the last stage may have a chunk too many, of zeros
            const int channel = (of_tap < taps ? chunk - tap * chunks : chunks) * Tile::kChunkDepth;
            const int r = g.tap_row.quotient(tap), s = g.tap_row.remainder(tap, r);
            const int weight_tap = first_tap + r * g.weight_tap_h + s * g.weight_tap_w;
            tensor_load_4d(to_a + i * (Tile::kBlockM * Tile::kChunkBytes), &weights.map, channel, tile.row, weight_tap,
                           tile.product * weights.group, barrier);
            tensor_load_im2col(to_b + i * (Tile::kBlockN * Tile::kChunkBytes), &pixels, channel, w, h, sample,
                               static_cast<uint16_t>(s * g.tap_w), static_cast<uint16_t>(r * g.tap_h), barrier);
          }
        });
      }
    }
  } else {
    consume_pieces<Tile>(at, ring, grid, [&](const auto& sums, int64_t index, const SplitTile& tile, int warp) {
      if (grid.parts != nullptr) return store_part<Tile>(sums, ring.staging(warp), grid, index, warp);
      const GatherOutput out{g, g.out + int64_t{tile.product} * g.rows * g.out_plane};
      GemmEpilogue epilogue = g.epilogue;
      epilogue.bias += tile.product * epilogue.bias_group_stride;
      store_sums<Tile>(sums, ring.staging(warp), out, epilogue, tile.row + Tile::warp_row(warp), tile.column, grid.m,
                       grid.n);
    });
  }
}

// What the passes are to the copy engine. `source` and `weights` are packed.
struct Operands {
  OperandView source, weights;
  const float* w;  // before it was packed
  void* parts;     // of sums
};

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

// Stages of a sum whose channels come in chunks of so many bytes.
int64_t steps_of(const ConvGather& g, ConvMath math, int64_t chunk_bytes) {
  const int64_t of_tap = divide_up(int64_t{g.channels} * packed_element(math), chunk_bytes);
  return divide_up(int64_t{g.taps_h} * g.taps_w * of_tap, 128 / chunk_bytes);
}

// Two taps share a stage where that makes fewer of them.
bool half_chunks(const ConvGather& g, ConvMath math) { return steps_of(g, math, 64) < steps_of(g, math, 128); }

HopperProduct product_of(const ConvGather& g, ConvMath math, int64_t samples) {
  const int64_t steps = std::min(steps_of(g, math, 64), steps_of(g, math, 128));
  return {g.rows, samples * g.pixels_h * g.pixels_w, g.groups, steps, false};
}

template <class Tile>
void run(cudaStream_t stream, const ConvGather& g, const Operands& o, const HopperPlan& plan,
         const HopperProduct& product) {
  const SplitGrid grid = split_grid<Tile>(plan, product, o.parts);
  launch_tile<Tile>(conv2d_hopper_kernel<Tile>, split_blocks(grid), stream,
                    tensor_operand(o.weights, Tile::kBlockM, Tile::kChunkBytes),
                    pixel_map(first_pixels(g, o.source), Tile::kBlockN, Tile::kChunkBytes), g,
                    static_cast<int>(g.weights - o.w), grid);
  if (grid.parts != nullptr) add_slices<Tile>(stream, grid, GatherResult{g});
}

template <TensorType kType, int kChunkBytes>
void run_tile(GemmTile tile, cudaStream_t stream, const ConvGather& g, const Operands& o, const HopperPlan& plan,
              const HopperProduct& product) {
  switch (tile) {
    case GemmTile::SMALL: return run<HopperTile<kType, 64, 256, kChunkBytes>>(stream, g, o, plan, product);
    case GemmTile::MEDIUM: return run<HopperTile<kType, 128, 128, kChunkBytes>>(stream, g, o, plan, product);
    default: return run<HopperTile<kType, 128, 256, kChunkBytes>>(stream, g, o, plan, product);
  }
}

template <TensorType kType>
void run_type(bool half, const HopperPlan& plan, cudaStream_t stream, const ConvGather& g, const Operands& o,
              const HopperProduct& product) {
  if (half) return run_tile<kType, 64>(plan.tile, stream, g, o, plan, product);
  run_tile<kType, 128>(plan.tile, stream, g, o, plan, product);
}

void run_math(cudaStream_t stream, ConvMath math, const ConvGather& gather, const Operands& o,
              const HopperPlan& wanted) {
  const ConvGather g = forwards(on_view(gather));
  const HopperProduct product = product_of(g, math, g.samples);
  const HopperPlan plan = complete_plan(wanted, product);
  const bool half = half_chunks(g, math);
  if (math == ConvMath::TF32) return run_type<TensorType::TF32>(half, plan, stream, g, o, product);
  run_type<TensorType::BF16>(half, plan, stream, g, o, product);
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
  char* const parts = static_cast<char*>(workspace) + copies_bytes(d, s, math, g);
  Operands o{{}, packed_view(weights, bytes, workspace), w, parts};
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
