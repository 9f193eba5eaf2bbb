// The kernel of matrix products on Hopper's tensor cores (compute capability 9.0), shared by GEMM rungs 8 and 9
// (gemm_hopper.cu) and azj_bf16_gemm() (bf16_gemm.cu):
//
//   C[b] = activation(alpha * op(A[b]) op(B[b]) + beta * C[b] + bias)     for every product b of a batch
//
// hopper_tile.cuh holds the product of a tile.
//
//   grid: one block of 3 warpgroups on each multiprocessor, which walks over the tiles of all products, or their slices
//     (hopper_split.cuh, hopper_parts.cuh)
//   tile: 128 x 256, 128 x 128 or, of at most 64 rows, 64 x 256 (hopper_plan.cpp)
//   cluster: two blocks whose tiles are neighbours bring each other half of what both read: of tiles above each other
//     B, of tiles side by side A (HopperPlan::pairs)
//   result: in boxes by the copy engine (hopper_boxes.cuh); of C that has no tensor map, and behind a sigmoid or tanh,
//     whose code is not repeated for each sum, row by row (hopper_store.cuh)
#pragma once

#include "hopper_boxes.cuh"
#include "hopper_finish.cuh"
#include "hopper_parts.cuh"
#include "hopper_store.cuh"

namespace azj::cuda {

// C of the products, and what happens to a sum.
template <class Element>
struct GemmResult {
  Element* c;
  int64_t ldc;
  int64_t batch_stride, group_stride;  // elements
  int batch;                           // products of a group
  bool boxes;                          // the copy engine stores
  GemmEpilogue ends;                   // of group 0

  __device__ int group(int product) const { return product / batch; }
  __device__ int sample(int product) const { return product - group(product) * batch; }
  __device__ Element* matrix(int product) const {
    return c + sample(product) * batch_stride + group(product) * group_stride;
  }

  // For add_slices().
  __device__ Element* column(int product, int j) const { return matrix(product) + j; }
  __device__ int64_t row_stride() const { return ldc; }
  __device__ GemmEpilogue epilogue(int product) const {
    GemmEpilogue e = ends;
    e.bias += group(product) * e.bias_group_stride;
    return e;
  }
};

// kBlock rows of an operand from `row` and a stage's depth of k from `k`, of the matrix (z, w). kRows: it lies along
// its rows. kShared: the blocks of the cluster have them together, and each brings its part to all.
template <class Tile, bool kRows, int kBlock, bool kShared>
__device__ inline void load_operand(unsigned char* to, const CUtensorMap& map, int row, int k, int z, int w,
                                    uint64_t* barrier) {
  constexpr int kPart = kShared ? kBlock / Tile::kCluster : kBlock;
  const int first = kShared ? static_cast<int>(cluster_rank()) * kPart : 0;
  to += first * Tile::kRowBytes;
  row += first;
  if constexpr (kRows) {
    constexpr int kBoxRows = Tile::kDepth;  // 128 bytes of BF16
#pragma unroll
    for (int i = 0; i < kPart; i += kBoxRows) {
      load_box<Tile, kShared>(to + i * Tile::kRowBytes, map, row + i, k, z, w, barrier);
    }
  } else {
    load_box<Tile, kShared>(to, map, k, row, z, w, barrier);
  }
}

// The producer: all stages of this block's pieces.
template <class Tile, SharedOperand kShared>
__device__ __forceinline__ void load_pieces(const Ring<Tile>& ring, const TensorOperand& a, const TensorOperand& b,
                                            const GemmResult<typename Tile::Element>& result, const SplitGrid& grid) {
  RingPosition<Tile::kStages> at;
  for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
    const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
    const int group = result.group(tile.product), sample = result.sample(tile.product);
    load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
      const int k = (tile.first_step + step) * Tile::kDepth;
      load_operand<Tile, Tile::kRowsOfA, Tile::kBlockM, kShared == SharedOperand::A>(
          to_a, a.map, tile.row, k, sample * a.batch, group * a.group, barrier);
      load_operand<Tile, Tile::kRowsOfB, Tile::kBlockN, kShared == SharedOperand::B>(
          to_b, b.map, tile.column, k, sample * b.batch, group * b.group, barrier);
    });
  }
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void hopper_gemm_kernel(
    const __grid_constant__ TensorOperand a, const __grid_constant__ TensorOperand b,
    const __grid_constant__ CUtensorMap c, const __grid_constant__ GemmResult<typename Tile::Element> result,
    const __grid_constant__ SplitGrid grid) {
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      if constexpr (Tile::kCluster == 1) {
        load_pieces<Tile, SharedOperand::NONE>(ring, a, b, result, grid);
      } else if (shared_operand<Tile>(grid) == SharedOperand::B) {
        load_pieces<Tile, SharedOperand::B>(ring, a, b, result, grid);
      } else {
        load_pieces<Tile, SharedOperand::A>(ring, a, b, result, grid);
      }
    }
  } else {
    RingPosition<Tile::kStages> at;
    consume_pieces<Tile>(at, ring, grid, [&](auto& sums, int64_t index, const SplitTile& tile, int warp) {
      unsigned char* const boxes = warp_boxes(ring, warp);
      if (grid.parts != nullptr) return store_part<Tile>(sums, grid, index, warp);
      const int row = tile.row + Tile::warp_row(warp);
      const GemmEpilogue epilogue = result.epilogue(tile.product);
      auto* const matrix = result.matrix(tile.product);
      if constexpr (std::is_same_v<typename Tile::Element, float>) {
        if (!result.boxes) {
          return store_sums<Tile>(sums, reinterpret_cast<float*>(boxes), MatrixOutput{matrix, result.ldc}, epilogue,
                                  row, tile.column, grid.m, grid.n);
        }
      }
      finish_sums<Tile>(sums, epilogue, matrix, result.ldc, row, tile.column, grid.m, grid.n);
      store_boxes<Tile>(sums, boxes, &c, matrix, result.ldc, row, tile.column, result.sample(tile.product),
                        result.group(tile.product), grid.m, grid.n);
    });
    finish_stores();
  }
  leave_cluster<Tile>();
}

// operand_a(rows), operand_b(columns): the maps for so many of a tile that one block brings.
template <class Tile, class OperandA, class OperandB>
void run_hopper_gemm(cudaStream_t stream, const HopperPlan& plan, const HopperProduct& product, OperandA&& operand_a,
                     OperandB&& operand_b, const CUtensorMap& c, const GemmResult<typename Tile::Element>& result,
                     void* parts) {
  const SplitGrid grid = split_grid<Tile>(plan, product, parts);
  const SharedOperand shared = shared_operand<Tile>(grid);
  launch_pieces<Tile>(hopper_gemm_kernel<Tile>, grid, stream,
                      operand_a(Tile::kBlockM / (shared == SharedOperand::A ? Tile::kCluster : 1)),
                      operand_b(Tile::kBlockN / (shared == SharedOperand::B ? Tile::kCluster : 1)), c, result, grid);
  if (grid.parts != nullptr) add_slices<Tile>(stream, grid, result);
}

}  // namespace azj::cuda
