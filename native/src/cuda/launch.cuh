// How a kernel is launched. Its twin in emulation/ runs the grid on the host: there, <cuda_runtime.h> is emulation's,
// which includes the twin, whose include guard is this one.
#include <cuda_runtime.h>

#ifndef AZJ_CUDA_LAUNCH_CUH
#define AZJ_CUDA_LAUNCH_CUH

#include <cstddef>
#include <utility>

namespace azj::cuda {

void check(cudaError_t error, const char* what);  // check.hpp

// Runs `kernel` on a grid of blocks with `shared_bytes` of dynamic shared memory, in the stream's order. More than 48
// KB need cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes) before. Throws azj::Error
// when CUDA refuses the launch; a fault inside the kernel appears in a later call.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream, A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "a launch passes one argument for each parameter of the kernel");
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<A>(args)...), "cudaLaunchKernelExC");
}

// The same for compute capability 9.0, in clusters of `cluster` blocks along x, which divide the grid. The kernel may
// begin before the one before it in the stream has ended, as soon as all blocks of that one have called
// begin_next_grid(), ptx_hopper.cuh, or ended: each of its threads calls wait_for_grid_before() before it touches
// memory of the device.
template <class... P, class... A>
void launch_early(void (*kernel)(P...), dim3 grid, unsigned cluster, dim3 block, size_t shared_bytes,
                  cudaStream_t stream, A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "a launch passes one argument for each parameter of the kernel");
  cudaLaunchAttribute attributes[2] = {};
  attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attributes[0].val.programmaticStreamSerializationAllowed = 1;
  attributes[1].id = cudaLaunchAttributeClusterDimension;
  attributes[1].val.clusterDim.x = cluster;
  attributes[1].val.clusterDim.y = attributes[1].val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = attributes;
  config.numAttrs = cluster > 1 ? 2 : 1;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<A>(args)...), "cudaLaunchKernelExC");
}

// The block's dynamic shared memory, aligned to 128 bytes. One declaration for every kernel: `extern __shared__` arrays
// of one name and different types do not compile together.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char azj_dynamic_shared_memory[];
  return reinterpret_cast<T*>(azj_dynamic_shared_memory);
}

}  // namespace azj::cuda

#endif  // AZJ_CUDA_LAUNCH_CUH
