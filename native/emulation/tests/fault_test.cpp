// Kernels that are wrong, one for each thing the emulation watches. What a GPU would hide, hang on or corrupt has to
// become an error that names kernel, block, thread and cause; afterwards the device is lost, and others are not.
#include "faults.hpp"

using namespace test;

namespace {

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
  expect_fault(cudaErrorLaunchFailure,
               {"divergent barrier", "half_at_barrier", "block (0,0,0)", "16 of the block's 32"}, half_at_barrier, 1,
               32, 0, x.get());
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

__global__ void two_masks(int* x) { x[threadIdx.x] = __shfl_sync(threadIdx.x < 16 ? 0xffffffffu : 0x7fffffffu, 1, 1); }

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
  expect_fault(failure, {"missing_lane", "lane 5, which the mask names, has returned"}, missing_lane, 1, 32, 0,
               a.get());
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

// ---- pointers, and what the processor itself objects to

__global__ void store(float* x) { *x = 1; }
__global__ void divide(int* x, int by) { x[threadIdx.x] = x[threadIdx.x] / by; }
__global__ void traps() { __trap(); }

TEST(pointers_that_are_not_the_devices) {
  float host = 0;
  expect_fault(cudaErrorIllegalAddress, {"kernel", "store", "number 1", "no memory of a device"}, store, 1, 1, 0,
               &host);
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
  expect_fault(cudaErrorMisalignedAddress, {"follow", "misaligned or impossible address"}, follow, 1, 1, 0,
               impossible.get());
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
