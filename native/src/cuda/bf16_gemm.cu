// azj_bf16_gemm() on Hopper's tensor cores (compute capability 9.0): C = alpha op(A) op(B) + beta C, BF16 in memory and
// float32 between. hopper_gemm.cuh holds the kernel. Nothing is packed: an operand lies along k, or along m or n, and
// the copy engine and wgmma take it as it lies.
//
// A 128 x 256 tile makes 85 FLOP of each byte that it reads, in a cluster 128: at 750 TFLOP/s 5.9 TB/s, mostly from L2.
#include "bf16.hpp"
#include "check.hpp"
#include "error.hpp"
#include "hopper_gemm.cuh"

namespace azj::cuda {

namespace {

constexpr int kBytes = 2;  // of a BF16

template <int kBlockM, int kBlockN, bool kRowsOfA, bool kRowsOfB, int kCluster>
using Bf16Tile = BoxedTile<azj_bf16, HopperTile<TensorType::BF16, kBlockM, kBlockN, 128, kRowsOfA, kRowsOfB, kCluster>>;

// A matrix of `lines` lines of `length` elements, `leading` apart.
OperandView view_of(const azj_bf16* data, int64_t lines, int64_t length, int64_t leading) {
  return {data, lines, length, leading, 1, 1, 0, 1, 0, kBytes};
}

// op(A), or op(B) transposed, of rows x k: along_rows, stored as k lines.
TensorOperand operand(const azj_bf16* data, int64_t rows, int64_t k, int64_t leading, bool along_rows, int block) {
  if (along_rows) return tensor_operand(view_of(data, k, rows, leading), 128 / kBytes);
  return tensor_operand(view_of(data, rows, k, leading), block);
}

HopperProduct product_of(const azj_gemm_desc& d) {
  return {d.m, d.n, 1, divide_up(d.k, 128 / kBytes), TileStore::BOXES, true};
}

struct Run {
  cudaStream_t stream;
  const azj_gemm_desc& d;
  const azj_bf16 *a, *b;
  azj_bf16* c;
  HopperPlan plan;
  void* parts;

  template <class Tile>
  void on() const {
    GemmResult<azj_bf16> result{c, d.ldc, 0, 0, 1, true, {}};
    result.ends.alpha = d.alpha;
    result.ends.beta = d.beta;
    run_hopper_gemm<Tile>(
        stream, plan, product_of(d), [&](int rows) { return operand(a, d.m, d.k, d.lda, Tile::kRowsOfA, rows); },
        [&](int columns) { return operand(b, d.n, d.k, d.ldb, Tile::kRowsOfB, columns); },
        result_map(view_of(c, d.m, d.n, d.ldc), Tile::kBoxRows), result, parts);
  }

  template <bool kRowsA, bool kRowsB>
  void lying() const {
    switch (plan.tile) {
      case GemmTile::SMALL: return on<Bf16Tile<64, 256, kRowsA, kRowsB, 1>>();
      case GemmTile::MEDIUM:
        return plan.pairs ? on<Bf16Tile<128, 128, kRowsA, kRowsB, 2>>() : on<Bf16Tile<128, 128, kRowsA, kRowsB, 1>>();
      default:
        return plan.pairs ? on<Bf16Tile<128, 256, kRowsA, kRowsB, 2>>() : on<Bf16Tile<128, 256, kRowsA, kRowsB, 1>>();
    }
  }
};

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

uint64_t bf16_gemm_workspace_bytes(const azj_gemm_desc& d, const HopperPlan& wanted) {
  const HopperProduct product = product_of(d);
  return planned_part_bytes(complete_plan(wanted, product), product);
}

void bf16_gemm(cudaStream_t stream, const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
               void* workspace, const HopperPlan& wanted) {
  const Run run{stream, d, a, b, c, complete_plan(wanted, product_of(d)), workspace};
  if (d.transpose_a) return d.transpose_b ? run.lying<true, false>() : run.lying<true, true>();
  return d.transpose_b ? run.lying<false, false>() : run.lying<false, true>();
}

}  // namespace azj::cuda
