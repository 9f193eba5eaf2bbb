// Twin of src/cuda/launch.cuh: the same functions, for the host. See cuda_runtime.h on how a kernel comes to it.
#include "cuda_runtime.h"

#ifndef AZJ_CUDA_LAUNCH_CUH
#define AZJ_CUDA_LAUNCH_CUH

#include <cstddef>
#include <utility>

#include "device_builtins.h"
#include "kernel.hpp"

namespace azj::cuda {

void check(cudaError_t error, const char* what);  // check.hpp

// Runs `kernel` on a grid of blocks with `shared_bytes` of dynamic shared memory, in the stream's order. Throws
// azj::Error when CUDA would refuse the launch; a fault inside the kernel appears in a later call, as on a GPU.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream, A&&... args) {
  check(::azj::emulation::launch_kernel(::azj::emulation::bind(kernel, std::forward<A>(args)...), grid, block,
                                        shared_bytes, stream),
        "cudaLaunchKernelExC");
}

// The same in clusters of `cluster` blocks along x, which divide the grid. Here the kernel before has always ended; but
// each thread has to call wait_for_grid_before().
template <class... P, class... A>
void launch_early(void (*kernel)(P...), dim3 grid, unsigned cluster, dim3 block, size_t shared_bytes,
                  cudaStream_t stream, A&&... args) {
  check(::azj::emulation::launch_kernel(::azj::emulation::bind(kernel, std::forward<A>(args)...), grid, block,
                                        shared_bytes, stream, cluster, true),
        "cudaLaunchKernelExC");
}

// The block's dynamic shared memory, aligned to 128 bytes.
template <class T>
T* dynamic_shared() {
  return static_cast<T*>(::azj::emulation::builtins.dynamic_shared);
}

}  // namespace azj::cuda

#endif  // AZJ_CUDA_LAUNCH_CUH
