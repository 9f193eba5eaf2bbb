// GEMM rung 5: register tiles, 16-byte copies, shared memory filled ahead. tile_simt.cuh holds the product itself.
//
//   block -> a tile of C, 128 x 256 (256 threads, 16 x 8 sums each), 128 x 128 (256, 8 x 8), 64 x 64 (128, 8 x 4) or
//            32 x 32 (64, 4 x 4);
//   grid.x all tiles of C, grid.z the products of a batch
//
// The wide tile makes 171 FLOP of each word it reads, 43 of each byte: to be bound by its multiply-adds on an H200
// (about 60 TFLOP/s in FP32) it needs 1.4 TB/s out of L2, which is there. The small ones fill the processors when C is
// small.
#include "tile_gemm.cuh"
#include "tile_simt.cuh"

namespace azj::cuda {

void gemm_register(cudaStream_t stream, const GemmProblem& p, GemmTile tile) {
  if (tile == GemmTile::AUTO) tile = choose_tile(p.m, p.n, p.batch * p.groups);
  switch (tile) {
    case GemmTile::WIDE: return tile_gemm<WideSimtTile>(stream, p);
    case GemmTile::LARGE: return tile_gemm<LargeSimtTile>(stream, p);
    case GemmTile::MEDIUM: return tile_gemm<MediumSimtTile>(stream, p);
    default: return tile_gemm<SmallSimtTile>(stream, p);
  }
}

}  // namespace azj::cuda
