// Kernels that are wrong, one for each thing the emulation watches. What a GPU would hide, hang on or corrupt has to become
// an error that names kernel, block, thread and cause; afterwards the device is lost, and others are not.
#include "harness.hpp"

using namespace test;
using azj::cuda::dynamic_shared;

namespace {

// Runs a faulty kernel and expects the device to be lost by `wanted`, with a text that has all the parts.
template <class... P, class... A>
void expect_fault(cudaError_t wanted, std::vector<const char*> parts, void (*kernel)(P...), dim3 grid, dim3 block,
                  size_t shared, A... args) {
  EXPECT_ERROR(run(kernel, grid, block, shared, args...), wanted);
  for (const char* part : parts) EXPECT_FAULT_SAYS(part);
  EXPECT_ERROR(cudaDeviceSynchronize(), wanted);
  azj_emulation_reset();
}

// ---- barriers

__global__ void half_at_barrier(float* x) {
  if (threadIdx.x < 16) __syncthreads();
  x[threadIdx.x] = 1;
}

__global__ void two_barriers(float* x) {
  if (threadIdx.x % 2 == 0) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  x[threadIdx.x] = 1;
}

__global__ void one_returns_in_a_loop(float* x) {
  for (int i = 0; i < 10; ++i) {
    if (i == 5 && threadIdx.x == 37 && blockIdx.x == 2) return;
    __syncthreads();
  }
  x[threadIdx.x] = 1;
}

TEST(divergent_barriers) {
  Array<float> x(64);
  expect_fault(cudaErrorLaunchFailure, {"divergent barrier", "half_at_barrier", "block (0,0,0)", "16 of the block's 32"},
               half_at_barrier, 1, 32, 0, x.get());
  Array<float> y(64);
  expect_fault(cudaErrorLaunchFailure, {"divergent barrier", "two_barriers", "thread (1,0,0)", "fault_test.cpp"},
               two_barriers, 1, 32, 0, y.get());
  Array<float> z(64);
  expect_fault(cudaErrorLaunchFailure, {"divergent barrier", "block (2,0,0)", "1 have returned", "(37,0,0)"},
               one_returns_in_a_loop, 4, 64, 0, z.get());
}

// ---- warps

__global__ void missing_lane(int* x) {
  if (threadIdx.x != 5) x[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0);
}

__global__ void mask_without_me(int* x) { x[threadIdx.x] = __shfl_sync(0x0000fffeu, 1, 1); }

__global__ void two_masks(int* x) {
  x[threadIdx.x] = __shfl_sync(threadIdx.x < 16 ? 0xffffffffu : 0x7fffffffu, 1, 1);
}

__global__ void reads_unnamed_lane(int* x) {
  if (threadIdx.x < 16) x[threadIdx.x] = __shfl_sync(0x0000ffffu, 1, 20);
}

__global__ void lane_waits_elsewhere(int* x) {
  if (threadIdx.x == 31) {
    __syncthreads();
  } else {
    x[threadIdx.x] = __any_sync(0xffffffffu, 1);
  }
}

TEST(warp_functions_that_not_every_named_lane_reaches) {
  const cudaError_t failure = cudaErrorLaunchFailure;
  Array<int> a(32);
  expect_fault(failure, {"missing_lane", "lane 5, which the mask names, has returned"}, missing_lane, 1, 32, 0, a.get());
  Array<int> b(32);
  expect_fault(failure, {"mask_without_me", "does not name the calling lane 0"}, mask_without_me, 1, 32, 0, b.get());
  Array<int> c(32);
  expect_fault(failure, {"two_masks", "divergent warp"}, two_masks, 1, 32, 0, c.get());
  Array<int> d(32);
  expect_fault(failure, {"reads_unnamed_lane", "reads from lane 20"}, reads_unnamed_lane, 1, 32, 0, d.get());
  Array<int> e(32);
  expect_fault(failure, {"lane_waits_elsewhere", "lane 31", "waits at __syncthreads"}, lane_waits_elsewhere, 1, 32, 0,
               e.get());
}

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
  y[threadIdx.x] = tile[threadIdx.x ^ 1] + bytes[31 - threadIdx.x] + shared[threadIdx.x] + static_cast<float>(numbers[threadIdx.x % 4]);
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
  expect_fault(failure, {"forgotten_barrier", "read of 4 bytes", "shared memory that was not written", "thread (0,0,0)",
                         "offset 252 of 256 bytes of shared variable tile"},
               forgotten_barrier, 1, 64, 0, x.get(), y.get());
  Array<float> z(64);
  expect_fault(failure, {"reads_a_hole<16>", "thread (16,0,0)", "not written before"}, reads_a_hole<16>, 1, 17, 0, z.get());
  for (int hole : {0, 1, 6, 31}) {
    Array<float> w(32);
    std::string thread = "thread (" + std::to_string(hole) + ",0,0)";
    std::string offset = "offset " + std::to_string(hole * 4) + " of 128 bytes of dynamic shared memory";
    expect_fault(failure, {"dynamic_hole", thread.c_str(), offset.c_str()}, dynamic_hole, 1, 32, 128, w.get(), hole);
  }
  Array<unsigned char> b(64);
  expect_fault(failure, {"byte_hole", "read of 1 bytes", "thread (11,0,0)"}, byte_hole, 1, 64, 0, b.get());
  Array<float> v(8);
  expect_fault(failure, {"left_by_the_last_block", "not written before", "block (1,0,0)"}, left_by_the_last_block, 8, 1, 0,
               v.get());
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
    expect_fault(cudaErrorIllegalAddress, {"write_at", "write of 4 bytes", "device allocation of 400 bytes"}, write_at, 1, 1,
                 0, x.get(), i);
  }
  Array<float> x(100), y(1);
  expect_fault(cudaErrorIllegalAddress, {"read_at", "read of 4 bytes", "0 bytes past the end"}, read_at, 1, 1, 0, x.get(),
               100ll, y.get());
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
  expect_fault(cudaErrorIllegalAddress, {"read_hidden", "freed memory", "offset 0 of a freed device allocation of 4096"},
               read_hidden, 1, 1, 0, Hidden{x}, y);
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
  expect_fault(cudaErrorIllegalAddress, {"past_dynamic", "thread (32,0,0)", "offset 128 of 128"}, past_dynamic, 1, 64, 128,
               y.get());
}

