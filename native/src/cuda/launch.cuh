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

// The same in clusters of `cluster` blocks along x, which divide the grid; compute capability 9.0.
template <class... P, class... A>
void launch_clusters(void (*kernel)(P...), dim3 grid, unsigned cluster, dim3 block, size_t shared_bytes,
                     cudaStream_t stream, A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "a launch passes one argument for each parameter of the kernel");
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
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
