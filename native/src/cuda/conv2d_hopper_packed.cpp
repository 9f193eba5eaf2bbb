#include "conv2d_hopper_packed.hpp"

#include <algorithm>

#include "gemm_pack.hpp"

namespace azj::cuda {

int packed_element(ConvMath math) { return math == ConvMath::TF32 ? 4 : 2; }

std::vector<HopperProduct> packed_products(const std::vector<ConvGather>& phases, ConvMath math, int64_t samples) {
  return products_of(phases, packed_element(math), samples, TileStore::FLOATS);
}

uint64_t packed_operands_bytes(const azj_conv2d_desc& d, const ConvSize& s, ConvMath math, const ConvGather& g) {
  const int bytes = packed_element(math);
  return packed_bytes(view_weights(g, nullptr, s.taps), bytes) +
         packed_bytes(view_source(g, samples_of_product(d, s)), bytes);
}

void for_packed_products(cudaStream_t stream, const azj_conv2d_desc& d, const ConvSize& s, ConvMath math,
                         const ConvGather& g, const float* w, void* workspace, const ProductBody& body) {
  const int bytes = packed_element(math);
  const OperandView weights = view_weights(g, w, s.taps);
  char* const parts = static_cast<char*>(workspace) + packed_operands_bytes(d, s, math, g);
  PackedOperands o{{}, packed_view(weights, bytes, workspace), parts};
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

}  // namespace azj::cuda
