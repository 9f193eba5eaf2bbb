// Gradient to the weights by Winograd: the adjoint of F(4x4, 3x3) or F(2x2, 3x3) in the filter
// (winograd.cuh),
//   dw = G^T [ sum over tiles (A dz A^T) . (B^T x B) ] G,
// 36 or 16 products for each tile and pair of channel and filter, summed over all tiles in the transformed domain:
//   V[point][channel][tile] = B^T x B,  Z[point][filter][tile] = A dz A^T
//   dU[point] = Z[point] V[point]^T                    products of GEMM rung 5, the sums over tiles cut into slices
//   dw = G^T (dU of all slices, in their order) G
//
// V, Z and dU lie in the workspace, for a part of the batch at a time; the next part's products are added to dU.
#include "conv2d_winograd.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kStagedBytes = int64_t{512} << 20;  // of V and Z, unless one sample needs more
constexpr int64_t kMinSlice = 128;                    // tiles: shorter slices cost more to add than they gain
constexpr int64_t kSliceStep = 16;                    // tiles: whole steps of GEMM, whole words of 16 bytes
constexpr int kLargestTile = 128;                     // of GEMM, rows and columns

template <class F>
struct Plan {
  explicit Plan(const WinogradProblem& p) {
    const int64_t of_sample = divide_up(p.out_h, F::kOut) * divide_up(p.out_w, F::kOut);
    const int64_t floats = F::kPoints * (int64_t{p.channels} + p.filters) * of_sample;
    samples = kStagedBytes / (floats * int64_t{sizeof(float)});
    if (samples < 1) samples = 1;
    if (samples > p.samples) samples = p.samples;
    const int64_t tiles = samples * of_sample;
    const int64_t blocks = F::kPoints * divide_up(p.filters, kLargestTile) * divide_up(p.channels, kLargestTile);
    slices = divide_up(2 * multiprocessors(), blocks);
    if (slices > divide_up(tiles, kMinSlice)) slices = divide_up(tiles, kMinSlice);
    most_tiles = tiles + slices * kSliceStep;
    weights = int64_t{p.filters} * p.channels;
  }

  int64_t row(int64_t tiles) const { return slices * slice(tiles); }
  int64_t slice(int64_t tiles) const { return divide_up(divide_up(tiles, slices), kSliceStep) * kSliceStep; }

  int64_t samples;     // of a part of the batch
  int64_t slices;      // of its tiles
  int64_t most_tiles;  // of a row of V and Z, so that a batch's workspace serves every smaller one
  int64_t weights;     // of a point
};

// grid (tiles, filters): a thread transforms one tile of one filter's dz, p.x. z_row: floats of a filter of a point.
template <class F>
__global__ __launch_bounds__(kWinogradThreads) void gradients_kernel(const __grid_constant__ WinogradProblem p,
                                                                    const __grid_constant__ WinogradTiles tiles,
                                                                    const float* grad_z, int64_t z_row, float* z) {
  const int index = static_cast<int>(blockIdx.x * kWinogradThreads + threadIdx.x);
  if (index >= z_row) return;
  const bool inside = index < tiles.count;
  const WinogradTile tile(tiles, inside ? index : 0);
  const PlaneWindow<F::kOut> window(tile.row, tile.column, inside ? p.out_h : 0, p.out_w);
  const int64_t plane = int64_t{p.out_h} * p.out_w, z_point = p.filters * z_row;
  for (int filter = blockIdx.y; filter < p.filters; filter += gridDim.y) {
    const float* const from = grad_z + (tile.sample * p.filters + filter) * plane;
    float* const to = z + filter * z_row + index;
    winograd_both_sides<typename F::OutputAdjoint>(
        [&](int i, int j) { return window.load(from, i, j); },
        [&](int i, int j, float value) { to[(i * F::kIn + j) * z_point] = value; });
  }
}

// A thread one pair of filter and channel: parts[slice][point][pair].
template <class F>
__global__ __launch_bounds__(kWinogradThreads) void weights_kernel(const float* parts, int slices, int64_t weights,
                                                                  float* grad_w) {
  const int64_t pair = int64_t{blockIdx.x} * kWinogradThreads + threadIdx.x;
  if (pair >= weights) return;
  winograd_both_sides<typename F::FilterAdjoint>(
      [&](int i, int j) {
        const float* from = parts + (i * F::kIn + j) * weights + pair;
        float sum = 0;
        for (int slice = 0; slice < slices; ++slice) sum += from[slice * F::kPoints * weights];
        return sum;
      },
      [&](int r, int s, float value) {
        grad_w[pair * (kWinogradTaps * kWinogradTaps) + r * kWinogradTaps + s] = value;
      });
}

template <class F>
uint64_t workspace_bytes(const WinogradProblem& p) {
  const Plan<F> plan(p);
  const int64_t of_tile = int64_t{p.channels} + p.filters;
  const int64_t floats = F::kPoints * (plan.most_tiles * of_tile + plan.slices * plan.weights);
  return static_cast<uint64_t>(floats) * sizeof(float);
}

template <class F>
void run(cudaStream_t stream, const WinogradProblem& all, const float* x, const float* grad_z, float* grad_w,
         float* v) {
  const Plan<F> plan(all);
  float* const z = v + F::kPoints * all.channels * plan.most_tiles;
  float* const parts = z + F::kPoints * all.filters * plan.most_tiles;
  for (int64_t first = 0; first < all.samples; first += plan.samples) {
    WinogradProblem p = all;
    p.samples = all.samples - first < plan.samples ? all.samples - first : plan.samples;
    p.x = x + first * p.channels * p.height * p.width;
    const WinogradTiles tiles(F::kOut, p.samples, p.out_h, p.out_w);
    const int64_t row = plan.row(tiles.count), slice = plan.slice(tiles.count);
    winograd_transform_inputs<F>(stream, p, tiles, row, v);
    launch(gradients_kernel<F>, winograd_grid(row, p.filters), dim3(kWinogradThreads), 0, stream, p, tiles,
           grad_z + first * p.filters * p.out_h * p.out_w, row, z);
    GemmProblem g;
    g.m = p.filters;
    g.n = p.channels;
    g.k = slice;
    g.batch = F::kPoints;
    g.groups = plan.slices;
    g.a = GemmMatrix{z, row, 1, p.filters * row, slice};
    g.b = GemmMatrix{v, 1, row, p.channels * row, slice};
    g.c = parts;
    g.ldc = p.channels;
    g.c_batch_stride = plan.weights;
    g.c_group_stride = F::kPoints * plan.weights;
    g.epilogue.beta = first == 0 ? 0.0f : 1.0f;
    gemm(stream, GemmRung::REGISTER, g);
  }
  launch(weights_kernel<F>, dim3(static_cast<unsigned>(divide_up(plan.weights, kWinogradThreads))),
         dim3(kWinogradThreads), 0, stream, parts, static_cast<int>(plan.slices), plan.weights, grad_w);
}

}  // namespace

uint64_t winograd_grad_weights_workspace_bytes(const azj_conv2d_desc& d, WinogradSize size) {
  return with_winograd(size, [&](auto f) {
    return workspace_bytes<decltype(f)>(winograd_problem(d, AZJ_CONV_FORWARD));
  });
}

void conv2d_winograd_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, WinogradSize size, const float* x,
                                  const float* grad_z, float* grad_w, void* workspace) {
  with_winograd(size, [&](auto f) {
    run<decltype(f)>(stream, winograd_problem(d, AZJ_CONV_FORWARD), x, grad_z, grad_w, static_cast<float*>(workspace));
  });
}

}  // namespace azj::cuda
