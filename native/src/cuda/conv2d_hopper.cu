// Forward convolution and gradient to the input of float32 tensors with channels outside, inputs rounded to TF32 or
// BF16, float sums: the sums of conv2d_hopper.cuh on the copies of conv2d_hopper_packed.cuh, which all phases of a
// strided gradient share.
#include "check.hpp"
#include "conv2d_hopper_packed.cuh"
#include "hopper_store.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// Channels outside, as float32: where the elements of the result are.
struct PlanarResult {
  static constexpr WeightOrder kOrder = WeightOrder::TAPS;
  static constexpr int kRows = 1;

  PlanarResult() = default;
  explicit PlanarResult(const ConvGather& gather) : g(gather) {}

  __device__ float* column(int group, int j) const { return output(group).column(j); }
  __device__ int64_t row_stride() const { return g.out_plane; }
  __device__ GemmEpilogue epilogue(int group) const {
    GemmEpilogue epilogue = g.epilogue;
    epilogue.bias += group * epilogue.bias_group_stride;
    return epilogue;
  }

  template <class Tile>
  __device__ __forceinline__ void store(const float (&sums)[Tile::kSums], float* staging, const SplitTile& tile,
                                        int warp) const {
    store_sums<Tile>(sums, staging, output(tile.product), epilogue(tile.product), tile.row + Tile::warp_row(warp),
                     tile.column, g.rows, g.samples * g.pixels_h * g.pixels_w);
  }

  template <int kBlockM, int kBlockN>
  __device__ __forceinline__ void add_slices(const SplitGrid& grid, int64_t patch) const {
    add_patch<kBlockM, kBlockN>(grid, *this, patch);
  }

  ConvGather g;

 private:
  __device__ GatherOutput output(int group) const { return {g, g.out + int64_t{group} * g.rows * g.out_plane}; }
};

// One launch, of `samples` samples from `first` on.
void run_launch(cudaStream_t stream, ConvMath math, std::vector<ConvGather> phases, const PackedOperands& o,
                int64_t first, int samples, const HopperPlan& wanted) {
  for (ConvGather& g : phases) {
    g.samples = samples;
    g.out += first * g.out_sample;
  }
  const std::vector<HopperProduct> products = packed_products(phases, math, samples);
  const std::vector<PlanarResult> results(phases.begin(), phases.end());
  run_packed(stream, math, results, products, o, complete_plan(wanted, products));
}

// Bytes of the parts of the launches, one after the other.
uint64_t parts_bytes(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const HopperPlan& plan,
                     const std::vector<std::vector<ConvGather>>& launches) {
  uint64_t bytes = 0;
  for (const auto& phases : launches) {
    bytes = std::max(bytes, part_bytes(plan, packed_products(phases, math, samples_of_product(d, s))));
  }
  return bytes;
}

}  // namespace

uint64_t conv2d_hopper_forward_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, nullptr, nullptr, nullptr, nullptr);
  return packed_operands_bytes(d, s, math, g) + parts_bytes(d, s, math, plan, launches_of({g}, packed_element(math)));
}

uint64_t conv2d_hopper_grad_input_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const auto launches = launches_of(phases_of(d, s, nullptr, nullptr, nullptr), packed_element(math));
  return packed_operands_bytes(d, s, math, grad_input_gather(d, s, 0, 0, nullptr, nullptr, nullptr)) +
         parts_bytes(d, s, math, plan, launches);
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, x, w, bias, y);
  const auto launches = launches_of({on_view(g)}, packed_element(math));
  for_packed_products(stream, d, s, math, g, w, workspace, [&](const PackedOperands& o, int64_t first, int samples) {
    run_launch(stream, math, launches.front(), o, first, samples, plan);
  });
}

void conv2d_hopper_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* grad_z,
                              const float* w, float* grad_x, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const std::vector<ConvGather> phases = phases_of(d, s, grad_z, w, grad_x);
  if (misses_pixels(d, phases)) {
    check(cudaMemsetAsync(grad_x, 0, static_cast<size_t>(d.batch * s.in_sample) * sizeof(float), stream),
          "cudaMemsetAsync");
  }
  const ConvGather any = grad_input_gather(d, s, 0, 0, grad_z, w, grad_x);
  const auto launches = launches_of(phases, packed_element(math));
  for_packed_products(stream, d, s, math, any, w, workspace, [&](const PackedOperands& o, int64_t first, int samples) {
    for (const auto& launch : launches) run_launch(stream, math, launch, o, first, samples, plan);
  });
}

}  // namespace azj::cuda
