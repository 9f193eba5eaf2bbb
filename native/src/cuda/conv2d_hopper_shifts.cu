// Gradient to the weights on Hopper's tensor cores (conv2d_hopper_weights.cuh), inputs rounded to TF32 or BF16, float
// sums: both operands along the pixels, taps as shifts.
//
// TF32 operands of wgmma have to lie along k, so along the pixels. In the copies of plane_pack.hpp they do, and a tap
// is a shift: a box of 128 bytes of pixels of some channels, read `shift` elements further on, is one tap's piece of
// X_unroll^T. There is no im2col, and neither stride nor dilation costs products. x is copied once for each rest of 16
// bytes that shifts along a line leave, three times for a 3 x 3 kernel. What is lost are the zeros between the lines:
// of a plane of W x H with padding p, about 1 - W H / ((W + p) (H + p)) of the products. They are multiplied as
// well: an infinity at the border of x makes NaN of all taps of its channel's weights, not only of those that meet it.
//
//   block of columns: 8 to 128 channels, so that few channels waste little
//
// Two blocks of a cluster, whose tiles are neighbours, bring each other half of what both read: of tiles above each
// other x, of tiles side by side dz.
#include <cinttypes>

#include "conv2d_hopper_packed.hpp"
#include "conv2d_hopper_weights.cuh"
#include "error.hpp"
#include "plane_pack.hpp"

namespace azj::cuda {

namespace {

constexpr int kMinBlock = 8, kMaxBlock = 128;  // columns; 8 rows are the swizzle's pattern
constexpr int64_t kMaxPositions = 1 << 30;     // of one launch: with a shift they still fit 32 bits

struct ShiftedColumns : TapColumns {
  ImageAxis h, w;
};

// A block of columns as a box of the packed x.
struct ColumnBox {
  int channel, image, shift;
};

__device__ inline ColumnBox find_box(const ShiftedColumns& c, int index) {
  const TapBlock block = find_block(c, index);
  const int of_w = block.s % c.w.period;
  return {block.channel, block.r % c.h.period * c.w.images + of_w,
          c.h.shift(block.r) * c.w.pitch + c.w.shift(block.s) + c.w.delay(of_w)};
}

// What a block brings of a tile's columns, and in boxes of how many: of a block of columns, or half of one.
template <class Tile>
__host__ __device__ constexpr int own_columns(SharedOperand shared) {
  return Tile::kBlockN / (shared == SharedOperand::B ? Tile::kCluster : 1);
}
template <class Tile>
__host__ __device__ constexpr int box_columns(SharedOperand shared, int block) {
  return block < own_columns<Tile>(shared) ? block : own_columns<Tile>(shared);
}

// The producer: all stages of this block's pieces. boxes: shared memory.
template <class Tile, SharedOperand kShared>
__device__ __forceinline__ void load_pieces(const Ring<Tile>& ring, const TensorOperand& grad, const TensorOperand& x,
                                            const ShiftedColumns& columns, const SplitGrid& grid, ColumnBox* boxes) {
  constexpr bool kSharedA = kShared == SharedOperand::A, kSharedB = kShared == SharedOperand::B;
  const int rank = kShared == SharedOperand::NONE ? 0 : static_cast<int>(cluster_rank());
  const int first_row = kSharedA ? rank * (Tile::kBlockM / Tile::kCluster) : 0;
  const int first_column = kSharedB ? rank * own_columns<Tile>(kShared) : 0;
  const int width = box_columns<Tile>(kShared, columns.block), count = own_columns<Tile>(kShared) / width;
  RingPosition<Tile::kStages> at;
  for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
    const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
    const int first_box = (tile.column + first_column) / columns.block;
#pragma unroll 1
    for (int i = 0; i < count; ++i) boxes[i] = find_box(columns, first_box + i);
    if (kSharedB && width < columns.block) boxes[0].channel += first_column;
    load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
      const int k = (tile.first_step + step) * Tile::kDepth;
      load_box<Tile, kSharedA>(to_a + first_row * Tile::kRowBytes, grad.map, k, tile.row + first_row, 0,
                               tile.product * grad.group, barrier);
      unsigned char* to = to_b + first_column * Tile::kRowBytes;
#pragma unroll 1
      for (const ColumnBox* box = boxes; box < boxes + count; ++box, to += width * Tile::kRowBytes) {
        load_box<Tile, kSharedB>(to, x.map, k + box->shift, box->channel, box->image * x.batch, tile.product * x.group,
                                 barrier);
      }
    });
  }
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_shifts_kernel(
    const __grid_constant__ TensorOperand grad, const __grid_constant__ TensorOperand x,
    const __grid_constant__ ShiftedColumns columns, const __grid_constant__ SplitGrid grid) {
  __shared__ RingBarriers<Tile> barriers;
  __shared__ ColumnBox boxes[Tile::kBlockN / kMinBlock];  // of the producer's tile
  const Ring<Tile> ring(barriers);
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      if constexpr (Tile::kCluster == 1) {
        load_pieces<Tile, SharedOperand::NONE>(ring, grad, x, columns, grid, boxes);
      } else if (shared_operand<Tile>(grid) == SharedOperand::B) {
        load_pieces<Tile, SharedOperand::B>(ring, grad, x, columns, grid, boxes);
      } else {
        load_pieces<Tile, SharedOperand::A>(ring, grad, x, columns, grid, boxes);
      }
    }
  } else {
    RingPosition<Tile::kStages> at;
    consume_parts<Tile>(at, ring, grid);
  }
  leave_cluster<Tile>();
}

