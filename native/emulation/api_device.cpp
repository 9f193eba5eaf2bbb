// Devices and errors.
#include <algorithm>
#include <cstdio>
#include <string>

#include "memory.hpp"
#include "runtime.hpp"

using namespace azj::emulation;

namespace {

constexpr int kMultiprocessors = 8;  // fixed: what a kernel computes may depend on it, and must not on the machine
constexpr int kThreadsPerMultiprocessor = 2048;
constexpr int kBlocksPerMultiprocessor = 32;
constexpr int kRegisters = 65536;
constexpr size_t kReservedSharedBytes = 1024;  // of a multiprocessor's shared memory, taken by each block

cudaError_t find_device(Runtime& runtime, int ordinal, Device*& device) {
  if (runtime.devices.empty()) return runtime.refuse_without_device();
  if (ordinal < 0 || static_cast<size_t>(ordinal) >= runtime.devices.size()) {
    return runtime.refuse(cudaErrorInvalidDevice, "device %d: there are %zu emulated devices", ordinal,
                          runtime.devices.size());
  }
  device = runtime.devices[static_cast<size_t>(ordinal)].get();
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    if (count == nullptr) return cudaErrorInvalidValue;
    *count = static_cast<int>(runtime.devices.size());
    return *count > 0 ? cudaSuccess : runtime.refuse_without_device();
  });
}

cudaError_t cudaSetDevice(int ordinal) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = find_device(runtime, ordinal, device)) return error;
    current_ordinal() = ordinal;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* ordinal) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    if (ordinal == nullptr) return cudaErrorInvalidValue;
    if (runtime.devices.empty()) return runtime.refuse_without_device();
    *ordinal = current_ordinal();
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int ordinal) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (value == nullptr) return cudaErrorInvalidValue;
    if (cudaError_t error = find_device(runtime, ordinal, device)) return error;
    switch (attribute) {
      case cudaDevAttrMaxThreadsPerBlock:
      case cudaDevAttrMaxBlockDimX:
      case cudaDevAttrMaxBlockDimY:
        *value = 1024;
        break;
      case cudaDevAttrMaxBlockDimZ:
        *value = 64;
        break;
      case cudaDevAttrMaxGridDimX:
        *value = 2147483647;
        break;
      case cudaDevAttrMaxGridDimY:
      case cudaDevAttrMaxGridDimZ:
        *value = 65535;
        break;
      case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = 48 * 1024;
        break;
      case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = static_cast<int>(device->shared_limit);
        break;
      case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        *value = static_cast<int>(device->shared_limit + kReservedSharedBytes);
        break;
      case cudaDevAttrReservedSharedMemoryPerBlock:
        *value = static_cast<int>(kReservedSharedBytes);
        break;
      case cudaDevAttrWarpSize:
        *value = 32;
        break;
      case cudaDevAttrMaxRegistersPerBlock:
      case cudaDevAttrMaxRegistersPerMultiprocessor:
        *value = kRegisters;
        break;
      case cudaDevAttrClockRate:
        *value = 1000000;
        break;  // kHz
      case cudaDevAttrMemoryClockRate:
        *value = 1000000;
        break;  // kHz
      case cudaDevAttrGlobalMemoryBusWidth:
        *value = 64;
        break;
      case cudaDevAttrL2CacheSize:
        *value = 4 << 20;
        break;
      case cudaDevAttrMultiProcessorCount:
        *value = kMultiprocessors;
        break;
      case cudaDevAttrMaxThreadsPerMultiProcessor:
        *value = kThreadsPerMultiprocessor;
        break;
      case cudaDevAttrMaxBlocksPerMultiprocessor:
        *value = kBlocksPerMultiprocessor;
        break;
      case cudaDevAttrKernelExecTimeout:
      case cudaDevAttrIntegrated:
      case cudaDevAttrCooperativeLaunch:
        *value = 0;
        break;
      case cudaDevAttrConcurrentKernels:
      case cudaDevAttrUnifiedAddressing:
      case cudaDevAttrMemoryPoolsSupported:
        *value = 1;
        break;
      case cudaDevAttrComputeCapabilityMajor:
        *value = device->capability / 10;
        break;
      case cudaDevAttrComputeCapabilityMinor:
        *value = device->capability % 10;
        break;
      default:
        return runtime.refuse(cudaErrorInvalidValue, "device attribute %d is not emulated", attribute);
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int ordinal) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (properties == nullptr) return cudaErrorInvalidValue;
    if (cudaError_t error = find_device(runtime, ordinal, device)) return error;
    cudaDeviceProp p = {};
    std::snprintf(p.name, sizeof p.name, "Azulejo emulated GPU %d", ordinal);
    p.totalGlobalMem = device->total;
    p.sharedMemPerBlock = 48 * 1024;
    p.sharedMemPerBlockOptin = device->shared_limit;
    p.sharedMemPerMultiprocessor = device->shared_limit + kReservedSharedBytes;
    p.reservedSharedMemPerBlock = kReservedSharedBytes;
    p.regsPerBlock = p.regsPerMultiprocessor = kRegisters;
    p.warpSize = 32;
    p.maxThreadsPerBlock = p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
    p.maxThreadsDim[2] = 64;
    p.maxGridSize[0] = 2147483647;
    p.maxGridSize[1] = p.maxGridSize[2] = 65535;
    p.major = device->capability / 10;
    p.minor = device->capability % 10;
    p.multiProcessorCount = kMultiprocessors;
    p.maxThreadsPerMultiProcessor = kThreadsPerMultiprocessor;
    p.maxBlocksPerMultiProcessor = kBlocksPerMultiprocessor;
    p.concurrentKernels = p.unifiedAddressing = p.memoryPoolsSupported = 1;
    p.memoryBusWidth = 64;
    p.l2CacheSize = 4 << 20;
    *properties = p;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (cudaError_t error = runtime.forbid_in_capture()) return error;
    return runtime.drain_device(*device);
  });
}

