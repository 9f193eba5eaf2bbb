// Gradient to the weights on Hopper's tensor cores (compute capability 9.0), inputs rounded to TF32 or BF16, float
// sums:
//
//   dw[filters x (taps, channels)] = dz[filters x pixels] * X_unroll^T[pixels x (taps, channels)]              N(30)
//
// Both operands lie along the pixels, as wgmma wants them, in copies where a tap is a shift (plane_pack.hpp): a box of
// 128 bytes of pixels of some channels, read `shift` elements further on, is one tap's piece of X_unroll^T. So there is
// no im2col, and neither stride nor dilation costs anything. What is lost are the zeros between the lines: of a plane of
// W x H with padding p, 1 - W H / ((W + p) (H + p)) of the products. They are multiplied as well: an infinity at the
// border of x makes NaN of its channel's weights in all taps, also of those that do not meet it.
//
//   columns: for each tap the channels in blocks of 8 to 128, the last one of a tap filled up; a tile has several of them
//   k: all pixels of the batch; the tiles, often fewer than multiprocessors, are cut into slices (hopper_split.cuh)
#include <cinttypes>

#include "conv2d.hpp"
#include "error.hpp"
#include "hopper_split.cuh"
#include "kernels.hpp"
#include "plane_pack.hpp"

namespace azj::cuda {

namespace {

constexpr int kMinBlock = 8, kMaxBlock = 128;  // columns; 8 rows are the swizzle's pattern
constexpr int64_t kMaxPositions = 1 << 30;     // of one launch: with a shift they still fit 32 bits

// The columns of the product.
struct TapColumns {
  int taps, taps_w, channels;
  int block, blocks_of_tap;
  ImageAxis h, w;

  __host__ __device__ int count() const { return taps * blocks_of_tap * block; }
};

// A block of columns as a box of the packed x.
struct ColumnBox {
  int channel, image, shift;

  __device__ void find(const TapColumns& c, int index) {
    const int tap = index / c.blocks_of_tap;
    const bool inside = tap < c.taps;
    const int r = inside ? tap / c.taps_w : 0, s = inside ? tap - r * c.taps_w : 0;
    channel = inside ? (index - tap * c.blocks_of_tap) * c.block : c.channels;  // beyond the last channel are zeros
    image = r % c.h.period * c.w.images + s % c.w.period;
    shift = c.h.shift(r) * c.w.pitch + c.w.shift(s);
  }
};

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void conv2d_hopper_weights_kernel(
    const __grid_constant__ TensorOperand grad, const __grid_constant__ TensorOperand x,
    const __grid_constant__ TapColumns columns, const __grid_constant__ SplitGrid grid) {
  __shared__ __align__(8) uint64_t full[Tile::kStages];
  __shared__ __align__(8) uint64_t empty[Tile::kStages];
  __shared__ ColumnBox boxes[Tile::kBlockN / kMinBlock];  // of the producer's tile
  const Ring<Tile> ring(full, empty);
  RingPosition<Tile::kStages> at;
  const int64_t pieces = grid.tiles * grid.slices;
  const int warpgroup = threadIdx.x / 128;
  if (warpgroup == 0) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < pieces; index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        const int count = Tile::kBlockN / columns.block;
        for (int i = 0; i < count; ++i) boxes[i].find(columns, tile.column / columns.block + i);
        const int bytes = columns.block * Tile::kRowBytes;
        load_stages<Tile>(at, ring, tile.end_step - tile.first_step,
                          [&](int step, unsigned char* to_a, unsigned char* to_b, uint64_t* barrier) {
          const int k = (tile.first_step + step) * Tile::kDepth;
          tensor_load_4d(to_a, &grad.map, k, tile.row, 0, tile.product * grad.group, barrier);
          for (int i = 0; i < count; ++i) {
            tensor_load_4d(to_b + i * bytes, &x.map, k + boxes[i].shift, boxes[i].channel, boxes[i].image * x.batch,
                           tile.product * x.group, barrier);
          }
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
      store_part<Tile>(sums, ring.staging(warp), grid, index, warp);
    }
  }
}

// Where the sums belong in dw.
struct WeightResult {
  TapColumns columns;
  int filters;  // of a group
  float* grad_w;

  __device__ float* column(int group, int j) const {
    const int block = j / columns.block, tap = block / columns.blocks_of_tap;
    const int channel = (block - tap * columns.blocks_of_tap) * columns.block + j - block * columns.block;
    if (channel >= columns.channels) return nullptr;
    return grad_w + group * (filters * row_stride()) + channel * columns.taps + tap;
  }
  __device__ int64_t row_stride() const { return int64_t{columns.channels} * columns.taps; }
  __device__ GemmEpilogue epilogue(int) const { return {}; }
};

// The largest block of columns that wastes at most an eighth more than the best one.
int choose_block(int64_t channels) {
  int block = kMinBlock;
  for (int larger = 2 * kMinBlock; larger <= kMaxBlock; larger *= 2) {
    if (8 * divide_up(channels, larger) * larger <= 9 * divide_up(channels, kMinBlock) * kMinBlock) block = larger;
  }
  return block;
}

// The pass without its tensors.
struct WeightPass {
  TapColumns columns;
  int64_t filters, groups;
  int bytes;        // of a packed element
  int64_t samples;  // of one launch

