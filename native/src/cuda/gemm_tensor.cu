// GEMM rungs 6 and 7: tensor cores through mma.sync, float in and out, inputs rounded to TF32 or BF16 on the way.
// tile_mma.cuh holds the product itself. These run only when asked for by name: the rounding costs 13 (TF32) or 16
// (BF16) of the 23 mantissa bits.
//
//   block -> a tile of C, 128 x 128 (8 warps of 64 x 32) or 64 x 64 (4 warps of 32 x 32); grid.x all tiles of C,
//   grid.z the products of a batch. Each operand's shared tile lies as its memory does, so that all copies are 16 bytes.
#include "tile_gemm.cuh"
#include "tile_mma.cuh"

namespace azj::cuda {

namespace {

template <TensorType kType, bool kAlongKA, bool kAlongKB>
void run_layout(cudaStream_t stream, const GemmProblem& p, bool large) {
  if (large) return tile_gemm<LargeMmaTile<kType, kAlongKA, kAlongKB>>(stream, p);
  tile_gemm<MediumMmaTile<kType, kAlongKA, kAlongKB>>(stream, p);
}

template <TensorType kType>
void run(cudaStream_t stream, const GemmProblem& p, GemmTile tile) {
  if (tile == GemmTile::AUTO) tile = choose_tile(p.m, p.n, p.batch * p.groups, false);
  const bool large = tile == GemmTile::LARGE;
  const bool a_along_k = p.a.column_stride == 1, b_along_k = p.b.row_stride == 1;
  if (a_along_k && b_along_k) return run_layout<kType, true, true>(stream, p, large);
  if (a_along_k) return run_layout<kType, true, false>(stream, p, large);
  if (b_along_k) return run_layout<kType, false, true>(stream, p, large);
  run_layout<kType, false, false>(stream, p, large);
}

}  // namespace

void gemm_tensor_tf32(cudaStream_t stream, const GemmProblem& p, GemmTile tile) {
  run<TensorType::TF32>(stream, p, tile);
}

void gemm_tensor_bf16(cudaStream_t stream, const GemmProblem& p, GemmTile tile) {
  run<TensorType::BF16>(stream, p, tile);
}

}  // namespace azj::cuda
