// Gradient to the weights on Hopper's tensor cores (conv2d_hopper_weights.cuh), BF16 inputs, float sums: both operands
// across the pixels, as they lie channels last.
//
// BF16 operands of wgmma may lie along m and n. So dz and x are read channels last, as they lie or, float32 tensors, as
// they are packed, and a stage holds 64 pixels: of dz 64 filters of each in a box, of x 16, 32 or 64 channels in a box
// that the copy engine's im2col mode brings for one tap. Nothing lies between the lines, as in conv2d_hopper_shifts.cu;
// but a tap's channels fill whole boxes.
//
// Two blocks of a cluster, whose tiles are neighbours, bring each other half of the boxes that both read: of tiles above
// each other those of x, of tiles side by side those of dz.
//
// For one group: beyond its last sample an im2col box would go on with the next group's, to be multiplied by 0.
#include "conv2d_hopper.hpp"
#include "conv2d_hopper_weights.cuh"
#include "conv2d_implicit.cuh"
#include "gemm_pack.hpp"

namespace azj::cuda {

namespace {

constexpr int kBytes = 2;  // of a BF16

template <class Tile>
constexpr int kFiltersOfBox = Tile::kLineOfA / kBytes;
template <class Tile>
constexpr int kChannelsOfBox = Tile::kLineOfB / kBytes;

// The producer: all stages of this block's pieces. blocks: shared memory, for the boxes of x that it brings to a stage.
template <class Tile, SharedOperand kShared>
__device__ __forceinline__ void load_pieces(const Ring<Tile>& ring, const TensorOperand& grad, const CUtensorMap& x,
                                            const ConvGather& g, const TapColumns& columns, const SplitGrid& grid,
                                            TapBlock* blocks) {
  constexpr bool kSharedA = kShared == SharedOperand::A, kSharedB = kShared == SharedOperand::B;
  constexpr int kFilters = kFiltersOfBox<Tile>, kChannels = kChannelsOfBox<Tile>;
  constexpr int kBoxesOfA = Tile::kBlockM / kFilters / (kSharedA ? Tile::kCluster : 1);
  constexpr int kBoxesOfB = Tile::kBlockN / kChannels / (kSharedB ? Tile::kCluster : 1);
  const int rank = kShared == SharedOperand::NONE ? 0 : static_cast<int>(cluster_rank());
  const int first_of_a = kSharedA ? rank * kBoxesOfA : 0, first_of_b = kSharedB ? rank * kBoxesOfB : 0;
  RingPosition<Tile::kStages> at;
  for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
    const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
    for (int i = 0; i < kBoxesOfB; ++i) blocks[i] = find_block(columns, tile.column / kChannels + first_of_b + i);
    load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
      const int k = (tile.first_step + step) * Tile::kDepth;
      for (int i = first_of_a; i < first_of_a + kBoxesOfA; ++i) {
        unsigned char* const to = to_a + i * (Tile::kDepth * Tile::kLineOfA);
        load_box<Tile, kSharedA>(to, grad.map, tile.row + i * kFilters, k, 0, 0, barrier);
      }
      const GatherPixel first(g, k);
      const int w = first.v * g.step_w + g.origin_w, h = first.u * g.step_h + g.origin_h;
      for (int i = 0; i < kBoxesOfB; ++i) {
        unsigned char* const to = to_b + (first_of_b + i) * (Tile::kDepth * Tile::kLineOfB);
        load_pixels<Tile, kSharedB>(to, x, blocks[i].channel, w, h, first.sample,
                                    static_cast<uint16_t>(blocks[i].s * g.tap_w),
                                    static_cast<uint16_t>(blocks[i].r * g.tap_h), barrier);
      }
    });
  }
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_pixels_kernel(
    const __grid_constant__ TensorOperand grad, const __grid_constant__ CUtensorMap x,
    const __grid_constant__ ConvGather g, const __grid_constant__ TapColumns columns,
    const __grid_constant__ SplitGrid grid) {
  __shared__ RingBarriers<Tile> barriers;
  __shared__ TapBlock blocks[Tile::kBlockN / kChannelsOfBox<Tile>];  // of the producer's tile
  const Ring<Tile> ring(barriers);
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      if constexpr (Tile::kCluster == 1) {
        load_pieces<Tile, SharedOperand::NONE>(ring, grad, x, g, columns, grid, blocks);
      } else if (shared_operand<Tile>(grid) == SharedOperand::B) {
        load_pieces<Tile, SharedOperand::B>(ring, grad, x, g, columns, grid, blocks);
      } else {
        load_pieces<Tile, SharedOperand::A>(ring, grad, x, g, columns, grid, blocks);
      }
    }
  } else {
    RingPosition<Tile::kStages> at;
    consume_parts<Tile>(at, ring, grid);
  }
  leave_cluster<Tile>();
}

// Channels in a box: as many as there are, from 32 to 128 bytes.
int block_of(int64_t channels) { return channels <= 16 ? 16 : channels <= 32 ? 32 : 64; }

// The pass without its tensors.
struct Pixels {
  TapColumns columns;
  ConvGather gather;  // the forward pass: where the taps of an output pixel are
  int64_t filters, plane;
  int64_t samples;    // of one launch

