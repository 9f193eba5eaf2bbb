// The implicit-GEMM convolutions on the tensor cores: conv2d_implicit_gemm.cu with the products of GEMM rungs 6 and 7.
// Rows of the weights and pixels of the gradient are contiguous along k, pixels of the gathered source are not; the
// shared tiles lie accordingly.
#include "conv2d_implicit.cuh"
#include "conv2d_implicit_weights.cuh"
#include "tile_mma.cuh"

namespace azj::cuda {

namespace {

template <class Forward, class Transposed>
void gather_tile(cudaStream_t stream, const ConvGather& g, bool transposed) {
  if (transposed) return launch_gather<Transposed, true>(stream, g);
  launch_gather<Forward, false>(stream, g);
}

template <TensorType kType>
void gather(cudaStream_t stream, const ConvGather& g, bool transposed, bool large) {
  if (large) {
    return gather_tile<LargeMmaTile<kType, true, false>, LargeMmaTile<kType, false, false>>(stream, g, transposed);
  }
  gather_tile<MediumMmaTile<kType, true, false>, MediumMmaTile<kType, false, false>>(stream, g, transposed);
}

template <TensorType kType>
void grad_weights(cudaStream_t stream, const ConvWeights& c, bool large) {
  if (large) return launch_grad_weights<LargeMmaTile<kType, true, true>>(stream, c);
  launch_grad_weights<MediumMmaTile<kType, true, true>>(stream, c);
}

}  // namespace

void gather_tensor(cudaStream_t stream, ConvMath math, const ConvGather& g, bool transposed, GemmTile tile) {
  if (tile == GemmTile::AUTO) tile = choose_tile(g.rows, int64_t{g.samples} * g.pixels_h * g.pixels_w, g.groups, false);
  const bool large = tile == GemmTile::LARGE;
  if (math == ConvMath::TF32) return gather<TensorType::TF32>(stream, g, transposed, large);
  gather<TensorType::BF16>(stream, g, transposed, large);
}

void grad_weights_tensor(cudaStream_t stream, ConvMath math, const ConvWeights& c, GemmTile tile) {
  const bool large = tile == GemmTile::LARGE;
  if (math == ConvMath::TF32) return grad_weights<TensorType::TF32>(stream, c, large);
  grad_weights<TensorType::BF16>(stream, c, large);
}

}  // namespace azj::cuda
