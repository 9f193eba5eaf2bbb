// Gradient to the weights on Hopper's tensor cores (conv2d_hopper_weights.cuh), inputs rounded to BF16, float sums:
// both operands across the pixels, as they lie channels last.
//
// BF16 operands of wgmma may lie along m and n. So dz and x are packed channels last, and a stage holds 64 pixels: of
// dz 64 filters of each in a box, of x 64 channels in a box that the copy engine's im2col mode brings for one tap.
// Nothing lies between the lines, as in conv2d_hopper_shifts.cu; but a tap's channels fill blocks of 64.
//
// For one group: beyond its last sample an im2col box would go on with the next group's, to be multiplied by 0.
#include "conv2d_hopper.hpp"
#include "conv2d_hopper_weights.cuh"
#include "conv2d_implicit.cuh"
#include "gemm_pack.hpp"

namespace azj::cuda {

namespace {

constexpr int kBlock = 64, kBytes = 2;  // channels or filters in a box, each of BF16

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_pixels_kernel(
    const __grid_constant__ TensorOperand grad, const __grid_constant__ CUtensorMap x,
    const __grid_constant__ ConvGather g, const __grid_constant__ TapColumns columns,
    const __grid_constant__ SplitGrid grid) {
  constexpr int kBoxes = Tile::kBlockN / kBlock, kBoxBytes = Tile::kDepth * Tile::kRowBytes;
  __shared__ RingBarriers<Tile> barriers;
  __shared__ TapBlock blocks[kBoxes];  // of the producer's tile
  const Ring<Tile> ring(barriers);
  RingPosition<Tile::kStages> at;
  if (threadIdx.x < 128) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        for (int i = 0; i < kBoxes; ++i) blocks[i] = find_block(columns, tile.column / kBlock + i);
        load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
          const int k = (tile.first_step + step) * Tile::kDepth;
          for (int i = 0; i < Tile::kBlockM / kBlock; ++i) {
            tensor_load_4d(to_a + i * kBoxBytes, &grad.map, tile.row + i * kBlock, k, 0, 0, barrier);
          }
          const GatherPixel first(g, k);
          const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
          for (int i = 0; i < kBoxes; ++i) {
            tensor_load_im2col(to_b + i * kBoxBytes, &x, blocks[i].channel, w, h, first.sample,
                               static_cast<uint16_t>(blocks[i].s * g.tap_w),
                               static_cast<uint16_t>(blocks[i].r * g.tap_h), barrier);
          }
        });
      }
    }
  } else {
    consume_parts<Tile>(at, ring, grid);
  }
}

// The pass without its tensors.
struct Pixels {
  TapColumns columns;
  ConvGather gather;  // the forward pass: where the taps of an output pixel are
  int64_t filters, plane;
  int64_t samples;    // of one launch

  Pixels(const azj_conv2d_desc& d, const ConvSize& s)
      : columns(d, s, kBlock),
        gather(forward_gather(d, s, nullptr, nullptr, nullptr, nullptr)),
        filters(s.group_filters),
        plane(s.out_plane),
        samples(samples_of_product(d, s)) {}

  HopperProduct product(int64_t of_samples) const {
    return {filters, columns.count(), 1, divide_up(of_samples * plane * kBytes, 128), true};
  }

  OperandView view_x(const float* x, int64_t of_samples) const {
    OperandView view = view_source(gather, of_samples);
    view.data = x;
    return view;
  }
  OperandView view_grad(const float* grad_z, int64_t of_samples) const {
    return {grad_z, plane, filters, 1, plane, of_samples, filters * plane, 1, filters * plane * of_samples, 4};
  }

  uint64_t copies_bytes() const {
    return packed_bytes(view_x(nullptr, samples), kBytes) + packed_bytes(view_grad(nullptr, samples), kBytes);
  }
};

template <class Tile>
void run(cudaStream_t stream, const azj_conv2d_desc& d, const Pixels& pass, const HopperPlan& plan, const float* x,
         const float* grad_z, float* grad_w, void* workspace) {
  float* const parts = reinterpret_cast<float*>(static_cast<char*>(workspace) + pass.copies_bytes());
  const WeightResult result{pass.columns, static_cast<int>(pass.filters), grad_w};
  sum_launches<Tile>(stream, d.batch, pass, plan, parts, result, [&](int64_t first, int64_t samples, SplitGrid grid) {
    const OperandView view_x = pass.view_x(x + first * pass.gather.source_sample, samples);
    const OperandView view_grad = pass.view_grad(grad_z + first * pass.filters * pass.plane, samples);
    void* const rest = static_cast<char*>(workspace) + packed_bytes(view_x, kBytes);
    const OperandView packed_x = packed_view(view_x, kBytes, workspace);
    OperandView packed_grad = packed_view(view_grad, kBytes, rest);
    gemm_pack(stream, view_x, packed_x);
    gemm_pack(stream, view_grad, packed_grad);
    // The samples' pixels follow each other: one matrix pixels x filters.
    packed_grad.rows *= samples;
    packed_grad.batch = 1;
    ConvGather g = on_view(pass.gather);
    g.samples = static_cast<int>(samples);
    launch_tile<Tile>(conv2d_hopper_pixels_kernel<Tile>, split_blocks(grid), stream,
                      tensor_operand(packed_grad, Tile::kDepth),
                      pixel_map(first_pixels(g, packed_x), Tile::kDepth, Tile::kRowBytes), g, pass.columns, grid);
  });
}

}  // namespace

int64_t pixel_weights_columns(const azj_conv2d_desc& d, const ConvSize& s) { return TapColumns(d, s, kBlock).count(); }

uint64_t pixel_weights_bytes(const azj_conv2d_desc& d, const HopperPlan& plan) {
  const Pixels pass(d, ConvSize(d));
  return pass.copies_bytes() + part_bytes_of(pass, d.batch, plan);
}

void pixel_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                   void* workspace, const HopperPlan& wanted) {
  constexpr TensorType kType = TensorType::BF16;
  const Pixels pass(d, ConvSize(d));
  const HopperPlan plan = complete_plan(wanted, pass.product(pass.samples));
  switch (plan.tile) {
    case GemmTile::SMALL:
      return run<HopperTile<kType, 64, 256, 128, true>>(stream, d, pass, plan, x, grad_z, grad_w, workspace);
    case GemmTile::MEDIUM:
      return run<HopperTile<kType, 128, 128, 128, true>>(stream, d, pass, plan, x, grad_z, grad_w, workspace);
    default: return run<HopperTile<kType, 128, 256, 128, true>>(stream, d, pass, plan, x, grad_z, grad_w, workspace);
  }
}

}  // namespace azj::cuda
