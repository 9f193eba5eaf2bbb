// The launchers of the GEMM ladder, the convolutions and the dense layer, called as the CUDA backend calls them, against
// sums in double: every rung and algorithm, odd sizes, poisoned outputs, guarded on both sides. Products on tensor cores
// are compared with exact sums of rounded inputs, so that a wrong rounding or a wrong fragment shows.
#include "cuda_gemm_conv.hpp"

int main() {
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  test_gemm_ladder(stream);
  test_gemm_limits(stream);
  test_im2col(stream);
  test_conv2d(stream);
  test_conv2d_large(stream);
  test_conv2d_depthwise(stream);
  test_conv2d_few_channels(stream);
  test_conv2d_winograd(stream);
  test_conv2d_pointwise(stream);
  test_conv2d_contract(stream);
  test_dense(stream);
  CUDA(cudaStreamDestroy(stream));
  return finish("cuda_gemm_conv");
}
