// The launch of sums of taps on packed operands.
#pragma once

#include "conv2d_hopper.cuh"
#include "conv2d_hopper_packed.hpp"

namespace azj::cuda {

template <TensorType kType, class Result>
void run_packed_type(cudaStream_t stream, const std::vector<Result>& results,
                     const std::vector<HopperProduct>& products, const PackedOperands& o, const HopperPlan& plan) {
  std::vector<ConvGather> phases;
  for (const Result& result : results) phases.push_back(result.g);
  with_tile<kType>(plan, half_chunks(phases, o.source.bytes), [&](auto tag) {
    using Tile = typename decltype(tag)::Tile;
    const Phases<Result> work = work_of<Tile>(plan, products, results, o.source, o.parts);
    const int rows = own_rows<Tile>(shared_operand<Tile>(work.of[0].grid));
    run_work<Tile>(stream, tensor_operand(o.weights, rows, Tile::kChunkBytes), work);
  });
}

// The plan is complete.
template <class Result>
void run_packed(cudaStream_t stream, ConvMath math, const std::vector<Result>& results,
                const std::vector<HopperProduct>& products, const PackedOperands& o, const HopperPlan& plan) {
  if (math == ConvMath::TF32) return run_packed_type<TensorType::TF32>(stream, results, products, o, plan);
  run_packed_type<TensorType::BF16>(stream, results, products, o, plan);
}

}  // namespace azj::cuda
