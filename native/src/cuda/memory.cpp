// Device and host memory of a CUDA device.
//
// Device memory comes from the device's memory pool. An allocation is made in the order of the device's memory stream and
// waited for, so that every stream may use it. A free lets the memory stream wait for what each stream was given so far,
// and follows in its order: the host does not wait, and the memory is given out again only after its last use.
#include <cinttypes>

#include "device.hpp"
#include "graph.hpp"
#include "stream.hpp"

namespace azj::cuda {

void* CudaDevice::take(uint64_t bytes) {
  void* memory = nullptr;
  cudaError_t error = cudaMallocAsync(&memory, bytes, memory_stream_.get());
  if (error == cudaErrorMemoryAllocation) {
    ignore(cudaGetLastError());
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    fail(AZJ_OUT_OF_MEMORY,
         "%" PRIu64 " bytes were asked for; CUDA device %d (%s) has %zu bytes, of which %zu are free and %" PRIu64
         " are already allocated on this device by this process through azj_alloc()",
         bytes, ordinal_, name_.c_str(), total, free, live_bytes());
  }
  check(error, "cudaMallocAsync");
  error = cudaStreamSynchronize(memory_stream_.get());
  if (error != cudaSuccess) {
    give(memory);
    check(error, "cudaStreamSynchronize");
  }
  return memory;
}

void CudaDevice::give(void* memory) noexcept {
  if (memory != nullptr && !lost()) ignore(cudaFreeAsync(memory, memory_stream_.get()));
}

void* CudaDevice::alloc(uint64_t bytes) {
  return enter([&] {
    void* const memory = take(bytes);
    try {
      allocations_.add(memory, bytes);
    } catch (...) {
      give(memory);
      throw;
    }
    return memory;
  });
}

void CudaDevice::free(void* memory) {
  std::lock_guard<std::mutex> lock(mutex_);
  allocations_.require(memory);
  if (!lost()) {
    enter([&] {
      for (const CudaStream* stream : streams_) {
        if (stream->recording()) continue;  // its work was done before the recording began
        check(cudaEventRecord(handed_over_.get(), stream->handle()), "cudaEventRecord");
        check(cudaStreamWaitEvent(memory_stream_.get(), handed_over_.get(), 0), "cudaStreamWaitEvent");
      }
      check(cudaFreeAsync(memory, memory_stream_.get()), "cudaFreeAsync");
    });
  }
  mark_stale(memory);
  allocations_.remove(memory);
}

void* CudaDevice::host_alloc(uint64_t bytes) {
  return enter([&] {
    void* memory = nullptr;
    const cudaError_t error = cudaHostAlloc(&memory, bytes, cudaHostAllocPortable);
    if (error == cudaErrorMemoryAllocation) {
      ignore(cudaGetLastError());
      fail(AZJ_OUT_OF_MEMORY,
           "%" PRIu64 " bytes of page-locked host memory were asked for; the system does not give that much (%" PRIu64
           " bytes are allocated already)",
           bytes, host_allocations_.live_bytes());
    }
    check(error, "cudaHostAlloc");
    HostHandle owner(memory);
    host_allocations_.add(memory, bytes);
    *owner.address() = nullptr;
    return memory;
  });
}

void CudaDevice::host_free(void* memory) {
  std::lock_guard<std::mutex> lock(mutex_);
  host_allocations_.require(memory);
  if (lost()) {
    ignore(cudaFreeHost(memory));
  } else {
    enter([&] {
      wait_for_streams();
      check(cudaFreeHost(memory), "cudaFreeHost");
    });
  }
  mark_stale(memory);
  host_allocations_.remove(memory);
}

void CudaDevice::wait_for_streams() {
  for (const CudaStream* stream : streams_) {
    if (!stream->recording()) check(cudaStreamSynchronize(stream->handle()), "cudaStreamSynchronize");
  }
}

void CudaDevice::mark_stale(const void* memory) {
  for (CudaGraph* graph : graphs_) graph->forget(memory);
}

void CudaDevice::check_memory(const Operand* operands, size_t count, std::unordered_set<const void*>* uses) {
  for (const Operand* operand = operands; operand != operands + count; ++operand) {
    if (operand->memory == nullptr) continue;
    const Allocations::Block block = allocations_.find(operand->memory);
    if (block.start == nullptr) {
      fail(AZJ_INVALID_ARGUMENT,
           "%s (%p) is not memory of CUDA device %d: it was freed, or is another device's or the host's; azj_alloc() on "
           "this device gives memory that its streams can use",
           operand->name, operand->memory, ordinal_);
    }
    if (operand->bytes > block.bytes) {
      fail(AZJ_INVALID_ARGUMENT, "%s (%p) has %" PRIu64 " bytes to the end of its allocation; the call touches %" PRIu64,
           operand->name, operand->memory, block.bytes, operand->bytes);
    }
    if (uses != nullptr) uses->insert(block.start);
  }
}

}  // namespace azj::cuda
