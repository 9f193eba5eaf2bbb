// Allocation, copies, their directions and extents, pinned memory, pools.
#include "harness.hpp"

using namespace test;

namespace {

__global__ void fill(float* x, int n, float value) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] = value;
}

TEST(allocations_are_aligned_counted_and_limited) {
  size_t before = 0, after = 0, total = 0;
  EXPECT_OK(cudaMemGetInfo(&before, &total));
  EXPECT(before == total);
  void* pointers[20];
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_OK(cudaMalloc(&pointers[i], 1 + i * 777));
    EXPECT(reinterpret_cast<uintptr_t>(pointers[i]) % 256 == 0);
  }
  EXPECT_OK(cudaMemGetInfo(&after, &total));
  EXPECT(before - after == 20 + 777 * 190 && azj_emulation_live_bytes(0) == 20 + 777 * 190);
  for (void* pointer : pointers) EXPECT_OK(cudaFree(pointer));
  EXPECT_OK(cudaMemGetInfo(&after, &total));
  EXPECT(after == total && azj_emulation_live_bytes(0) == 0);

  void* pointer = &total;
  EXPECT_ERROR(cudaMalloc(&pointer, total + 1), cudaErrorMemoryAllocation);
  EXPECT(pointer == nullptr);
  EXPECT_FAULT_SAYS("bytes asked for");
  EXPECT_ERROR(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_OK(cudaGetLastError());
  EXPECT_OK(cudaMalloc(&pointer, 0));
  EXPECT(pointer == nullptr);
  EXPECT_OK(cudaFree(nullptr));
}

TEST(frees_that_are_wrong) {
  char* pointer = nullptr;
  float host = 0;
  EXPECT_OK(cudaMalloc(&pointer, 100));
  EXPECT_ERROR(cudaFree(pointer + 4), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaFree(&host), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaFreeHost(pointer), cudaErrorInvalidValue);
  EXPECT_OK(cudaFree(pointer));
  EXPECT_ERROR(cudaFree(pointer), cudaErrorInvalidValue);
  EXPECT_FAULT_SAYS("was freed before");
}

TEST(new_memory_is_not_zero) {
  Array<float> x(100);
  for (float value : x.read()) EXPECT(std::isnan(value));
}

