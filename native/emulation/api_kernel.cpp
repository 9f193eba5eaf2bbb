// Launches.
#include <cstdio>
#include <cstdlib>

#include "memory.hpp"
#include "runner.hpp"
#include "runtime.hpp"

namespace azj::emulation {

namespace {

constexpr size_t kSharedWithoutOptIn = 48 * 1024;
constexpr unsigned kMostBlocksOfCluster = 8;  // on every device that has clusters

bool reverse_order() {
  static const bool reverse = [] {
    const char* order = std::getenv("AZULEJO_EMULATION_ORDER");
    return order != nullptr && order[0] == 'r';
  }();
  return reverse;
}

// On a GPU a wrong pointer is noticed when it is used; here already when the kernel starts.
Fault check_pointers(const Kernel& kernel, int device) {
  Fault fault;
  for (size_t i = 0; i < kernel.pointers.size(); ++i) {
    const void* pointer = kernel.pointers[i];
    const Allocation* allocation = find_allocation(pointer);
    if (pointer == nullptr || (allocation != nullptr && allocation->host && !allocation->freed)) continue;
    if (allocation != nullptr && !allocation->freed && allocation->device == device) continue;
    char what[160];
    if (allocation == nullptr) {
      std::snprintf(what, sizeof what, "no memory of a device");
    } else if (allocation->freed) {
      std::snprintf(what, sizeof what, "freed memory");
    } else {
      std::snprintf(what, sizeof what, "memory of device %d, and the kernel runs on device %d", allocation->device,
                    device);
    }
    fault.error = cudaErrorIllegalAddress;
    std::snprintf(fault.text, sizeof fault.text, "kernel %s: its pointer argument number %zu, %p, is %s",
                  kernel_name(kernel.function).c_str(), i + 1, pointer, what);
    return fault;
  }
  return fault;
}

Fault run_kernel(const Kernel& kernel, dim3 grid, dim3 block, size_t shared_bytes, const Device& device,
                 unsigned cluster, bool early) {
  Fault fault = check_pointers(kernel, device.ordinal);
  if (fault.error != cudaSuccess) return fault;
  Grid work;
  work.kernel = &kernel;
  work.grid = grid;
  work.block = block;
  work.shared_bytes = shared_bytes;
  work.capability = device.capability;
  work.early = early;
  work.reverse = reverse_order();
  work.blocks = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
  if (cluster == 1) return run_grid(work);
  Cluster blocks(cluster, work.reverse);
  work.cluster = &blocks;
  return run_grid(work);
}

}  // namespace

cudaError_t launch_kernel(const Kernel& kernel, dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t handle,
                          unsigned cluster, bool early) {
  return api_call("cudaLaunchKernelExC", [&](Runtime& runtime) -> cudaError_t {
    CUstream_st* stream = nullptr;
    Device* device = nullptr;
    if (cudaError_t error = runtime.find_stream(handle, stream)) return error;
    if (cudaError_t error = runtime.current_device(device)) return error;
    auto refuse = [&](cudaError_t error, const char* why) {
      return runtime.refuse(
          error, "launch of %s with grid (%u,%u,%u), block (%u,%u,%u), %zu bytes of shared memory: %s",
          kernel_name(kernel.function).c_str(), grid.x, grid.y, grid.z, block.x, block.y, block.z, shared_bytes, why);
    };
    if (kernel.function == nullptr) return cudaErrorInvalidDeviceFunction;
    if (stream->device != device) {
      return refuse(cudaErrorInvalidResourceHandle, "the stream belongs to another device than the current one");
    }
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return refuse(cudaErrorInvalidConfiguration, "no blocks");
    if (block.x == 0 || block.y == 0 || block.z == 0) return refuse(cudaErrorInvalidConfiguration, "no threads");
    if (grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) {
      return refuse(cudaErrorInvalidConfiguration, "a grid is at most 2147483647 x 65535 x 65535");
    }
    if (block.x > 1024 || block.y > 1024 || block.z > 64) {
      return refuse(cudaErrorInvalidConfiguration, "a block is at most 1024 x 1024 x 64");
    }
    if (static_cast<uint64_t>(block.x) * block.y * block.z > 1024) {
      return refuse(cudaErrorInvalidConfiguration, "a block has at most 1024 threads");
    }
    if (cluster < 1 || cluster > kMostBlocksOfCluster || grid.x % cluster != 0) {
      return refuse(cudaErrorInvalidClusterSize, "a cluster has 1 to 8 blocks, and the grid whole clusters");
    }
    if (cluster > 1 && device->capability < 90) {
      return refuse(cudaErrorInvalidClusterSize, "clusters came with compute capability 9.0");
    }
    if (early && device->capability < 90) {
      return refuse(cudaErrorNotSupported, "kernels that begin early came with compute capability 9.0");
    }
    auto allowed = device->dynamic_limits.find(kernel.function);
    size_t limit = allowed != device->dynamic_limits.end() && static_cast<size_t>(allowed->second) > kSharedWithoutOptIn
                       ? static_cast<size_t>(allowed->second)
                       : kSharedWithoutOptIn;
    if (shared_bytes > limit) {
      return refuse(cudaErrorInvalidValue, shared_bytes > device->shared_limit
                                               ? "more shared memory than a block of this device can have"
                                               : "more than 48 KB of shared memory need cudaFuncSetAttribute");
    }
    Operation operation;
    operation.type = cudaGraphNodeTypeKernel;
    operation.run = [kernel, grid, block, shared_bytes, device, cluster, early] {
      return run_kernel(kernel, grid, block, shared_bytes, *device, cluster, early);
    };
    return runtime.submit(*stream, std::move(operation));
  });
}

}  // namespace azj::emulation

using namespace azj::emulation;

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (function == nullptr) return cudaErrorInvalidDeviceFunction;
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;  // a hint
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
        static_cast<size_t>(value) > device->shared_limit) {
      return runtime.refuse(cudaErrorInvalidValue,
                            "kernel %s: attribute %d cannot be %d; a block has at most %zu bytes",
                            kernel_name(function).c_str(), attribute, value, device->shared_limit);
    }
    device->dynamic_limits[function] = value;
    return cudaSuccess;
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return api_call(__func__, [&](Runtime& runtime) -> cudaError_t {
    Device* device = nullptr;
    if (cudaError_t error = runtime.current_device(device)) return error;
    if (function == nullptr) return cudaErrorInvalidDeviceFunction;
    if (attributes == nullptr) return cudaErrorInvalidValue;
    cudaFuncAttributes a = {};  // registers and static memory are the compiler's, and it is another one here: 0
    a.maxThreadsPerBlock = 1024;
    a.ptxVersion = a.binaryVersion = device->capability;
    auto allowed = device->dynamic_limits.find(function);
    a.maxDynamicSharedSizeBytes =
        allowed != device->dynamic_limits.end() ? allowed->second : static_cast<int>(kSharedWithoutOptIn);
    *attributes = a;
    return cudaSuccess;
  });
}