#endif  // AZJ_EMULATION_CHECKED

// ---- pointers, and what the processor itself objects to

__global__ void store(float* x) { *x = 1; }
__global__ void divide(int* x, int by) { x[threadIdx.x] = x[threadIdx.x] / by; }
__global__ void traps() { __trap(); }

TEST(pointers_that_are_not_the_devices) {
  float host = 0;
  expect_fault(cudaErrorIllegalAddress, {"kernel", "store", "number 1", "no memory of a device"}, store, 1, 1, 0, &host);
  EXPECT(host == 0);
  EXPECT_OK(cudaSetDevice(1));
  float* other = nullptr;
  EXPECT_OK(cudaMalloc(&other, 4));
  EXPECT_OK(cudaSetDevice(0));
  expect_fault(cudaErrorIllegalAddress, {"memory of device 1", "runs on device 0"}, store, 1, 1, 0, other);
  float* pinned = nullptr;
  EXPECT_OK(cudaMallocHost(&pinned, 4));
  EXPECT_OK(run(store, 1, 1, 0, pinned));
  EXPECT(*pinned == 1);
}

// kernel-address, of the checks here, defines the first as well.
#if !defined(__SANITIZE_ADDRESS__) || defined(AZJ_EMULATION_CHECKED)  // AddressSanitizer has its own handlers

__global__ void follow(float** x) { **x = 1; }