  WeightPass(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math)
      : columns{static_cast<int>(s.taps), static_cast<int>(d.kernel_w), static_cast<int>(s.group_channels), 0, 0,
                ImageAxis(d.height, s.out_h, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h),
                ImageAxis(d.width, s.out_w, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w)},
        filters(s.group_filters),
        groups(d.groups),
        bytes(math == ConvMath::TF32 ? 4 : 2) {
    columns.block = choose_block(s.group_channels);
    columns.blocks_of_tap = static_cast<int>(divide_up(s.group_channels, columns.block));
    const int64_t plane = int64_t{columns.h.pitch} * columns.w.pitch;
    if (plane > kMaxPositions || s.taps * columns.blocks_of_tap * columns.block > kMaxGemmExtent) {
      fail(AZJ_UNSUPPORTED, "the gradient to the weights on wgmma takes planes of at most 2^30 elements with their "
           "padding, and filters below 2^31; they have %" PRId64 " and %" PRId64, plane, s.patch);
    }
    samples = std::min(d.batch, kMaxPositions / plane);
  }

  HopperProduct product(int64_t of_samples) const {
    const int64_t k = of_samples * columns.h.pitch * columns.w.pitch;
    return {filters, columns.count(), groups, divide_up(k * bytes, 128), true};
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
};

// All parts of one launch, after `slices` slices of those before.
template <class Tile>
SplitGrid launch_parts(cudaStream_t stream, const WeightPass& pass, const HopperPlan& plan, int64_t samples,
                       const OperandView& grad, const OperandView& x, float* parts, int slices) {
  SplitGrid grid = split_grid<Tile>(plan, pass.product(samples), parts);
  grid.parts += slices * grid.tiles * (Tile::kBlockM * Tile::kBlockN);
  launch_tile<Tile>(conv2d_hopper_weights_kernel<Tile>, split_blocks(grid), stream,
                    tensor_operand(grad, Tile::kBlockM), tensor_operand(x, pass.columns.block), pass.columns, grid);
  return grid;
}

template <class Tile>
void run(cudaStream_t stream, const azj_conv2d_desc& d, const WeightPass& pass, const HopperPlan& plan, const float* x,
         const float* grad_z, float* grad_w, void* workspace, float* parts) {
  const ConvSize s(d);
  SplitGrid all{};
  for (int64_t first = 0; first < d.batch; first += pass.samples) {
    const int64_t samples = std::min(pass.samples, d.batch - first);
    const PlanePack pack_x = pass.pack_x(d, s, x + first * s.in_sample, samples);
    const PlanePack pack_grad = pass.pack_grad(s, grad_z + first * s.out_sample, samples);
    const OperandView packed_x = packed_planes(pack_x, pass.bytes, workspace);
    const OperandView packed_grad = packed_planes(
        pack_grad, pass.bytes, static_cast<char*>(workspace) + packed_plane_bytes(pack_x, pass.bytes));
    pack_planes(stream, pack_x, packed_x);
    pack_planes(stream, pack_grad, packed_grad);
    const int slices = all.slices;
    all = launch_parts<Tile>(stream, pass, plan, samples, packed_grad, packed_x, parts, slices);
    all.slices += slices;
  }
  all.parts = parts;
  add_slices<Tile>(stream, all, WeightResult{pass.columns, static_cast<int>(pass.filters), grad_w});
}

template <TensorType kType, class... A>
void run_type(GemmTile tile, A&&... args) {
  switch (tile) {
    case GemmTile::SMALL: return run<HopperTile<kType, 64, 256>>(args...);
    case GemmTile::MEDIUM: return run<HopperTile<kType, 128, 128>>(args...);
    default: return run<HopperTile<kType, 128, 256>>(args...);
  }
}

uint64_t copies_bytes(const azj_conv2d_desc& d, const ConvSize& s, const WeightPass& pass) {
  return packed_plane_bytes(pass.pack_x(d, s, nullptr, pass.samples), pass.bytes) +
         packed_plane_bytes(pass.pack_grad(s, nullptr, pass.samples), pass.bytes);
}

}  // namespace

uint64_t conv2d_hopper_grad_weights_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const WeightPass pass(d, s, math);
  const uint64_t launches = static_cast<uint64_t>(divide_up(d.batch, pass.samples));
  return copies_bytes(d, s, pass) + launches * part_bytes(plan, pass.product(pass.samples));
}

void conv2d_hopper_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x,
                                const float* grad_z, float* grad_w, void* workspace, const HopperPlan& wanted) {
  const ConvSize s(d);
  const WeightPass pass(d, s, math);
  const HopperPlan plan = complete_plan(wanted, pass.product(pass.samples));
  float* const parts = reinterpret_cast<float*>(static_cast<char*>(workspace) + copies_bytes(d, s, pass));
  if (math == ConvMath::TF32) {
    return run_type<TensorType::TF32>(plan.tile, stream, d, pass, plan, x, grad_z, grad_w, workspace, parts);
  }
  run_type<TensorType::BF16>(plan.tile, stream, d, pass, plan, x, grad_z, grad_w, workspace, parts);
}

}  // namespace azj::cuda
