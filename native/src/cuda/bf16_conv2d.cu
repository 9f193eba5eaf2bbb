// Forward convolution and gradient to the input of BF16 tensors with channels last: the sums of conv2d_hopper.cuh. The
// copy engine reads source and weights as they lie; the weights of the gradient, whose rows are channels, along the
// rows. The result is rounded once, after bias and activation.
//
//   grid of zeros: a block walks over rows of the image, a thread over 8 channels of a pixel
//   grid of the sums of slices: a block for 16 channels x 64 pixels of a tile, then a thread for 8 channels of
//     a pixel
#include "bf16_store.cuh"
#include "conv2d_hopper.cuh"

namespace azj::cuda {

namespace {

constexpr int kBytes = sizeof(azj_bf16);
constexpr int kZeroThreads = 256;
constexpr int64_t kZeroBlocks = 65536;

// Channels last, in BF16: where the sums belong.
struct PixelResult {
  static constexpr WeightOrder kOrder = WeightOrder::FILTERS;
  static constexpr int kRows = 1;
  ConvGather g;
  azj_bf16* out;
  int pitch;

  __device__ azj_bf16* pixel(int j) const {
    const GatherPixel at(g, j);
    const int in_plane = g.first_pixel + at.u * g.out_step_h + at.v * g.out_step_w;
    return out + (int64_t{at.sample} * g.out_plane + in_plane) * pitch;
  }

  template <class Tile>
  __device__ __forceinline__ void store(const float (&sums)[Tile::kSums], float* staging, const SplitTile& tile,
                                        int warp) const {
    store_pixels<Tile>(sums, staging, *this, g.epilogue, tile.row + Tile::warp_row(warp), tile.column, g.rows,
                       g.samples * g.pixels_h * g.pixels_w);
  }

  template <int kBlockM, int kBlockN>
  __device__ __forceinline__ void add_slices(const SplitGrid& grid, int64_t index) const;
};

// As add_patch() does.
template <int kBlockM, int kBlockN>
__device__ __forceinline__ void PixelResult::add_slices(const SplitGrid& grid, int64_t index) const {
  static_assert(kPatchRows == 2 * kBf16Granule, "two threads write what a block has of a pixel: 32 bytes");
  __shared__ PatchSums sums;
  const Patch patch = find_patch<kBlockM, kBlockN>(grid, index);
  if (patch.first_row() >= grid.m || patch.first_column() >= grid.n) return;
  add_parts<kBlockM, kBlockN>(grid, patch, patch.columns * (kPatchColumns / 8) + threadIdx.x / 32, sums);
  const int j = threadIdx.x / 2, half = threadIdx.x % 2 * kBf16Granule, channel = patch.first_row() + half;
  if (channel >= grid.m || j >= kPatchColumns || patch.first_column() + j >= grid.n) return;
  Bf16Granule finished;
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) {
    finished.v[i] = finish_channel(g.epilogue, sums.at(half + i, j), channel + i, grid.m);
  }
  store_granule(pixel(patch.first_column() + j) + channel, finished);
}

// Bit h * stride_w + v of `met`: whether a tap meets the pixels of phase (h, v). The others become zeros.
struct MetPhases {
  int stride_h, stride_w;
  uint64_t met;
};

__global__ __launch_bounds__(kZeroThreads) void zero_pixels_kernel(const __grid_constant__ MetPhases phases,
                                                                  int64_t rows, int height, int width, Divisor granules,
                                                                  float4* x) {
  const int row_granules = width * static_cast<int>(granules.divisor);
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const int h = static_cast<int>(row % height) % phases.stride_h;
    for (int i = threadIdx.x; i < row_granules; i += kZeroThreads) {
      const int v = granules.quotient(i) % phases.stride_w;
      if ((phases.met >> (h * phases.stride_w + v) & 1) == 0) x[row * row_granules + i] = make_float4(0, 0, 0, 0);
    }
  }
}

void zero_pixels(cudaStream_t stream, const azj_conv2d_desc& d, azj_bf16* grad_x, const std::vector<ConvGather>& met) {
  MetPhases phases{static_cast<int>(d.stride_h), static_cast<int>(d.stride_w), 0};
  for (const ConvGather& g : met) {
    const int h = g.first_pixel / static_cast<int>(d.width), v = g.first_pixel % static_cast<int>(d.width);
    phases.met |= uint64_t{1} << (h * phases.stride_w + v);
  }
  const int64_t rows = d.batch * d.height;
  launch(zero_pixels_kernel, dim3(static_cast<unsigned>(std::min(rows, kZeroBlocks))), dim3(kZeroThreads), 0, stream,
         phases, rows, static_cast<int>(d.height), static_cast<int>(d.width),
         Divisor(bf16_pitch(d.channels) / kBf16Granule), reinterpret_cast<float4*>(grad_x));
}

