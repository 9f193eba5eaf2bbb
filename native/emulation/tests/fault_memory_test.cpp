// Kernels that read what was not written, or access what is not theirs.
#include "faults.hpp"

using namespace test;
using azj::cuda::dynamic_shared;

namespace {

// ---- shared memory that was not written

// The compiler does not instrument accesses at constant indices: what they write counts, what they read is a NaN.
__global__ void constant_indices(const float* x, float* y) {
  __shared__ float first[4];
  __shared__ float never;
  if (threadIdx.x == 0) {
    first[0] = x[0];
    first[1] = 0;
    first[2] = x[2];
    first[3] = x[3];
  }
  __syncthreads();
  y[threadIdx.x] = first[threadIdx.x];
  if (threadIdx.x == 4) never = 1;
  if (threadIdx.x == 0) y[4] = never;
}

__global__ void fully_written(float* y) {
  __shared__ float tile[33];
  __shared__ unsigned char bytes[32];
  __shared__ double numbers[4];
  float* shared = dynamic_shared<float>();
  tile[threadIdx.x] = 1;
  bytes[threadIdx.x] = 2;
  shared[31 - threadIdx.x] = 3;
  if (threadIdx.x < 4) numbers[threadIdx.x] = 4;
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x ^ 1] + bytes[31 - threadIdx.x] + shared[threadIdx.x] +
                   static_cast<float>(numbers[threadIdx.x % 4]);
}

TEST(what_is_written_may_be_read) {
  Array<float> y(32);
  for (int i = 0; i < 3; ++i) EXPECT_OK(run(fully_written, 50, 32, 128, y.get()));
  for (float value : y.read()) EXPECT_CLOSE(value, 10, 0);
}

TEST(shared_variables_at_constant_indices) {
  Array<float> x(std::vector<float>{5, 6, 7, 8}), y(5);
  for (int i = 0; i < 3; ++i) EXPECT_OK(run(constant_indices, 9, 4, 0, x.get(), y.get()));
  auto actual = y.read();
  EXPECT(actual[0] == 5 && actual[1] == 0 && actual[2] == 7 && actual[3] == 8);
  EXPECT(std::isnan(actual[4]));
}

#ifdef AZJ_EMULATION_CHECKED

__global__ void forgotten_barrier(const float* x, float* y) {
  __shared__ float tile[64];
  tile[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = tile[63 - threadIdx.x];  // a __syncthreads() is missing
}

template <int kSize>
__global__ void reads_a_hole(float* y) {
  __shared__ float tile[kSize][kSize + 1];
  if (threadIdx.x < kSize) {
    for (int i = 0; i < kSize; ++i) tile[i][threadIdx.x] = 1;
  }
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x % kSize][threadIdx.x];  // thread kSize reads the padding
}