// The largest block of columns that wastes at most an eighth more than the best one.
int choose_block(int64_t channels) {
  int block = kMinBlock;
  for (int larger = 2 * kMinBlock; larger <= kMaxBlock; larger *= 2) {
    if (8 * divide_up(channels, larger) * larger <= 9 * divide_up(channels, kMinBlock) * kMinBlock) block = larger;
  }
  return block;
}

// The pass without its tensors.
struct Shifted {
  ShiftedColumns columns;
  int64_t filters, groups;
  int bytes;        // of a packed element
  int64_t samples;  // of one launch

  Shifted(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math)
      : columns{TapColumns(d, s, choose_block(s.group_channels)),
                ImageAxis(d.height, s.out_h, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h),
                ImageAxis(d.width, s.out_w, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w, 16 / packed_element(math))},
        filters(s.group_filters),
        groups(d.groups),
        bytes(packed_element(math)) {
    if (d.kernel_h > 1 || d.pad_h > 0) {  // taps are shifted by lines, too
      columns.w.pitch = static_cast<int>(divide_up(columns.w.pitch, columns.w.unit)) * columns.w.unit;
    }
    if (positions() > kMaxPositions || columns.count() > kMaxGemmExtent) {
      fail(AZJ_UNSUPPORTED, "the gradient to the weights on wgmma takes planes of at most 2^30 elements with their "
           "padding, and filters below 2^31; they have %" PRId64 " and %" PRId64, positions(), s.patch);
    }
    samples = std::min(d.batch, kMaxPositions / positions());
  }

  // Of one sample, zeros included.
  int64_t positions() const { return int64_t{columns.h.pitch} * columns.w.pitch; }

  HopperProduct product(int64_t of_samples) const {
    return {filters, columns.count(), groups, divide_up(of_samples * positions() * bytes, 128), TileStore::PARTS,
            true};
  }

  PlanePack pack_x(const azj_conv2d_desc& d, const ConvSize& s, const float* x, int64_t of_samples) const {
    return {x, static_cast<int>(d.height), static_cast<int>(d.width), s.in_sample, columns.channels,
            static_cast<int>(groups), static_cast<int>(of_samples), columns.h, columns.w};
  }
  PlanePack pack_grad(const ConvSize& s, const float* grad_z, int64_t of_samples) const {
    return {grad_z, static_cast<int>(s.out_h), static_cast<int>(s.out_w), s.out_sample, static_cast<int>(filters),
            static_cast<int>(groups), static_cast<int>(of_samples), ImageAxis::of_outputs(columns.h),
            ImageAxis::of_outputs(columns.w)};
  }

