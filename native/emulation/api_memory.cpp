// Memory: allocation, and copies whose direction and extent are checked against what was allocated.
#include <cstdio>
#include <cstring>

#include "memory.hpp"
#include "memory_checks.hpp"
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
  if (allocation == nullptr || allocation->host != host ||
      allocation->begin != reinterpret_cast<uintptr_t>(pointer)) {
    return runtime.refuse(cudaErrorInvalidValue, "%p is not the beginning of an allocation of %s memory", pointer, what);
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

// One side of a copy. `wanted`: on the device, or on the host (pinned or not).
cudaError_t check_side(Runtime& runtime, const Device& device, const char* side, const void* pointer, size_t bytes,
                       bool wanted_device) {
  const Allocation* allocation = find_allocation(pointer);
  bool on_device = allocation != nullptr && !allocation->host;
  if (allocation != nullptr && allocation->freed) {
    return runtime.refuse(cudaErrorInvalidValue, "the %s %p is freed memory", side, pointer);
  }
  if (on_device != wanted_device) {
    return runtime.refuse(cudaErrorInvalidMemcpyDirection, "the %s %p is %s memory, which this direction does not allow",
                          side, pointer, on_device ? "device" : "host");
  }
  if (allocation != nullptr && !lies_in_live(allocation, pointer, bytes)) {
    return runtime.refuse(cudaErrorInvalidValue, "%zu bytes from the %s %p are more than are left of its allocation (%zu)",
                          bytes, side, pointer,
                          allocation->begin + allocation->bytes - reinterpret_cast<uintptr_t>(pointer));
  }
  if (on_device && allocation->device != device.ordinal) {
    return runtime.refuse(cudaErrorInvalidValue, "the %s %p is memory of device %d, the stream is one of device %d", side,
                          pointer, allocation->device, device.ordinal);
  }
  return cudaSuccess;
}

bool is_device(const void* pointer) {
  const Allocation* allocation = find_allocation(pointer);
  return allocation != nullptr && !allocation->host;
}

bool is_pageable(const void* pointer) { return find_allocation(pointer) == nullptr; }

cudaError_t copy(Runtime& runtime, CUstream_st& stream, void* target, const void* source, size_t bytes,
                 cudaMemcpyKind kind) {
  if (kind == cudaMemcpyDefault) {
    kind = is_device(target) ? (is_device(source) ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                             : (is_device(source) ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
  }
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDeviceToDevice) {
    return runtime.refuse(cudaErrorInvalidMemcpyDirection, "%d is no direction of a copy", kind);
  }
  if (bytes == 0) return cudaSuccess;
  if (target == nullptr || source == nullptr) return runtime.refuse(cudaErrorInvalidValue, "a copy from or to nullptr");
  bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (cudaError_t error = check_side(runtime, *stream.device, "target", target, bytes, to_device)) return error;
  if (cudaError_t error = check_side(runtime, *stream.device, "source", source, bytes, from_device)) return error;

  Operation operation;
  operation.type = cudaGraphNodeTypeMemcpy;
  bool capturing = stream.capture != nullptr;
  if (!capturing && !from_device && is_pageable(source)) {
    // From pageable memory CUDA takes the bytes before it returns.
    const char* begin = static_cast<const char*>(source);
    auto staged = std::make_shared<const std::vector<char>>(begin, begin + bytes);
    operation.run = [target, staged] {
      std::memcpy(target, staged->data(), staged->size());
      mark_written(target, staged->size());
      return Fault{};
    };
  } else {
    // Memory freed since by somebody else's cudaFreeAsync is found here.
    operation.run = [target, source, bytes, to_device, from_device] {
      Fault fault;
      bool gone = (to_device && !lies_in_live(find_allocation(target), target, bytes)) ||
                  (from_device && !lies_in_live(find_allocation(source), source, bytes));
      if (gone) {
        fault.error = cudaErrorIllegalAddress;
        std::snprintf(fault.text, sizeof fault.text, "a copy of %zu bytes from %p to %p touches memory freed meanwhile",
                      bytes, source, target);
        return fault;
      }
      std::memmove(target, source, bytes);
      if (to_device) mark_written(target, bytes);
      return fault;
    };
  }
  if (cudaError_t error = runtime.submit(stream, std::move(operation))) return error;
  // To pageable memory it returns when the bytes are there.
  return !capturing && !to_device && is_pageable(target) ? runtime.drain(stream) : cudaSuccess;
}

cudaError_t set(Runtime& runtime, CUstream_st& stream, void* target, int value, size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  if (cudaError_t error = check_side(runtime, *stream.device, "target", target, bytes, true)) return error;
  Operation operation;
  operation.type = cudaGraphNodeTypeMemset;
  operation.run = [target, value, bytes] {
    Fault fault;
    if (!lies_in_live(find_allocation(target), target, bytes)) {
      fault.error = cudaErrorIllegalAddress;
      std::snprintf(fault.text, sizeof fault.text, "a memset of %zu bytes at %p touches memory freed meanwhile", bytes,
                    target);
      return fault;
    }
    std::memset(target, value, bytes);
    mark_written(target, bytes);
    return fault;
  };
  return runtime.submit(stream, std::move(operation));
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

cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    return copy(runtime, *stream, target, source, bytes, kind);
  });
}

cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(nullptr, stream)) return error;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    if (cudaError_t error = copy(runtime, *stream, target, source, bytes, kind)) return error;
    return runtime.drain(*stream);
  });
}

cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t handle) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    return set(runtime, *stream, target, value, bytes);
  });
}

cudaError_t cudaMemset(void* target, int value, size_t bytes) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    if (cudaError_t error = runtime.find_stream(nullptr, stream)) return error;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    if (cudaError_t error = set(runtime, *stream, target, value, bytes)) return error;
    return runtime.drain(*stream);
  });
}

// ---- pools: the default one of each device. What is freed goes back to the system at once, so that its use is noticed.

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
