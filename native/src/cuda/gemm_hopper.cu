// GEMM rungs 8 and 9: Hopper's tensor cores (compute capability 9.0) through wgmma, float in and out, inputs rounded to
// TF32 by the copy engine on the way, or to BF16 in packed copies (gemm_pack.cu) that lie in the workspace. For TF32 an
// operand is packed only where the copy engine cannot read it as it lies. hopper_tile.cuh holds the product of a tile.
// They run only when asked for by name, as rungs 6 and 7.
//
//   grid: one block of 3 warpgroups on each multiprocessor; block i computes tiles i, i + blocks, .. of all products
//   tile: 128 x 256, or 128 x 128 where those fill the multiprocessors better
//
// A 128 x 256 tile makes 171 FLOP of each word that it reads, 43 of each byte: at 400 TFLOP/s these are 9.4 TB/s.
#include "gemm_pack.hpp"
#include "grid.hpp"
#include "hopper_store.cuh"
#include "tile_launch.cuh"

namespace azj::cuda {

namespace {

struct TilePlace {
  int row, column, batch, group;
};

// Tile `index` of all products.
template <class Tile>
__device__ inline TilePlace find_tile(const GemmProblem& p, int64_t index, unsigned tiles_of_product) {
  const int64_t product = index / tiles_of_product;
  const TileOrder order(static_cast<unsigned>(index - product * tiles_of_product), static_cast<int>(p.m),
                        static_cast<int>(p.n), Tile::kBlockM, Tile::kBlockN);
  const int64_t group = product / p.batch;
  return {order.row, order.column, static_cast<int>(product - group * p.batch), static_cast<int>(group)};
}

template <class Tile>
__global__ __launch_bounds__(Tile::kThreads, 1) void gemm_hopper_kernel(const __grid_constant__ TensorOperand a,
                                                                        const __grid_constant__ TensorOperand b,
                                                                        GemmProblem p, unsigned tiles_of_product) {
  __shared__ RingBarriers<Tile> barriers;
  const Ring<Tile> ring(barriers);
  RingPosition<Tile::kStages> at;
  const int64_t tiles = p.batch * p.groups * tiles_of_product;
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n);
  const int steps = static_cast<int>((p.k - 1) / Tile::kDepth + 1);
  const int warpgroup = threadIdx.x / 128;
  if (warpgroup == 0) {
    setmaxnreg_dec<Tile::kProducerRegisters>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
        const TilePlace tile = find_tile<Tile>(p, index, tiles_of_product);
        load_stages<Tile>(at, ring, steps, [&](int step, void* to_a, void* to_b, uint64_t* barrier) {
          const int k = step * Tile::kDepth;
          tensor_load_4d(to_a, &a.map, k, tile.row, tile.batch * a.batch, tile.group * a.group, barrier);
          tensor_load_4d(to_b, &b.map, k, tile.column, tile.batch * b.batch, tile.group * b.group, barrier);
        });
      }
    }
  } else {
    setmaxnreg_inc<Tile::kConsumerRegisters>();
    const int warp = threadIdx.x / 32 - 4;  // of the consumers
    for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
      const TilePlace tile = find_tile<Tile>(p, index, tiles_of_product);
      float sums[Tile::kSums];
      multiply_stages<Tile>(sums, at, ring, warpgroup - 1, steps);
      GemmProblem product = p;
      select_product(product, index / tiles_of_product);
      store_sums<Tile>(sums, ring.staging(warp), MatrixOutput{product.c, p.ldc}, product.epilogue,
                       tile.row + Tile::warp_row(warp), tile.column, m, n);
    }
  }
}

bool needs_packing(const OperandView& view, int bytes) { return view.bytes != bytes || !has_tensor_map(view); }

// How the copy engine sees an operand: as it lies, or as the packed copy that takes the next bytes of the workspace.
OperandView readable(cudaStream_t stream, const OperandView& view, int bytes, char*& workspace) {
  if (!needs_packing(view, bytes)) return view;
  const OperandView packed = packed_view(view, bytes, workspace);
  gemm_pack(stream, view, packed);
  workspace += packed_bytes(view, bytes);
  return packed;
}

template <class Tile>
void run(cudaStream_t stream, const GemmProblem& p, const OperandView& view_of_a, const OperandView& view_of_b) {
  const TensorOperand a = tensor_operand(view_of_a, Tile::kBlockM), b = tensor_operand(view_of_b, Tile::kBlockN);
  const unsigned tiles_of_product = tile_count(p.m, p.n, Tile::kBlockM, Tile::kBlockN);
  const int64_t tiles = p.batch * p.groups * tiles_of_product;
  const int processors = multiprocessors();
  const unsigned blocks = static_cast<unsigned>(tiles < processors ? tiles : processors);
  launch_tile<Tile>(gemm_hopper_kernel<Tile>, dim3(blocks), stream, a, b, p, tiles_of_product);
}

template <TensorType kType>
void run(cudaStream_t stream, const GemmProblem& p, void* workspace, GemmTile tile) {
  constexpr int kBytes = kType == TensorType::TF32 ? 4 : 2;
  char* free = static_cast<char*>(workspace);
  const OperandView a = readable(stream, view_a(p), kBytes, free), b = readable(stream, view_b(p), kBytes, free);
  const bool wide = tile == GemmTile::AUTO ? choose_wide(p.m, p.n, p.batch * p.groups) : tile == GemmTile::LARGE;
  if (wide) return run<HopperTile<kType, 128, 256>>(stream, p, a, b);
  run<HopperTile<kType, 128, 128>>(stream, p, a, b);
}

}  // namespace

uint64_t gemm_hopper_workspace_bytes(const GemmProblem& p, bool bf16) {
  const int bytes = bf16 ? 2 : 4;
  uint64_t total = 0;
  for (const OperandView& view : {view_a(p), view_b(p)}) {
    if (needs_packing(view, bytes)) total += packed_bytes(view, bytes);
  }
  return total;
}

void gemm_hopper_tf32(cudaStream_t stream, const GemmProblem& p, void* workspace, GemmTile tile) {
  run<TensorType::TF32>(stream, p, workspace, tile);
}

void gemm_hopper_bf16(cudaStream_t stream, const GemmProblem& p, void* workspace, GemmTile tile) {
  run<TensorType::BF16>(stream, p, workspace, tile);
}

}  // namespace azj::cuda