__attribute__((noinline)) int recurse(volatile int* x, int depth) {
  volatile int frame[256];
  frame[depth % 256] = depth;
  return depth > 1000000 ? frame[0] : recurse(x, depth + 1) + frame[depth % 256] + *x;
}
__global__ void overflow(int* x) { *x = recurse(x, 0); }

TEST(null_pointers_division_and_stack_overflow) {
  expect_fault(cudaErrorIllegalAddress, {"store", "access at (nil)"}, store, 1, 1, 0, static_cast<float*>(nullptr));
  Array<float*> impossible(std::vector<float*>{reinterpret_cast<float*>(0x5a5a5a5a5a5a5a58)});
  expect_fault(cudaErrorMisalignedAddress, {"follow", "misaligned or impossible address"}, follow, 1, 1, 0, impossible.get());
  Array<int> x(std::vector<int>(64, 1));
  expect_fault(cudaErrorLaunchFailure, {"divide", "division by zero"}, divide, 1, 64, 0, x.get(), 0);
  Array<int> y(std::vector<int>(1, 1));
  expect_fault(cudaErrorHardwareStackError, {"overflow", "stack overflow"}, overflow, 1, 1, 0, y.get());
}

#endif

TEST(a_trap) { expect_fault(cudaErrorLaunchFailure, {"traps", "__trap()"}, traps, 3, 32, 0); }

// ---- what follows a fault

__global__ void faulty_blocks(int* x) {
  if (blockIdx.x == 60 || blockIdx.x == 33 || blockIdx.x == 90) __trap();
  x[blockIdx.x] = 1;
}

TEST(the_first_faulty_block_is_the_one_reported) {
  for (int i = 0; i < 20; ++i) {
    Array<int> x(100);
    expect_fault(cudaErrorLaunchFailure, {"block (33,0,0)"}, faulty_blocks, 100, 8, 0, x.get());
  }
}

TEST(a_lost_device_says_so_and_others_work) {
  float* memory = nullptr;
  cudaStream_t stream;
  cudaEvent_t event;
  EXPECT_OK(cudaMalloc(&memory, 4096));
  EXPECT_OK(cudaStreamCreate(&stream));
  EXPECT_OK(cudaEventCreate(&event));
  EXPECT_ERROR(run(traps, 1, 1, 0), cudaErrorLaunchFailure);

  float value = 0;
  void* more = nullptr;
  size_t free_bytes = 0, total = 0;
  const cudaError_t lost = cudaErrorLaunchFailure;
  EXPECT_ERROR(cudaMalloc(&more, 16), lost);
  EXPECT_ERROR(cudaFree(memory), lost);
  EXPECT_ERROR(cudaMemcpy(&value, memory, 4, cudaMemcpyDeviceToHost), lost);
  EXPECT_ERROR(cudaMemsetAsync(memory, 0, 4, stream), lost);
  EXPECT_ERROR(cudaStreamSynchronize(stream), lost);
  EXPECT_ERROR(cudaEventRecord(event, stream), lost);
  EXPECT_ERROR(cudaEventSynchronize(event), lost);
  EXPECT_ERROR(cudaMemGetInfo(&free_bytes, &total), lost);
  EXPECT_ERROR(run(traps, 1, 1, 0), lost);
  EXPECT_ERROR(cudaGetLastError(), lost);
  EXPECT_ERROR(cudaGetLastError(), lost);  // never forgotten
  EXPECT(std::strstr(cudaGetErrorString(lost), "unspecified launch failure (kernel") != nullptr);

  EXPECT_OK(cudaSetDevice(1));
  EXPECT(std::string(cudaGetErrorString(lost)) == "unspecified launch failure");
  Array<int> x(32);
  EXPECT_OK(run(divide, 1, 32, 0, x.get(), 1));
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_ERROR(cudaMalloc(&more, 16), lost);

  azj_emulation_reset();
  EXPECT_OK(cudaMalloc(&more, 16));
  EXPECT_OK(cudaGetLastError());
}

}  // namespace
