// Forward convolution and gradient to the input of float32 tensors with channels outside, inputs rounded to TF32 or
// BF16, float sums: the sums of conv2d_hopper.cuh. Source and weights are packed (gemm_pack.cu) into the workspace
// first, by pixels and by taps; all phases of a strided gradient share these copies.
#include "check.hpp"
#include "conv2d_hopper.cuh"
#include "gemm_pack.hpp"
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

// What the passes are to the copy engine. `source` and `weights` are packed.
struct Operands {
  OperandView source, weights;
  void* parts;  // of sums
};

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

std::vector<HopperProduct> products(const std::vector<ConvGather>& phases, ConvMath math, int64_t samples) {
  return products_of(phases, packed_element(math), samples, TileStore::FLOATS);
}

template <TensorType kType>
void run_type(cudaStream_t stream, const std::vector<ConvGather>& phases, const Operands& o, const HopperPlan& plan,
              const std::vector<HopperProduct>& products) {
  with_tile<kType>(plan, half_chunks(phases, o.source.bytes), [&](auto tag) {
    using Tile = typename decltype(tag)::Tile;
    const std::vector<PlanarResult> results(phases.begin(), phases.end());
    const Phases<PlanarResult> work = work_of<Tile>(plan, products, results, o.source, o.parts);
    const int rows = own_rows<Tile>(shared_operand<Tile>(work.of[0].grid));
    run_work<Tile>(stream, tensor_operand(o.weights, rows, Tile::kChunkBytes), work);
  });
}

// One launch, of `samples` samples from `first` on.
void run_math(cudaStream_t stream, ConvMath math, std::vector<ConvGather> phases, const Operands& o, int64_t first,
              int samples, const HopperPlan& wanted) {
  for (ConvGather& g : phases) {
    g.samples = samples;
    g.out += first * g.out_sample;
  }
  const std::vector<HopperProduct> of_phases = products(phases, math, samples);
  const HopperPlan plan = complete_plan(wanted, of_phases);
  if (math == ConvMath::TF32) return run_type<TensorType::TF32>(stream, phases, o, plan, of_phases);
  run_type<TensorType::BF16>(stream, phases, o, plan, of_phases);
}

// Bytes of the packed copies for a pass, whose sums are like `g`.
uint64_t copies_bytes(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const ConvGather& g) {
  const int bytes = packed_element(math);
  return packed_bytes(view_weights(g, nullptr, s.taps), bytes) +
         packed_bytes(view_source(g, samples_of_product(d, s)), bytes);
}

// Packs w once and the source product by product, and calls body(operands, first sample, samples) for each product.
template <class Body>
void for_products(cudaStream_t stream, const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const ConvGather& g,
                  const float* w, void* workspace, Body&& body) {
  const int bytes = packed_element(math);
  const OperandView weights = view_weights(g, w, s.taps);
  char* const parts = static_cast<char*>(workspace) + copies_bytes(d, s, math, g);
  Operands o{{}, packed_view(weights, bytes, workspace), parts};
  gemm_pack(stream, weights, o.weights);
  char* const rest = static_cast<char*>(workspace) + packed_bytes(weights, bytes);
  const int64_t most = samples_of_product(d, s);
  for (int64_t first = 0; first < d.batch; first += most) {
    const int64_t samples = std::min(most, d.batch - first);
    OperandView source = view_source(g, samples);
    source.data = g.source + first * g.source_sample;
    o.source = packed_view(source, bytes, rest);
    gemm_pack(stream, source, o.source);
    body(o, first, static_cast<int>(samples));
  }
}

// Bytes of the parts of the launches, one after the other.
uint64_t parts_bytes(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const HopperPlan& plan,
                     const std::vector<std::vector<ConvGather>>& launches) {
  uint64_t bytes = 0;
  for (const auto& phases : launches) {
    bytes = std::max(bytes, part_bytes(plan, products(phases, math, samples_of_product(d, s))));
  }
  return bytes;
}

}  // namespace

uint64_t conv2d_hopper_forward_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, nullptr, nullptr, nullptr, nullptr);
  return copies_bytes(d, s, math, g) + parts_bytes(d, s, math, plan, launches_of({g}, packed_element(math)));
}

uint64_t conv2d_hopper_grad_input_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const auto launches = launches_of(phases_of(d, s, nullptr, nullptr, nullptr), packed_element(math));
  return copies_bytes(d, s, math, grad_input_gather(d, s, 0, 0, nullptr, nullptr, nullptr)) +
         parts_bytes(d, s, math, plan, launches);
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, x, w, bias, y);
  const auto launches = launches_of({on_view(g)}, packed_element(math));
  for_products(stream, d, s, math, g, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    run_math(stream, math, launches.front(), o, first, samples, plan);
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
  for_products(stream, d, s, math, any, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    for (const auto& launch : launches) run_math(stream, math, launch, o, first, samples, plan);
  });
}

}  // namespace azj::cuda
