// azj_bf16_gemm() on Hopper's tensor cores (compute capability 9.0): C = alpha op(A) op(B) + beta C, BF16 in memory and
// float32 between. hopper_tile.cuh holds the product of a tile. Nothing is packed: an operand lies along k, or along m
// or n, and the copy engine and wgmma take it as it lies.
//
//   grid: one block of 3 warpgroups on each multiprocessor, which walks over the tiles, or their slices
//     (hopper_split.cuh)
//   tile: 128 x 256, 128 x 128 or, of at most 64 rows, 64 x 256 (hopper_plan.cpp)
//   cluster: where the tiles of 128 x 256 have an even number of rows, two blocks take neighbours of one column; each
//     copies half of their B to both
//
// A 128 x 256 tile makes 85 FLOP of each byte that it reads, in a cluster 128: at 750 TFLOP/s 5.9 TB/s, mostly from L2.
#include "bf16.hpp"
#include "check.hpp"
#include "error.hpp"
#include "hopper_bf16.cuh"
#include "hopper_split.cuh"

namespace azj::cuda {

namespace {

constexpr int kBytes = 2;  // of a BF16

struct Bf16Result {
  azj_bf16* c;
  int64_t ldc;
  float alpha, beta;

  // For add_slices().
  __device__ azj_bf16* column(int, int j) const { return c + j; }
  __device__ int64_t row_stride() const { return ldc; }
  __device__ GemmEpilogue epilogue(int) const {
    GemmEpilogue epilogue;
    epilogue.alpha = alpha;
    epilogue.beta = beta;
    return epilogue;
  }
};

// kBlock rows of an operand from `row` and a stage's depth of k from `k`. kRows: it lies along its rows. kShared: the
// blocks of the cluster have them together, and each brings its part to all.
template <class Tile, bool kRows, int kBlock, bool kShared>
__device__ inline void load_operand(unsigned char* to, const CUtensorMap& map, int row, int k, uint64_t* barrier) {
  constexpr int kPart = kShared ? kBlock / Tile::kCluster : kBlock;
  const int first = kShared ? static_cast<int>(cluster_rank()) * kPart : 0;
  to += first * Tile::kRowBytes;
  row += first;
  if constexpr (kRows) {
    constexpr int kBoxRows = Tile::kRowBytes / kBytes;
#pragma unroll
    for (int i = 0; i < kPart; i += kBoxRows) {
      load_box<Tile, kShared>(to + i * Tile::kRowBytes, map, row + i, k, 0, 0, barrier);
    }
  } else {
    load_box<Tile, kShared>(to, map, k, row, 0, 0, barrier);
  }
}

// One warp's sums, from (row, column) of C on, times alpha, plus beta * C.
template <class Tile>
__device__ __forceinline__ void finish_sums(float (&sums)[Tile::kSums], const Bf16Result& result, int row, int column,
                                            int m, int n) {
  if (result.beta == 0.0f) {
#pragma unroll
    for (float& sum : sums) sum *= result.alpha;
    return;
  }
  const int lane = threadIdx.x % 32, first = column + lane % 4 * 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int i = row + lane / 4 + 8 * half;
    const azj_bf16* const c = result.c + i * result.ldc + first;
#pragma unroll
    for (int part = 0; part < Tile::kBlockN / 8; ++part) {
      const int columns = i < m ? n - (first + 8 * part) : 0;  // of two, those that are in C
      uint32_t pair = 0;
      if (columns >= 2) {
        pair = *reinterpret_cast<const uint32_t*>(c + 8 * part);
      } else if (columns == 1) {
        pair = c[8 * part];
      }
      float* const sum = sums + 4 * part + 2 * half;
      sum[0] = result.alpha * sum[0] + result.beta * __uint_as_float(pair << 16);
      sum[1] = result.alpha * sum[1] + result.beta * __uint_as_float(pair & 0xffff0000u);
    }
  }
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void bf16_gemm_kernel(const __grid_constant__ CUtensorMap a,
                                                                      const __grid_constant__ CUtensorMap b,
                                                                      const __grid_constant__ CUtensorMap c,
                                                                      const __grid_constant__ Bf16Result result,
                                                                      const __grid_constant__ SplitGrid grid) {
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  RingPosition<Tile::kStages> at;
  if (threadIdx.x < 128) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < grid.pieces(); index += gridDim.x) {
        const SplitTile tile(grid, index, Tile::kBlockM, Tile::kBlockN);
        load_stages<Tile>(at, ring, tile.steps(), [&](int step, auto* to_a, auto* to_b, uint64_t* barrier) {
          const int k = (tile.first_step + step) * Tile::kDepth;
          load_operand<Tile, Tile::kRowsOfA, Tile::kBlockM, false>(to_a, a, tile.row, k, barrier);
          load_operand<Tile, Tile::kRowsOfB, Tile::kBlockN, (Tile::kCluster > 1)>(to_b, b, tile.column, k, barrier);
        });
      }
    }
  } else {
    consume_pieces<Tile>(at, ring, grid, [&](auto& sums, int64_t index, const SplitTile& tile, int warp) {
      unsigned char* const boxes = warp_boxes(ring, warp);
      if (grid.parts != nullptr) {
        return store_part<Tile>(sums, reinterpret_cast<float*>(boxes), grid, index, warp);
      }
      const int row = tile.row + Tile::warp_row(warp);
      finish_sums<Tile>(sums, result, row, tile.column, grid.m, grid.n);
      store_bf16<Tile>(sums, boxes, &c, row, tile.column);
    });
    finish_stores();
  }
  leave_cluster<Tile>();
}