cudaError_t cudaDriverGetVersion(int* version) {
  return api_call(__func__, [&](Runtime&) -> cudaError_t {
    if (version == nullptr) return cudaErrorInvalidValue;
    *version = 13000;
    return cudaSuccess;
  });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return api_call(__func__, [&](Runtime&) -> cudaError_t {
    if (version == nullptr) return cudaErrorInvalidValue;
    *version = 13000;
    return cudaSuccess;
  });
}

// The occupancy a kernel of 64 registers a thread would have.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int threads,
                                                          size_t shared_bytes) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    constexpr int kRegistersPerThread = 64;
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (blocks == nullptr || function == nullptr || threads < 1) return cudaErrorInvalidValue;
    if (threads > 1024 || shared_bytes > device->shared_limit) {
      *blocks = 0;
      return cudaSuccess;
    }
    int whole_warps = (threads + 31) / 32 * 32;
    int most = kBlocksPerMultiprocessor;
    most = std::min(most, kThreadsPerMultiprocessor / whole_warps);
    most = std::min(most, kRegisters / (kRegistersPerThread * whole_warps));
    size_t shared = (device->shared_limit + kReservedSharedBytes) / (shared_bytes + kReservedSharedBytes);
    *blocks = static_cast<int>(std::min(static_cast<size_t>(most), shared));
    return cudaSuccess;
  });
}

// ---- errors: not counted and never injected, since they report instead of doing

cudaError_t cudaGetLastError() {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  cudaError_t error = last_error();
  last_error() = cudaSuccess;
  Device* device = nullptr;
  // A lost device is not forgotten.
  if (!runtime.devices.empty() && runtime.current_device(device) != cudaSuccess) return device->lost;
  return error;
}

cudaError_t cudaPeekAtLastError() {
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  Device* device = nullptr;
  if (!runtime.devices.empty() && runtime.current_device(device) != cudaSuccess) return device->lost;
  return last_error();
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define X(name, number, text) \
  case name:                  \
    return #name;
#include "cuda_errors.def"
#undef X
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const char* cuda = "unrecognized error code";
  switch (error) {
#define X(name, number, text) \
  case name:                  \
    cuda = text;              \
    break;
#include "cuda_errors.def"
#undef X
  }
  Runtime& runtime = Runtime::instance();
  std::lock_guard<std::mutex> lock(runtime.mutex);
  Device* device = nullptr;
  if (error == cudaSuccess || runtime.devices.empty() || runtime.current_device(device) != error) return cuda;
  static thread_local std::string text;
  text = std::string(cuda) + " (" + device->lost_text + ")";
  return text.c_str();
}
