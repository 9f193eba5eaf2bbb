// Counted by gcov: see coverage.cmake.
#include "harness.hpp"

using namespace test;

namespace {

__global__ void counted(int* x) {
  __shared__ int shared[96];
  shared[threadIdx.x] = 1;  // count 384
  __syncthreads();
  if (threadIdx.x < 32) {
    int v = __shfl_xor_sync(0xffffffffu, shared[threadIdx.x], 1);  // count 128
    x[blockIdx.x * 32 + threadIdx.x] = v;                          // count 128
  }
  __syncthreads();
  if (threadIdx.x == 95) {
    x[blockIdx.x * 32] += 4;  // count 4
  }
}

TEST(run_it) {
  Array<int> x(128);
  EXPECT_OK(run(counted, 4, 96, 0, x.get()));
  EXPECT(x.read()[0] == 5);
}

}  // namespace
