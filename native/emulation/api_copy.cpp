// Copies and fills, their directions and extents checked against what was allocated.
#include <cstdio>
#include <cstring>

#include "memory.hpp"
#include "memory_checks.hpp"
#include "runtime.hpp"

using namespace azj::emulation;

namespace {

// One side of a copy. `wanted`: on the device, or on the host (pinned or not).
cudaError_t check_side(Runtime& runtime, const Device& device, const char* side, const void* pointer, size_t bytes,
                       bool wanted_device) {
  const Allocation* allocation = find_allocation(pointer);
  bool on_device = allocation != nullptr && !allocation->host;
  if (allocation != nullptr && allocation->freed) {
    return runtime.refuse(cudaErrorInvalidValue, "the %s %p is freed memory", side, pointer);
  }
  if (on_device != wanted_device) {
    return runtime.refuse(cudaErrorInvalidMemcpyDirection,
                          "the %s %p is %s memory, which this direction does not allow", side, pointer,
                          on_device ? "device" : "host");
  }
  if (allocation != nullptr && !lies_in_live(allocation, pointer, bytes)) {
    return runtime.refuse(cudaErrorInvalidValue,
                          "%zu bytes from the %s %p are more than are left of its allocation (%zu)", bytes, side,
                          pointer, allocation->begin + allocation->bytes - reinterpret_cast<uintptr_t>(pointer));
  }
  if (on_device && allocation->device != device.ordinal) {
    return runtime.refuse(cudaErrorInvalidValue, "the %s %p is memory of device %d, the stream is one of device %d",
                          side, pointer, allocation->device, device.ordinal);
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