__global__ void dynamic_hole(float* y, int hole) {
  float* shared = dynamic_shared<float>();
  if (static_cast<int>(threadIdx.x) != hole) shared[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = shared[threadIdx.x];
}

__global__ void byte_hole(unsigned char* y) {
  __shared__ unsigned char bytes[64];
  if (threadIdx.x != 11) bytes[threadIdx.x] = 1;
  __syncthreads();
  y[threadIdx.x] = bytes[threadIdx.x];
}

// Shared memory does not last from one block to the next.
__global__ void left_by_the_last_block(float* y) {
  __shared__ float values[32];
  if (blockIdx.x == 0) values[threadIdx.x] = 3;
  y[blockIdx.x] = values[threadIdx.x];
}

TEST(reads_of_shared_memory_that_nothing_was_written_to) {
  const cudaError_t failure = cudaErrorLaunchFailure;
  Array<float> x(std::vector<float>(64, 1.0f)), y(64);
  expect_fault(failure,
               {"forgotten_barrier", "read of 4 bytes", "shared memory that was not written", "thread (0,0,0)",
                "offset 252 of 256 bytes of shared variable tile"},
               forgotten_barrier, 1, 64, 0, x.get(), y.get());
  Array<float> z(64);
  expect_fault(failure, {"reads_a_hole<16>", "thread (16,0,0)", "not written before"}, reads_a_hole<16>, 1, 17, 0,
               z.get());
  for (int hole : {0, 1, 6, 31}) {
    Array<float> w(32);
    std::string thread = "thread (" + std::to_string(hole) + ",0,0)";
    std::string offset = "offset " + std::to_string(hole * 4) + " of 128 bytes of dynamic shared memory";
    expect_fault(failure, {"dynamic_hole", thread.c_str(), offset.c_str()}, dynamic_hole, 1, 32, 128, w.get(), hole);
  }
  Array<unsigned char> b(64);
  expect_fault(failure, {"byte_hole", "read of 1 bytes", "thread (11,0,0)"}, byte_hole, 1, 64, 0, b.get());
  Array<float> v(8);
  expect_fault(failure, {"left_by_the_last_block", "not written before", "block (1,0,0)"}, left_by_the_last_block, 8, 1,
               0, v.get());
}

// ---- device memory

__global__ void write_at(float* x, long long i) { x[i] = 1; }
__global__ void read_at(const float* x, long long i, float* y) { *y = x[i]; }

struct Hidden {
  const float* pointer;
};
__global__ void read_hidden(Hidden h, float* y) { *y = *h.pointer; }

TEST(accesses_outside_of_an_allocation) {
  for (long long i : {100ll, 101ll, 163ll, 1000ll, 1200ll, -1ll, -60ll}) {
    Array<float> x(100);
    expect_fault(cudaErrorIllegalAddress, {"write_at", "write of 4 bytes", "device allocation of 400 bytes"}, write_at,
                 1, 1, 0, x.get(), i);
  }
  Array<float> x(100), y(1);
  expect_fault(cudaErrorIllegalAddress, {"read_at", "read of 4 bytes", "0 bytes past the end"}, read_at, 1, 1, 0,
               x.get(), 100ll, y.get());
  // The end of an allocation that is no multiple of 8 bytes, and an access that lies across it.
  void* odd = nullptr;
  EXPECT_OK(cudaMalloc(&odd, 1002));
  EXPECT_OK(run(write_at, 1, 1, 0, static_cast<float*>(odd), 249ll));
  expect_fault(cudaErrorIllegalAddress, {"write of 4 bytes"}, write_at, 1, 1, 0, static_cast<float*>(odd), 250ll);
}

TEST(uses_of_freed_memory) {
  float *x = nullptr, *y = nullptr;
  EXPECT_OK(cudaMalloc(&x, 4096));
  EXPECT_OK(cudaMalloc(&y, 4));
  EXPECT_OK(cudaFree(x));
  expect_fault(cudaErrorIllegalAddress, {"write_at", "number 1", "freed memory"}, write_at, 1, 1, 0, x, 0ll);
  EXPECT_OK(cudaMalloc(&x, 4096));
  EXPECT_OK(cudaMalloc(&y, 4));
  EXPECT_OK(cudaFree(x));
  // Inside of a structure the launch cannot see it; the access is noticed.
  expect_fault(cudaErrorIllegalAddress,
               {"read_hidden", "freed memory", "offset 0 of a freed device allocation of 4096"}, read_hidden, 1, 1, 0,
               Hidden{x}, y);
  EXPECT_OK(cudaMalloc(&x, 4096));
  cudaStream_t stream;
  EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  EXPECT_OK(cudaFreeAsync(x, stream));
  launch(write_at, 1, 1, 0, stream, x, 0ll);
  EXPECT_ERROR(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
  EXPECT_FAULT_SAYS("freed memory");
}

__global__ void misaligned(float4* x, int offset) {
  float4* p = reinterpret_cast<float4*>(reinterpret_cast<float*>(x) + offset);
  *p = make_float4(1, 2, 3, 4);
}

TEST(misaligned_vector_accesses) {
  Array<float> x(64);
  EXPECT_OK(run(misaligned, 1, 1, 0, reinterpret_cast<float4*>(x.get()), 4));
  expect_fault(cudaErrorMisalignedAddress, {"misaligned", "not aligned to 16 bytes"}, misaligned, 1, 1, 0,
               reinterpret_cast<float4*>(x.get()), 2);
}

__global__ void past_dynamic(float* y) {
  dynamic_shared<float>()[threadIdx.x] = 1;
  y[threadIdx.x] = 1;
}

TEST(accesses_past_dynamic_shared_memory) {
  Array<float> y(64);
  expect_fault(cudaErrorIllegalAddress, {"past_dynamic", "thread (32,0,0)", "offset 128 of 128"}, past_dynamic, 1, 64,
               128, y.get());
}

#endif  // AZJ_EMULATION_CHECKED

}  // namespace
