// Faults that AddressSanitizer ends the process with, one for each argument; ctest looks for its report.
#include <cstdlib>

#include "harness.hpp"

using namespace test;

namespace {

__global__ void write_at(float* x, long long i) { x[i + threadIdx.x] = 1; }

struct Hidden {
  const float* pointer;
};
__global__ void read_hidden(Hidden h, float* y) { *y = *h.pointer; }

__global__ void past_local(float* y, int n) {
  float local[8];
  for (int i = 0; i < 8; ++i) local[i] = static_cast<float>(i);
  __syncthreads();
  y[threadIdx.x] = local[n];
}

__global__ void past_dynamic(float* y) {
  azj::cuda::dynamic_shared<float>()[threadIdx.x] = 1;
  y[threadIdx.x] = 1;
}

TEST(a_fault) {
  const char* asked = std::getenv("FAULT");
  std::string kind = asked != nullptr ? asked : "";
  float *x = nullptr, *y = nullptr;
  EXPECT_OK(cudaMalloc(&x, 400));
  EXPECT_OK(cudaMalloc(&y, 400));
  if (kind == "past_the_end") EXPECT_OK(run(write_at, 1, 32, 0, x, 70ll));
  if (kind == "before_the_beginning") EXPECT_OK(run(write_at, 1, 32, 0, x, -1ll));
  if (kind == "freed") {
    EXPECT_OK(cudaFree(x));
    EXPECT_OK(run(read_hidden, 1, 1, 0, Hidden{x}, y));
  }
  if (kind == "past_a_local_array") EXPECT_OK(run(past_local, 1, 32, 0, y, 9));
  if (kind == "past_dynamic_shared_memory") EXPECT_OK(run(past_dynamic, 1, 64, 128, y));
}

}  // namespace
