// Launches of the kernels whose shared memory may exceed 48 KB, the most that is given without asking.
#pragma once

#include <utility>

#include "launch.cuh"

namespace azj::cuda {

constexpr size_t kDefaultSharedBytes = 48 * 1024;

template <class... P>
void allow_shared(void (*kernel)(P...), size_t bytes) {
  if (bytes <= kDefaultSharedBytes) return;
  check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(bytes)),
        "cudaFuncSetAttribute");
}

template <class... P, class... A>
void launch_shared(void (*kernel)(P...), dim3 grid, dim3 block, size_t bytes, cudaStream_t stream, A&&... args) {
  allow_shared(kernel, bytes);
  launch(kernel, grid, block, bytes, stream, std::forward<A>(args)...);
}

// Tile: its kThreads, kSharedBytes.
template <class Tile, class... P, class... A>
void launch_tile(void (*kernel)(P...), dim3 grid, cudaStream_t stream, A&&... args) {
  launch_shared(kernel, grid, dim3(Tile::kThreads), Tile::kSharedBytes, stream, std::forward<A>(args)...);
}

// The same by launch_early(), in clusters of its kCluster blocks.
template <class Tile, class... P, class... A>
void launch_tile_early(void (*kernel)(P...), dim3 grid, cudaStream_t stream, A&&... args) {
  allow_shared(kernel, Tile::kSharedBytes);
  launch_early(kernel, grid, Tile::kCluster, dim3(Tile::kThreads), Tile::kSharedBytes, stream,
               std::forward<A>(args)...);
}

}  // namespace azj::cuda
