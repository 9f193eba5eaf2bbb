// GEMM rungs 8 and 9: Hopper's tensor cores (compute capability 9.0) through wgmma, float in and out, inputs rounded to
// TF32 by the copy engine on the way, or to BF16 in packed copies (gemm_pack.cu) that lie in the workspace. For TF32 an
// operand is packed only where the copy engine cannot read it as it lies. hopper_gemm.cuh holds the kernel. They run
// only when asked for, by name or by a precision, as rungs 6 and 7.
//
// A 128 x 256 tile makes 43 FLOP of each byte that it reads, in a cluster 64: at 400 TFLOP/s 6.3 TB/s, mostly from L2.
#include "gemm_hopper.hpp"

#include "gemm_pack.hpp"
#include "hopper_gemm.cuh"

namespace azj::cuda {

namespace {

template <TensorType kType, int kBlockM, int kBlockN, int kCluster>
using FloatTile = BoxedTile<float, HopperTile<kType, kBlockM, kBlockN, 128, false, false, kCluster>>;

bool needs_packing(const OperandView& view, int bytes) { return view.bytes != bytes || !has_tensor_map(view); }

// How the copy engine sees an operand: as it lies, or as the packed copy that takes the next bytes of the workspace.
OperandView readable(const OperandView& view, int bytes, char*& workspace) {
  if (!needs_packing(view, bytes)) return view;
  const OperandView packed = packed_view(view, bytes, workspace);
  workspace += packed_bytes(view, bytes);
  return packed;
}

void pack(cudaStream_t stream, const Packing& a, const Packing& b, int bytes) {
  const bool pack_a = needs_packing(a.view, bytes), pack_b = needs_packing(b.view, bytes);
  if (pack_a && pack_b) {
    gemm_pack(stream, a, b);
  } else if (pack_a || pack_b) {
    const Packing& only = pack_a ? a : b;
    gemm_pack(stream, only.view, only.packed);
  }
}

// Whether the copy engine stores C.
bool goes_by_boxes(const GemmProblem& p) { return has_tensor_map(view_c(p)) && finishes_in_registers(p.epilogue); }

HopperProduct product_of(const GemmProblem& p, int bytes) {
  return {p.m, p.n, p.batch * p.groups, divide_up(p.k, 128 / bytes),
          goes_by_boxes(p) ? TileStore::FLOAT_BOXES : TileStore::FLOATS, true};
}

// A product whose operands are readable. parts: of slices.
struct Run {
  cudaStream_t stream;
  const GemmProblem& p;
  OperandView a, b;
  HopperPlan plan;
  HopperProduct product;
  void* parts;

  template <class Tile>
  void on() const {
    const bool boxes = product.store == TileStore::FLOAT_BOXES;
    const GemmResult<float> result{p.c,   p.ldc,     p.c_batch_stride, p.c_group_stride, static_cast<int>(p.batch),
                                   boxes, p.epilogue};
    run_hopper_gemm<Tile>(
        stream, plan, product, [&](int rows) { return tensor_operand(a, rows); },
        [&](int columns) { return tensor_operand(b, columns); },
        boxes ? result_map(view_c(p), Tile::kBoxRows) : CUtensorMap{}, result, parts);
  }
};

template <TensorType kType>
void run(cudaStream_t stream, const GemmProblem& p, void* workspace, const HopperPlan& wanted) {
  constexpr int kBytes = kType == TensorType::TF32 ? 4 : 2;
  char* free = static_cast<char*>(workspace);
  const OperandView a = readable(view_a(p), kBytes, free), b = readable(view_b(p), kBytes, free);
  pack(stream, {view_a(p), a}, {view_b(p), b}, kBytes);
  const HopperProduct product = product_of(p, kBytes);
  const HopperPlan plan = complete_plan(wanted, product);
  const Run run{stream, p, a, b, plan, product, free};
  switch (plan.tile) {
    case GemmTile::SMALL: return run.on<FloatTile<kType, 64, 256, 1>>();
    case GemmTile::MEDIUM:
      return plan.pairs ? run.on<FloatTile<kType, 128, 128, 2>>() : run.on<FloatTile<kType, 128, 128, 1>>();
    default: return plan.pairs ? run.on<FloatTile<kType, 128, 256, 2>>() : run.on<FloatTile<kType, 128, 256, 1>>();
  }
}

}  // namespace

uint64_t gemm_hopper_workspace_bytes(const GemmProblem& p, bool bf16, const HopperPlan& wanted) {
  const int bytes = bf16 ? 2 : 4;
  const HopperProduct product = product_of(p, bytes);
  uint64_t total = planned_part_bytes(complete_plan(wanted, product), product);
  for (const OperandView& view : {view_a(p), view_b(p)}) {
    if (needs_packing(view, bytes)) total += packed_bytes(view, bytes);
  }
  return total;
}

void gemm_hopper_tf32(cudaStream_t stream, const GemmProblem& p, void* workspace, const HopperPlan& plan) {
  run<TensorType::TF32>(stream, p, workspace, plan);
}

void gemm_hopper_bf16(cudaStream_t stream, const GemmProblem& p, void* workspace, const HopperPlan& plan) {
  run<TensorType::BF16>(stream, p, workspace, plan);
}

}  // namespace azj::cuda
