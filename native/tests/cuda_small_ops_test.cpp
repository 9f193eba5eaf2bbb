// The CUDA launchers that are neither matrix products nor convolve, against plain loops. Linked with src/cuda
// compiled by nvcc it runs on a GPU, with src/cuda compiled for the host on the emulation.
#include "cuda_small_ops.hpp"

#include "device_array.hpp"

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const struct {
    const char* name;
    void (*run)(cudaStream_t);
  } parts[] = {{"elements", test_elements}, {"optimizers", test_optimizers}, {"rows", test_rows},
               {"pool2d", test_pool2d},     {"conv2d_pool", test_conv2d_pool}, {"random", test_random},
               {"gather", test_gather}};
  for (const auto& part : parts) {
    const int before = failures;
    part.run(stream);
    std::printf("%-11s %s\n", part.name, failures == before ? "passed" : "FAILED");
  }
  CUDA(cudaStreamDestroy(stream));
  return finish("CUDA launchers");
}
