// Sums of taps on wgmma of float32 tensors with channels outside, inputs rounded to TF32 or BF16. Source and weights are
// packed (gemm_pack.cu) into the workspace first, by pixels and by taps, channels next to each other.
#pragma once

#include <functional>

#include "conv2d_hopper.hpp"

namespace azj::cuda {

// What the passes are to the copy engine. `source` and `weights` are packed.
struct PackedOperands {
  OperandView source, weights;
  void* parts;  // of sums
};

int packed_element(ConvMath math);  // its bytes

// The sums of a launch as products, whose results are float32.
std::vector<HopperProduct> packed_products(const std::vector<ConvGather>& phases, ConvMath math, int64_t samples);

// Bytes of the packed copies for a pass whose sums are like `gather`.
uint64_t packed_operands_bytes(const azj_conv2d_desc& desc, const ConvSize& size, ConvMath math,
                               const ConvGather& gather);

// Packs w once and the source product by product, and calls body(operands, first sample, samples) for each product.
using ProductBody = std::function<void(const PackedOperands& operands, int64_t first, int samples)>;
void for_packed_products(cudaStream_t stream, const azj_conv2d_desc& desc, const ConvSize& size, ConvMath math,
                         const ConvGather& gather, const float* w, void* workspace, const ProductBody& body);

}  // namespace azj::cuda