TEST(copies_and_their_directions) {
  std::vector<float> host{1, 2, 3, 4}, back(4);
  Array<float> a(4), b(4);
  const size_t bytes = 16;
  EXPECT_OK(cudaMemcpy(a.get(), host.data(), bytes, cudaMemcpyHostToDevice));
  EXPECT_OK(cudaMemcpy(b.get(), a.get(), bytes, cudaMemcpyDeviceToDevice));
  EXPECT_OK(cudaMemcpy(back.data(), b.get(), bytes, cudaMemcpyDefault));
  EXPECT(back == host);
  EXPECT_OK(cudaMemcpy(back.data(), host.data(), 4, cudaMemcpyHostToHost));

  const cudaError_t direction = cudaErrorInvalidMemcpyDirection;
  EXPECT_ERROR(cudaMemcpy(host.data(), a.get(), bytes, cudaMemcpyHostToDevice), direction);
  EXPECT_FAULT_SAYS("host memory, which this direction does not allow");
  EXPECT_ERROR(cudaMemcpy(a.get(), host.data(), bytes, cudaMemcpyDeviceToHost), direction);
  EXPECT_ERROR(cudaMemcpy(a.get(), host.data(), bytes, cudaMemcpyDeviceToDevice), direction);
  EXPECT_ERROR(cudaMemcpy(a.get(), b.get(), bytes, cudaMemcpyHostToDevice), direction);
  EXPECT_ERROR(cudaMemcpy(back.data(), a.get(), bytes, cudaMemcpyHostToHost), direction);
  EXPECT_ERROR(cudaMemcpy(back.data(), a.get(), bytes, static_cast<cudaMemcpyKind>(9)), direction);

  EXPECT_ERROR(cudaMemcpy(a.get(), host.data(), 20, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_FAULT_SAYS("more than are left of its allocation (16)");
  EXPECT_ERROR(cudaMemcpy(a.get() + 2, b.get(), 12, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaMemcpy(nullptr, b.get(), 12, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaMemset(a.get(), 0, 17), cudaErrorInvalidValue);
  EXPECT_ERROR(cudaMemset(host.data(), 0, 4), direction);
  EXPECT_OK(cudaMemset(a.get(), 0, 16));
  EXPECT_OK(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyDeviceToDevice));
  EXPECT(a.read()[3] == 0);
}

TEST(copies_of_freed_memory) {
  float* pointer = nullptr;
  float value = 0;
  EXPECT_OK(cudaMalloc(&pointer, 4));
  EXPECT_OK(cudaFree(pointer));
  EXPECT_ERROR(cudaMemcpy(&value, pointer, 4, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_FAULT_SAYS("freed memory");
}

TEST(memory_of_another_device) {
  float *mine = nullptr, *other = nullptr;
  EXPECT_OK(cudaMalloc(&mine, 4));
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_OK(cudaMalloc(&other, 4));
  EXPECT(azj_emulation_live_bytes(1) == 4);
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_ERROR(cudaMemcpy(mine, other, 4, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_FAULT_SAYS("memory of device 1");
}

// What a GPU does with pageable and with pinned memory, and what makes programs wrong that are not careful.
TEST(asynchronous_copies_read_pinned_memory_late) {
  cudaStream_t stream;
  EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  Array<int> device(2);
  int *pinned = nullptr, pageable = 1;
  EXPECT_OK(cudaMallocHost(&pinned, 4));
  EXPECT(azj_emulation_live_bytes(-1) == 4);
  *pinned = 1;
  EXPECT_OK(cudaMemcpyAsync(device.get(), pinned, 4, cudaMemcpyHostToDevice, stream));
  EXPECT_OK(cudaMemcpyAsync(device.get() + 1, &pageable, 4, cudaMemcpyHostToDevice, stream));
  *pinned = 2;
  pageable = 2;
  EXPECT_OK(cudaStreamSynchronize(stream));
  auto values = device.read();
  EXPECT(values[0] == 2 && values[1] == 1);

  *pinned = 0;
  pageable = 0;
  EXPECT_OK(cudaMemcpyAsync(pinned, device.get(), 4, cudaMemcpyDeviceToHost, stream));
  EXPECT(*pinned == 0);
  EXPECT_OK(cudaMemcpyAsync(&pageable, device.get() + 1, 4, cudaMemcpyDeviceToHost, stream));
  EXPECT(pageable == 1 && *pinned == 2);  // to pageable memory it waits, for what was before it too
  cudaPointerAttributes attributes;
  EXPECT_OK(cudaPointerGetAttributes(&attributes, pinned));
  EXPECT(attributes.type == cudaMemoryTypeHost);
  EXPECT_OK(cudaPointerGetAttributes(&attributes, device.get() + 1));
  EXPECT(attributes.type == cudaMemoryTypeDevice && attributes.device == 0);
  EXPECT_OK(cudaPointerGetAttributes(&attributes, &pageable));
  EXPECT(attributes.type == cudaMemoryTypeUnregistered);
  EXPECT_OK(cudaFreeHost(pinned));
  EXPECT(azj_emulation_live_bytes(-1) == 0);
}

TEST(stream_ordered_allocation) {
  cudaStream_t stream;
  cudaMemPool_t pool;
  EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  EXPECT_OK(cudaDeviceGetDefaultMemPool(&pool, 0));
  unsigned long long threshold = ~0ull, used = 1, read = 0;
  EXPECT_OK(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &read));
  EXPECT(read == threshold);
  EXPECT_ERROR(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &used), cudaErrorInvalidValue);
  float *x = nullptr, result = 0;
  EXPECT_OK(cudaMallocAsync(&x, 4000, stream));
  launch(fill, 4, 256, 0, stream, x, 1000, 3.0f);
  EXPECT_OK(cudaMemcpyAsync(&result, x + 999, 4, cudaMemcpyDeviceToHost, stream));
  EXPECT_OK(cudaFreeAsync(x, stream));
  EXPECT_ERROR(cudaFreeAsync(x, stream), cudaErrorInvalidValue);
  EXPECT_OK(cudaStreamSynchronize(stream));
  EXPECT(result == 3.0f);
  EXPECT_OK(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrUsedMemCurrent, &used));
  EXPECT(used == 0);
  EXPECT_OK(cudaMemPoolTrimTo(pool, 0));
  // Memory whose free is queued is found again when it is needed.
  size_t free_bytes = 0, total = 0;
  EXPECT_OK(cudaMemGetInfo(&free_bytes, &total));
  EXPECT_OK(cudaMallocAsync(&x, total - 100, stream));
  EXPECT_OK(cudaFreeAsync(x, stream));
  EXPECT_OK(cudaMallocAsync(&x, total - 200, stream));
  EXPECT_OK(cudaFreeAsync(x, stream));
}

TEST(many_allocations_come_and_go) {
  for (int i = 0; i < 5000; ++i) {
    void* pointer = nullptr;
    EXPECT_OK(cudaMalloc(&pointer, static_cast<size_t>(i % 100 + 1) * 100));
    EXPECT_OK(cudaFree(pointer));
  }
  EXPECT(azj_emulation_live_bytes(0) == 0);
}

}  // namespace