// A matrix of `lines` lines of `length` elements, `leading` apart.
OperandView view_of(const azj_bf16* data, int64_t lines, int64_t length, int64_t leading) {
  return {data, lines, length, leading, 1, 1, 0, 1, 0, kBytes};
}

// op(A), or op(B) transposed, of rows x k: kRows, stored as k lines.
CUtensorMap operand_map(const azj_bf16* data, int64_t rows, int64_t k, int64_t leading, bool along_rows, int block) {
  if (along_rows) return tensor_operand(view_of(data, k, rows, leading), 128 / kBytes).map;
  return tensor_operand(view_of(data, rows, k, leading), block).map;
}

HopperProduct product_of(const azj_gemm_desc& d) {
  return {d.m, d.n, 1, divide_up(d.k, 128 / kBytes), TileStore::BOXES};
}

template <class Tile>
void run(cudaStream_t stream, const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
         const HopperPlan& plan, void* parts) {
  const SplitGrid grid = split_grid<Tile>(plan, product_of(d), parts);
  const Bf16Result result{c, d.ldc, d.alpha, d.beta};
  const CUtensorMap map_a = operand_map(a, d.m, d.k, d.lda, Tile::kRowsOfA, Tile::kBlockM);
  const CUtensorMap map_b = operand_map(b, d.n, d.k, d.ldb, Tile::kRowsOfB, Tile::kBlockN / Tile::kCluster);
  const CUtensorMap map_c = tensor_operand(view_of(c, d.m, d.n, d.ldc), Tile::kBoxRows).map;
  launch_pieces<Tile>(bf16_gemm_kernel<Tile>, grid, stream, map_a, map_b, map_c, result, grid);
  if (grid.parts != nullptr) add_slices<Tile>(stream, grid, result);
}

template <bool kRowsOfA, bool kRowsOfB>
void run_tile(cudaStream_t stream, const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
              const HopperPlan& plan, bool clusters, void* parts) {
  if (plan.tile == GemmTile::LARGE && clusters && fills_clusters(product_of(d), plan.tile)) {
    return run<Bf16Tile<128, 256, kRowsOfA, kRowsOfB, 2>>(stream, d, a, b, c, plan, parts);
  }
  switch (plan.tile) {
    case GemmTile::SMALL: return run<Bf16Tile<64, 256, kRowsOfA, kRowsOfB>>(stream, d, a, b, c, plan, parts);
    case GemmTile::MEDIUM: return run<Bf16Tile<128, 128, kRowsOfA, kRowsOfB>>(stream, d, a, b, c, plan, parts);
    default: return run<Bf16Tile<128, 256, kRowsOfA, kRowsOfB>>(stream, d, a, b, c, plan, parts);
  }
}

}  // namespace

bool bf16_gemm_supports(const azj_gemm_desc& d, std::string& reason) {
  if (d.algorithm != AZJ_GEMM_AUTO && d.algorithm != AZJ_GEMM_HOPPER_BF16) {
    reason = "GEMM rung " + std::to_string(d.algorithm) +
             " has no form for matrices in BF16; AZJ_GEMM_AUTO (0) and AZJ_GEMM_HOPPER_BF16 (9) do";
    return false;
  }
  if (!supports(GemmRung::HOPPER_BF16, gemm_problem(d, nullptr, nullptr, nullptr), reason)) return false;
  for (const int64_t leading : {d.lda, d.ldb, d.ldc}) {
    if (leading < kMaxTensorStride / kBytes) continue;
    reason = "rows of BF16 are " + std::to_string(leading) + " elements apart; the copy engine takes strides below " +
             std::to_string(kMaxTensorStride / kBytes);
    return false;
  }
  return true;
}

uint64_t bf16_gemm_workspace_bytes(const azj_gemm_desc& d, const HopperPlan& plan) {
  return part_bytes(plan, product_of(d));
}

void bf16_gemm(cudaStream_t stream, const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
               void* workspace, const HopperPlan& wanted, bool clusters) {
  const HopperPlan plan = complete_plan(wanted, product_of(d));
  if (d.transpose_a) {
    if (d.transpose_b) return run_tile<true, false>(stream, d, a, b, c, plan, clusters, workspace);
    return run_tile<true, true>(stream, d, a, b, c, plan, clusters, workspace);
  }
  if (d.transpose_b) return run_tile<false, false>(stream, d, a, b, c, plan, clusters, workspace);
  run_tile<false, true>(stream, d, a, b, c, plan, clusters, workspace);
}

}  // namespace azj::cuda