  uint64_t copies_bytes(const azj_conv2d_desc& d, const ConvSize& s) const {
    return packed_plane_bytes(pack_x(d, s, nullptr, samples), bytes) +
           packed_plane_bytes(pack_grad(s, nullptr, samples), bytes);
  }
};

template <class Tile>
void run(const HopperPlan& plan, cudaStream_t stream, const azj_conv2d_desc& d, const Shifted& pass, const float* x,
         const float* grad_z, float* grad_w, void* workspace) {
  const ConvSize s(d);
  float* const parts = reinterpret_cast<float*>(static_cast<char*>(workspace) + pass.copies_bytes(d, s));
  const WeightResult result{pass.columns, static_cast<int>(pass.filters), grad_w};
  sum_launches<Tile>(stream, d.batch, pass, plan, parts, result, [&](int64_t first, int64_t samples, SplitGrid grid) {
    const PlanePack pack_x = pass.pack_x(d, s, x + first * s.in_sample, samples);
    const PlanePack pack_grad = pass.pack_grad(s, grad_z + first * s.out_sample, samples);
    void* const rest = static_cast<char*>(workspace) + packed_plane_bytes(pack_x, pass.bytes);
    const OperandView packed_x = packed_planes(pack_x, pass.bytes, workspace);
    const OperandView packed_grad = packed_planes(pack_grad, pass.bytes, rest);
    pack_planes(stream, pack_x, packed_x);
    pack_planes(stream, pack_grad, packed_grad);
    const SharedOperand shared = shared_operand<Tile>(grid);
    const int rows = Tile::kBlockM / (shared == SharedOperand::A ? Tile::kCluster : 1);
    launch_pieces<Tile>(conv2d_hopper_shifts_kernel<Tile>, grid, stream, tensor_operand(packed_grad, rows),
                        tensor_operand(packed_x, box_columns<Tile>(shared, pass.columns.block)), pass.columns, grid);
  });
}

template <TensorType kType, class... A>
void run_type(const HopperPlan& plan, A&&... args) {
  if (plan.pairs) {
    if (plan.tile == GemmTile::LARGE) return run<HopperTile<kType, 128, 256, 128, false, false, 2>>(plan, args...);
    return run<HopperTile<kType, 128, 128, 128, false, false, 2>>(plan, args...);
  }
  switch (plan.tile) {
    case GemmTile::SMALL: return run<HopperTile<kType, 64, 256>>(plan, args...);
    case GemmTile::MEDIUM: return run<HopperTile<kType, 128, 128>>(plan, args...);
    default: return run<HopperTile<kType, 128, 256>>(plan, args...);
  }
}

}  // namespace

int64_t shifted_weights_columns(const azj_conv2d_desc& d, const ConvSize& s, int64_t& pixels) {
  const Shifted pass(d, s, ConvMath::BF16);
  pixels = pass.positions();
  return pass.columns.count();
}

uint64_t shifted_weights_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const Shifted pass(d, s, math);
  return pass.copies_bytes(d, s) + part_bytes_of(pass, d.batch, plan);
}

void shifted_weights(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* grad_z,
                     float* grad_w, void* workspace, const HopperPlan& wanted) {
  const Shifted pass(d, ConvSize(d), math);
  const HopperPlan plan = complete_plan(wanted, pass.product(pass.samples));
  if (math == ConvMath::TF32) {
    return run_type<TensorType::TF32>(plan, stream, d, pass, x, grad_z, grad_w, workspace);
  }
  run_type<TensorType::BF16>(plan, stream, d, pass, x, grad_z, grad_w, workspace);
}

}  // namespace azj::cuda