std::vector<HopperProduct> products(const std::vector<ConvGather>& phases, int64_t samples) {
  return products_of(phases, kBytes, samples, TileStore::PIXELS);
}

// The sums of one launch, of all samples. kRowsOfA: the rows are the weights' channels.
template <bool kRowsOfA>
void run(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<ConvGather>& phases, const azj_bf16* source,
         const azj_bf16* w, azj_bf16* out, void* parts, const HopperPlan& wanted) {
  const ConvSize s(d);
  const int64_t pitch = bf16_pitch(d.channels);
  const OperandView weights{w, s.taps, d.channels, pitch, 1, d.filters, s.taps * pitch, 1, 0, kBytes};
  const ConvGather& any = phases.front();
  const int64_t plane = int64_t{any.source_h} * any.source_w, most = samples_of_product(d, s);
  for (int64_t first = 0; first < d.batch; first += most) {
    const int samples = static_cast<int>(std::min(most, d.batch - first));
    const OperandView pixels = view_pixels(source, any.channels, first, samples, plane);
    std::vector<PixelResult> results;
    for (ConvGather g : phases) {
      g.samples = samples;
      const int out_pitch = static_cast<int>(bf16_pitch(g.rows));
      results.push_back({g, out + first * g.out_plane * out_pitch, out_pitch});
    }
    const std::vector<HopperProduct> of_phases = products(phases, samples);
    const HopperPlan plan = complete_plan(wanted, of_phases);
    with_tile<TensorType::BF16, kRowsOfA>(plan, half_chunks(phases, kBytes), [&](auto tag) {
      using Tile = typename decltype(tag)::Tile;
      const Phases<PixelResult> work = work_of<Tile>(plan, of_phases, results, pixels, parts);
      const int rows = own_rows<Tile>(shared_operand<Tile>(work.of[0].grid));
      run_work<Tile>(stream,
                     kRowsOfA ? tensor_operand(weights, 1, Tile::kRowBytes, Tile::kChunkDepth)
                              : tensor_operand(weights, 1, Tile::kChunkBytes, rows),
                     work);
    });
  }
}

// Bytes of the parts of the launches, one after the other.
uint64_t parts_bytes(const azj_conv2d_desc& d, const std::vector<ConvGather>& phases, const HopperPlan& plan) {
  uint64_t bytes = 0;
  for (const auto& launch : launches_of(phases, kBytes)) {
    bytes = std::max(bytes, part_bytes(plan, products(launch, samples_of_product(d, ConvSize(d)))));
  }
  return bytes;
}

}  // namespace

uint64_t bf16_conv2d_forward_workspace_bytes(const azj_conv2d_desc& d, const HopperPlan& plan) {
  return parts_bytes(d, {forward_gather(d, ConvSize(d), nullptr, nullptr, nullptr, nullptr)}, plan);
}

uint64_t bf16_conv2d_grad_input_workspace_bytes(const azj_conv2d_desc& d, const HopperPlan& plan) {
  return parts_bytes(d, phases_of(d, ConvSize(d), nullptr, nullptr, nullptr), plan);
}

void bf16_conv2d_forward(cudaStream_t stream, const azj_conv2d_desc& d, const azj_bf16* x, const azj_bf16* w,
                         const float* bias, azj_bf16* y, void* workspace, const HopperPlan& plan) {
  const ConvGather g = forward_gather(d, ConvSize(d), nullptr, nullptr, bias, nullptr);
  run<false>(stream, d, launches_of({g}, kBytes).front(), x, w, y, workspace, plan);
}

void bf16_conv2d_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, const azj_bf16* grad_z, const azj_bf16* w,
                            azj_bf16* grad_x, void* workspace, const HopperPlan& plan) {
  const std::vector<ConvGather> phases = phases_of(d, ConvSize(d), nullptr, nullptr, nullptr);
  if (misses_pixels(d, phases)) zero_pixels(stream, d, grad_x, phases);
  for (const auto& launch : launches_of(phases, kBytes)) {
    run<true>(stream, d, launch, grad_z, w, grad_x, workspace, plan);
  }
}

}  // namespace azj::cuda