  Pixels(const azj_conv2d_desc& d, const ConvSize& s)
      : columns(d, s, block_of(s.group_channels)),
        gather(forward_gather(d, s, nullptr, nullptr, nullptr, nullptr)),
        filters(s.group_filters),
        plane(s.out_plane),
        samples(samples_of_product(d, s)) {}

  HopperProduct product(int64_t of_samples) const {
    return {filters, columns.count(), 1, divide_up(of_samples * plane * kBytes, 128), TileStore::PARTS, true,
            true};
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

// What one launch reads: x and dz as matrices pixels x channels, the samples' pixels following each other.
struct PixelOperands {
  ConvGather g;  // over x
  OperandView x, grad;
};

// operands(first sample, samples): those of a launch.
template <class Tile, class Operands>
void run(const HopperPlan& plan, const Pixels& pass, cudaStream_t stream, const azj_conv2d_desc& d, float* grad_w,
         void* parts, Operands&& operands) {
  const WeightResult result{pass.columns, static_cast<int>(pass.filters), grad_w};
  const auto launch = [&](int64_t first, int64_t samples, SplitGrid grid) {
    PixelOperands o = operands(first, samples);
    o.g.samples = static_cast<int>(samples);
    launch_pieces<Tile>(conv2d_hopper_pixels_kernel<Tile>, grid, stream, tensor_operand(o.grad, Tile::kDepth),
                        pixel_map(first_pixels(o.g, o.x), Tile::kDepth, Tile::kLineOfB), o.g, pass.columns, grid);
  };
  sum_launches<Tile>(stream, d.batch, pass, plan, static_cast<float*>(parts), result, launch);
}

template <int kLineOfB, class... A>
void run_tile(const HopperPlan& plan, A&&... args) {
  constexpr TensorType kType = TensorType::BF16;
  if (plan.pairs) {
    if (plan.tile == GemmTile::LARGE) return run<HopperTile<kType, 128, 256, kLineOfB, true, true, 2>>(plan, args...);
    return run<HopperTile<kType, 128, 128, kLineOfB, true, true, 2>>(plan, args...);
  }
  switch (plan.tile) {
    case GemmTile::SMALL: return run<HopperTile<kType, 64, 256, kLineOfB, true>>(plan, args...);
    case GemmTile::NARROW: return run<HopperTile<kType, 64, 192, kLineOfB, true>>(plan, args...);
    case GemmTile::MEDIUM: return run<HopperTile<kType, 128, 128, kLineOfB, true>>(plan, args...);
    default: return run<HopperTile<kType, 128, 256, kLineOfB, true>>(plan, args...);
  }
}

template <class... A>
void run_block(const HopperPlan& wanted, const Pixels& pass, A&&... args) {
  const HopperPlan plan = complete_plan(wanted, pass.product(pass.samples));
  switch (pass.columns.block) {
    case 16: return run_tile<32>(plan, pass, args...);
    case 32: return run_tile<64>(plan, pass, args...);
    default: return run_tile<128>(plan, pass, args...);
  }
}

}  // namespace

int64_t pixel_weights_columns(const azj_conv2d_desc& d, const ConvSize& s) {
  return TapColumns(d, s, block_of(s.group_channels)).count();
}

uint64_t pixel_weights_bytes(const azj_conv2d_desc& d, const HopperPlan& plan) {
  const Pixels pass(d, ConvSize(d));
  return pass.copies_bytes() + part_bytes_of(pass, d.batch, plan);
}

void pixel_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                   void* workspace, const HopperPlan& plan) {
  const Pixels pass(d, ConvSize(d));
  void* const parts = static_cast<char*>(workspace) + pass.copies_bytes();
  run_block(plan, pass, stream, d, grad_w, parts, [&](int64_t first, int64_t samples) {
    const OperandView view_x = pass.view_x(x + first * pass.gather.source_sample, samples);
    const OperandView view_grad = pass.view_grad(grad_z + first * pass.filters * pass.plane, samples);
    void* const rest = static_cast<char*>(workspace) + packed_bytes(view_x, kBytes);
    PixelOperands o{on_view(pass.gather), packed_view(view_x, kBytes, workspace), packed_view(view_grad, kBytes, rest)};
    gemm_pack(stream, view_x, o.x);
    gemm_pack(stream, view_grad, o.grad);
    o.grad.rows *= samples;
    o.grad.batch = 1;
    return o;
  });
}

uint64_t bf16_conv2d_grad_weights_workspace_bytes(const azj_conv2d_desc& d, const HopperPlan& plan) {
  return part_bytes_of(Pixels(d, ConvSize(d)), d.batch, plan);
}

void bf16_conv2d_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* grad_z,
                              float* grad_w, void* workspace, const HopperPlan& plan) {
  const Pixels pass(d, ConvSize(d));
  run_block(plan, pass, stream, d, grad_w, workspace, [&](int64_t first, int64_t samples) {
    return PixelOperands{pass.gather, view_pixels(x, d.channels, first, samples, d.height * d.width),
                         view_pixels(grad_z, d.filters, first, samples, pass.plane)};
  });
}

}  // namespace azj::cuda
