// Memory: allocation on the device and on the host, stream-ordered allocation.
#include <cstring>

#include "memory.hpp"
#include "runtime.hpp"

using namespace azj::emulation;

namespace {

cudaError_t allocate(Runtime& runtime, Device& device, void** pointer, size_t bytes) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  void* memory = bytes <= device.total - device.used ? allocate_memory(bytes, device.ordinal, false) : nullptr;
  if (memory == nullptr) {
    return runtime.refuse(cudaErrorMemoryAllocation, "%zu bytes asked for, %zu of %zu free on device %d", bytes,
                          device.total - device.used, device.total, device.ordinal);
  }
  device.used += bytes;
  *pointer = memory;
  return cudaSuccess;
}

// The live allocation that begins at `pointer`.
cudaError_t find_beginning(Runtime& runtime, const void* pointer, bool host, Allocation*& allocation) {
  allocation = find_allocation(pointer);
  const char* what = host ? "pinned host" : "device";
  if (allocation != nullptr && (allocation->freed || allocation->freeing)) {
    return runtime.refuse(cudaErrorInvalidValue, "%p was freed before", pointer);
  }
  if (allocation == nullptr || allocation->host != host || allocation->begin != reinterpret_cast<uintptr_t>(pointer)) {
    return runtime.refuse(cudaErrorInvalidValue, "%p is not the beginning of an allocation of %s memory", pointer,
                          what);
  }
  return cudaSuccess;
}

cudaError_t allocate_host(Runtime& runtime, void** pointer, size_t bytes, unsigned int flags) {
  Device* device = nullptr;
  if (cudaError_t error = runtime.current_device(device)) return error;
  if (cudaError_t error = runtime.forbid_in_capture()) return error;
  constexpr unsigned int kKnown = cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
  if (pointer == nullptr || (flags & ~kKnown) != 0) return cudaErrorInvalidValue;
  *pointer = bytes > 0 ? allocate_memory(bytes, device->ordinal, true) : nullptr;
  if (*pointer == nullptr && bytes > 0) {
    return runtime.refuse(cudaErrorMemoryAllocation, "the host has no %zu bytes", bytes);
  }
  return cudaSuccess;
}

void release(Runtime& runtime, const Allocation& allocation) {
  if (!allocation.host) runtime.devices[static_cast<size_t>(allocation.device)]->used -= allocation.bytes;
  release_memory(allocation.begin);
}

}  // namespace

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (free == nullptr || total == nullptr) return cudaErrorInvalidValue;
    *free = device->total - device->used;
    *total = device->total;
    return cudaSuccess;
  });
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    return allocate(runtime, *device, pointer, bytes);
  });
}

cudaError_t cudaFree(void* pointer) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (pointer == nullptr) return cudaSuccess;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    Allocation* allocation = nullptr;
    if (cudaError_t error = find_beginning(runtime, pointer, false, allocation)) return error;
    Device& owner = *runtime.devices[static_cast<size_t>(allocation->device)];
    if (cudaError_t error = runtime.drain_device(owner)) return error;
    release(runtime, *allocation);
    return cudaSuccess;
  });
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (stream->capture != nullptr) {
      stream->capture->invalidated = true;
      return runtime.refuse(cudaErrorStreamCaptureUnsupported, "allocation nodes of graphs are not emulated");
    }
    // Memory whose free is queued counts as used until somebody waits for that stream; a pool would take it again.
    Device& device = *stream->device;
    if (bytes > device.total - device.used) {
      if (cudaError_t error = runtime.drain(*stream)) return error;
    }
    return allocate(runtime, device, pointer, bytes);
  });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (pointer == nullptr) return cudaSuccess;
    if (stream->capture != nullptr) {
      stream->capture->invalidated = true;
      return runtime.refuse(cudaErrorStreamCaptureUnsupported, "free nodes of graphs are not emulated");
    }
    Allocation* allocation = nullptr;
    if (cudaError_t error = find_beginning(runtime, pointer, false, allocation)) return error;
    allocation->freeing = true;
    Operation operation;
    operation.run = [&runtime, allocation] {
      release(runtime, *allocation);
      return Fault{};
    };
    return runtime.submit(*stream, std::move(operation));
  });
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int flags) {
  return api_call(__func__, [&](Runtime& runtime) { return allocate_host(runtime, pointer, bytes, flags); });
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return api_call(__func__, [&](Runtime& runtime) { return allocate_host(runtime, pointer, bytes, 0); });
}

cudaError_t cudaFreeHost(void* pointer) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (pointer == nullptr) return cudaSuccess;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    Allocation* allocation = nullptr;
    if (cudaError_t error = find_beginning(runtime, pointer, true, allocation)) return error;
    for (auto& each : runtime.devices) runtime.drain_device(*each);
    release(runtime, *allocation);
    return device->lost;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (attributes == nullptr) return cudaErrorInvalidValue;
    const Allocation* allocation = find_allocation(pointer);
    void* same = const_cast<void*>(pointer);
    if (!lies_in_live(allocation, pointer, 1)) {
      *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, same};
    } else if (allocation->host) {
      *attributes = {cudaMemoryTypeHost, allocation->device, same, same};
    } else {
      *attributes = {cudaMemoryTypeDevice, allocation->device, same, nullptr};
    }
    return cudaSuccess;
  });
}

// ---- pools: the default one of each device. What is freed goes back to the system at once, so that its use is
// noticed.

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int ordinal) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    if (pool == nullptr) return cudaErrorInvalidValue;
    if (ordinal < 0 || static_cast<size_t>(ordinal) >= runtime.pools.size()) return cudaErrorInvalidDevice;
    *pool = runtime.pools[static_cast<size_t>(ordinal)].get();
    return cudaSuccess;
  });
}

namespace {

cudaError_t find_pool(Runtime& runtime, cudaMemPool_t pool, Device*& device) {
  for (auto& each : runtime.pools) {
    if (each.get() == pool) {
      device = pool->device;
      return device->lost;
    }
  }
  return runtime.refuse(cudaErrorInvalidValue, "%p is not a memory pool", static_cast<void*>(pool));
}

bool is_number(cudaMemPoolAttr attribute) { return attribute >= cudaMemPoolAttrReleaseThreshold; }  // or an int

}  // namespace

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = find_pool(runtime, pool, device)) return error;
    if (value == nullptr || attribute < cudaMemPoolReuseFollowEventDependencies ||
        attribute > cudaMemPoolAttrReleaseThreshold) {
      return runtime.refuse(cudaErrorInvalidValue, "attribute %d of a memory pool cannot be set so", attribute);
    }
    uint64_t number = 0;
    std::memcpy(&number, value, is_number(attribute) ? 8 : 4);
    device->pool_attributes[attribute] = number;
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = find_pool(runtime, pool, device)) return error;
    if (value == nullptr || attribute < cudaMemPoolReuseFollowEventDependencies ||
        attribute > cudaMemPoolAttrUsedMemHigh) {
      return runtime.refuse(cudaErrorInvalidValue, "attribute %d of a memory pool cannot be read so", attribute);
    }
    uint64_t number = attribute > cudaMemPoolAttrReleaseThreshold ? device->used : device->pool_attributes[attribute];
    std::memcpy(value, &number, is_number(attribute) ? 8 : 4);
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    return find_pool(runtime, pool, device);
  });
}
