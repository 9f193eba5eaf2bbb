// Loops over arrays of any length: one grid, walked in strides of its threads, four floats (16 bytes) at a time where
// every array is aligned for it.
#pragma once

#include <cstdint>
#include <type_traits>

#include "launch.cuh"

namespace azj::cuda {

constexpr int kElementThreads = 256;
constexpr int64_t kElementBlocks = 4096;  // of a grid at most: twice what the largest GPU holds at a time
constexpr int kPackWidth = 4;

// Blocks of 256 threads that a multiprocessor should hold at least: leaves each thread 64 registers. Given to the
// kernels that ptxas otherwise squeezes into fewer, at the price of a spill.
constexpr int kResidentBlocks = 4;

// Neighbouring floats, loaded and stored by one instruction.
template <int kWidth>
struct alignas(kWidth * sizeof(float)) Pack {
  float v[kWidth];
};

template <int kWidth>
__device__ __forceinline__ Pack<kWidth> load(const float* from) {
  return *reinterpret_cast<const Pack<kWidth>*>(from);
}
template <int kWidth>
__device__ __forceinline__ void store(float* to, const Pack<kWidth>& pack) {
  *reinterpret_cast<Pack<kWidth>*>(to) = pack;
}

template <int kValue>
using Width = std::integral_constant<int, kValue>;

// The calling thread among all of the grid, and how many there are.
__device__ __forceinline__ int64_t grid_thread() { return int64_t{blockIdx.x} * blockDim.x + threadIdx.x; }
__device__ __forceinline__ int64_t grid_threads() { return int64_t{gridDim.x} * blockDim.x; }

// Calls body(Width<n>{}, i) for elements i .. i + n - 1: n = 4 for the first `packs` packs, then 1.
template <class Body>
__device__ __forceinline__ void for_elements(int64_t count, int64_t packs, Body body) {
  for (int64_t i = grid_thread(); i < packs; i += grid_threads()) body(Width<kPackWidth>{}, kPackWidth * i);
  for (int64_t i = kPackWidth * packs + grid_thread(); i < count; i += grid_threads()) body(Width<1>{}, i);
}

// Whether packs may be loaded from and stored to all of these; NULL, which is neither, does not count.
template <class... T>
bool pack_aligned(const T*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) % sizeof(Pack<kPackWidth>) == 0) && ...);
}

// Blocks for `items` threads' worth of work.
inline unsigned element_blocks(int64_t items) {
  const int64_t blocks = (items + kElementThreads - 1) / kElementThreads;
  return static_cast<unsigned>(blocks < kElementBlocks ? blocks : kElementBlocks);
}

// Launches kernel(count, packs, args...), which calls for_elements(count, packs, ..).
template <class... P, class... A>
void launch_elements(void (*kernel)(int64_t, int64_t, P...), cudaStream_t stream, int64_t count, bool aligned,
                     A&&... args) {
  const int64_t packs = aligned ? count / kPackWidth : 0;
  const int64_t rest = count - kPackWidth * packs;
  launch(kernel, element_blocks(packs > rest ? packs : rest), kElementThreads, 0, stream, count, packs,
         std::forward<A>(args)...);
}

}  // namespace azj::cuda
