// The CUDA launchers on BF16 with channels last that neither multiply nor convolve, against plain loops. Linked with
// src/cuda compiled by nvcc it runs on a GPU, with src/cuda compiled for the host on the emulation.
#include "cuda_bf16_small.hpp"

#include "device_array.hpp"

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  test_bf16_pack(stream);
  test_bf16_activation(stream);
  test_bf16_pool2d(stream);
  CUDA(cudaStreamDestroy(stream));
  test_bf16_stream();
  return finish("CUDA launchers on BF16");
}
