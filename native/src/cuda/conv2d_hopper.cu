// Forward convolution and gradient to the input of float32 tensors with channels outside, inputs rounded to TF32 or
// BF16, float sums: the sums of conv2d_hopper.cuh. Source and weights are packed (gemm_pack.cu) into the workspace
// first, by pixels and by taps; all phases of a strided gradient share these copies.
#include "check.hpp"
#include "conv2d_hopper.cuh"
#include "gemm_pack.hpp"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// Channels outside, as float32: where the elements of the result are.
struct PlanarResult {
  static constexpr WeightOrder kOrder = WeightOrder::TAPS;
  ConvGather g;

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

 private:
  __device__ GatherOutput output(int group) const { return {g, g.out + int64_t{group} * g.rows * g.out_plane}; }
};

// What the passes are to the copy engine. `source` and `weights` are packed.
struct Operands {
  OperandView source, weights;
  void* parts;  // of sums
};

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

HopperProduct product(const ConvGather& g, ConvMath math, int64_t samples) {
  return product_of(g, packed_element(math), samples, TileStore::FLOATS);
}

template <TensorType kType>
void run_type(cudaStream_t stream, const ConvGather& g, const Operands& o, const HopperPlan& plan,
              const HopperProduct& product) {
  with_tile<kType>(plan, half_chunks(g, o.source.bytes), [&](auto tag) {
    using Tile = typename decltype(tag)::Tile;
    const SplitGrid grid = split_grid<Tile>(plan, product, o.parts);
    const PlanarResult result{g};
    const Shared shared = shared_operand<Tile>(grid);
    const TensorOperand weights = tensor_operand(o.weights, own_rows<Tile>(shared), Tile::kChunkBytes);
    const CUtensorMap map = pixel_map(first_pixels(g, o.source), own_pixels<Tile>(shared), Tile::kChunkBytes);
    launch_pieces<Tile>(conv2d_hopper_kernel<Tile, PlanarResult>, grid, stream, weights, map, result, grid);
    if (grid.parts != nullptr) add_slices<Tile>(stream, grid, result);
  });
}

void run_math(cudaStream_t stream, ConvMath math, const ConvGather& gather, const Operands& o,
              const HopperPlan& wanted) {
  const ConvGather g = forwards(on_view(gather));
  const HopperProduct p = product(g, math, g.samples);
  const HopperPlan plan = complete_plan(wanted, p);
  if (math == ConvMath::TF32) return run_type<TensorType::TF32>(stream, g, o, plan, p);
  run_type<TensorType::BF16>(stream, g, o, plan, p);
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

// The samples first .. first + samples - 1 of a sum.
ConvGather part_of(ConvGather g, int64_t first, int samples) {
  g.samples = samples;
  g.out += first * g.out_sample;
  return g;
}

}  // namespace

uint64_t conv2d_hopper_forward_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, nullptr, nullptr, nullptr, nullptr);
  return copies_bytes(d, s, math, g) + part_bytes(plan, product(g, math, samples_of_product(d, s)));
}

uint64_t conv2d_hopper_grad_input_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  const ConvSize s(d);
  const int64_t samples = samples_of_product(d, s);
  uint64_t parts = 0;  // of the phases, one after the other
  for (const ConvGather& g : phases_of(d, s, nullptr, nullptr, nullptr)) {
    parts = std::max(parts, part_bytes(plan, product(g, math, samples)));
  }
  return copies_bytes(d, s, math, grad_input_gather(d, s, 0, 0, nullptr, nullptr, nullptr)) + parts;
}

void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x, const float* w,
                           const float* bias, float* y, void* workspace, const HopperPlan& plan) {
  const ConvSize s(d);
  const ConvGather g = forward_gather(d, s, x, w, bias, y);
  for_products(stream, d, s, math, g, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    run_math(stream, math, part_of(g, first, samples), o, plan);
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
  for_products(stream, d, s, math, any, w, workspace, [&](const Operands& o, int64_t first, int samples) {
    for (const ConvGather& phase : phases) run_math(stream, math, part_of(phase, first, samples), o, plan);
  });
}

}  // namespace azj::cuda
