// GEMM rungs 8 and 9: Hopper's tensor cores (compute capability 9.0) through wgmma, float in and out, inputs rounded to
// TF32 by the copy engine on the way, or to BF16 in packed copies (gemm_pack.cu) that lie in the workspace. For TF32 an
// operand is packed only where the copy engine cannot read it as it lies. hopper_tile.cuh holds the product of one tile.
// Run only when asked for by name, as rungs 6 and 7.
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
  __shared__ __align__(8) uint64_t full[Tile::kStages];
  __shared__ __align__(8) uint64_t empty[Tile::kStages];
  const uint32_t unaligned = shared_address(dynamic_shared<unsigned char>()) % Tile::kAlignment;
  unsigned char* const stages = dynamic_shared<unsigned char>() + (Tile::kAlignment - unaligned) % Tile::kAlignment;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < Tile::kStages; ++stage) {
      mbarrier_init(&full[stage], 1);
      mbarrier_init(&empty[stage], Tile::kConsumers * 4);
    }
    fence_proxy_async();
  }
  __syncthreads();

  const int64_t tiles = p.batch * p.groups * tiles_of_product;
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
  const int warpgroup = threadIdx.x / 128;
  RingPosition<Tile::kStages> at;
  if (warpgroup == 0) {
    setmaxnreg_dec<24>();
    if (threadIdx.x < 32 && elect_one()) {
      for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
        const TilePlace tile = find_tile<Tile>(p, index, tiles_of_product);
        load_tile<Tile>(at, stages, full, empty, a, b, tile.row, tile.column, tile.batch, tile.group, k);
      }
    }
  } else {
    setmaxnreg_inc<240>();
    const int warp = threadIdx.x / 32 - 4;  // of the consumers: 16 rows of the tile each
    float* const staging =
        reinterpret_cast<float*>(stages + Tile::kStages * Tile::kStageBytes) + warp * Tile::kStoreFloats;
    for (int64_t index = blockIdx.x; index < tiles; index += gridDim.x) {
      const TilePlace tile = find_tile<Tile>(p, index, tiles_of_product);
      float sums[Tile::kSums];
      multiply_stages<Tile>(sums, at, stages, full, empty, warpgroup - 1, k);
      GemmProblem product = p;
      select_product(product, index / tiles_of_product);
      store_sums<Tile>(sums, staging, product, tile.row + 16 * warp, tile.column, m, n);
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

// The width with which the last multiprocessor is done first. A narrow tile reads 4/3 as much for each product, and a
// third of it more from shared memory: an estimate of 0.8 of the wide one's rate.
bool choose_wide(const GemmProblem& p) {
  constexpr double kNarrowRate = 0.8;
  const int64_t products = p.batch * p.groups, rows = divide_up(p.m, 128), processors = multiprocessors();
  const auto rounds = [&](int width) { return divide_up(products * rows * divide_up(p.n, width), processors); };
  return static_cast<double>(rounds(256)) * 2 <= static_cast<double>(rounds(128)) / kNarrowRate;
}

template <TensorType kType>
void run(cudaStream_t stream, const GemmProblem& p, void* workspace, GemmTile tile) {
  constexpr int kBytes = kType == TensorType::TF32 ? 4 : 2;
  char* free = static_cast<char*>(workspace);
  const OperandView a = readable(stream, view_a(p), kBytes, free), b = readable(stream, view_b(p), kBytes, free);
  const bool wide = tile == GemmTile::AUTO ? choose_wide(p) : tile == GemmTile::LARGE;
  if (wide) return run<HopperTile<kType, 256>>(stream, p, a, b);
  run<HopperTile<kType, 128>>(stream, p, a, b);
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
