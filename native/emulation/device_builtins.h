// What a thread of a kernel knows without asking: threadIdx and its companions, and the barriers and warp functions
// that suspend it (scheduler.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "vector_types.h"

namespace azj::emulation {

// One per OS thread that runs blocks; the scheduler sets `thread` whenever it switches to another thread of the block.
// Whole cache lines, so that the memory checks can tell it from the shared variables beside it (memory_checks.cpp).
struct alignas(64) Builtins {
  uint3 thread;
  uint3 block;
  dim3 block_extent;
  dim3 grid_extent;
  void* dynamic_shared;
};
// With the default TLS model: the faster ones would demand that all thread-local variables of the library, the shared
// variables of the kernels among them, fit the little space that glibc keeps for libraries loaded later.
extern __thread Builtins builtins __attribute__((visibility("hidden")));

// Where in the source a thread waits. Threads that wait at different lines do not wait for the same thing.
struct Site {
  const char* file;
  int line;
  const char* name() const {  // of the file, without its folder
    const char* slash = __builtin_strrchr(file, '/');
    return slash != nullptr ? slash + 1 : file;
  }
};

enum class BarrierReduction { kNone, kCount, kAnd, kOr };

// Waits for every thread of the block; the result is the reduction of the threads' `predicate`.
int block_barrier(BarrierReduction reduction, int predicate, Site site);

enum class WarpOperation { kSync, kShuffle, kVote, kMatch, kMma, kLoadMatrix, kStoreMatrix, kElect };

// Waits until every lane named in `mask` has come here; the last one calls `complete`, which sees the operands of all
// lanes (null for those not named), and then all go on.
using WarpComplete = void (*)(void* const operands[32], uint32_t mask);
void warp_rendezvous(WarpOperation operation, uint32_t mask, void* operand, WarpComplete complete, Site site);

// Lanes of the calling thread's warp that exist and have not returned.
uint32_t live_lanes();
// The calling thread's lane, 0..31.
uint32_t lane();

enum class ShuffleMode { kIndex, kUp, kDown, kXor };
uint64_t warp_shuffle(ShuffleMode mode, uint32_t mask, uint64_t bits, uint32_t argument, int width, Site site);

// Bit l is set when lane l is named in mask and its predicate is not 0.
uint32_t warp_ballot(uint32_t mask, int predicate, Site site);

// Stops the kernel with cudaErrorLaunchFailure, like a trap instruction.
[[noreturn]] void trap(const char* why, Site site);

}  // namespace azj::emulation

// The line of a call, taken where the call is written.
#define AZJ_SITE_PARAMETERS const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define AZJ_SITE (::azj::emulation::Site{file, line})

// Not constant, as they are in CUDA: a reference to a constant would make the undefined-behaviour sanitizer compare its
// address with null, and gcc 12 takes the result from an addition that the linker relaxes away in programs. nvcc
// refuses kernels that assign to them.
#define threadIdx (::azj::emulation::builtins.thread)
#define blockIdx (::azj::emulation::builtins.block)
#define blockDim (::azj::emulation::builtins.block_extent)
#define gridDim (::azj::emulation::builtins.grid_extent)
constexpr int warpSize = 32;

inline void __syncthreads(AZJ_SITE_PARAMETERS) {
  ::azj::emulation::block_barrier(::azj::emulation::BarrierReduction::kNone, 0, AZJ_SITE);
}
inline int __syncthreads_count(int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::block_barrier(::azj::emulation::BarrierReduction::kCount, predicate, AZJ_SITE);
}
inline int __syncthreads_and(int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::block_barrier(::azj::emulation::BarrierReduction::kAnd, predicate, AZJ_SITE);
}
inline int __syncthreads_or(int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::block_barrier(::azj::emulation::BarrierReduction::kOr, predicate, AZJ_SITE);
}
inline void __syncwarp(unsigned int mask = 0xffffffffu, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::warp_rendezvous(::azj::emulation::WarpOperation::kSync, mask, nullptr, nullptr, AZJ_SITE);
}
inline unsigned int __activemask() { return ::azj::emulation::live_lanes(); }

inline unsigned int __ballot_sync(unsigned int mask, int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::warp_ballot(mask, predicate, AZJ_SITE);
}
inline int __any_sync(unsigned int mask, int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::warp_ballot(mask, predicate, AZJ_SITE) != 0;
}
inline int __all_sync(unsigned int mask, int predicate, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::warp_ballot(mask, !predicate, AZJ_SITE) == 0;
}

namespace azj::emulation {
template <class T>
inline T shuffle(ShuffleMode mode, uint32_t mask, T value, uint32_t argument, int width, Site site) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "CUDA shuffles 4 and 8 byte values");
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  bits = warp_shuffle(mode, mask, bits, argument, width, site);
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
}  // namespace azj::emulation

template <class T>
inline T __shfl_sync(unsigned int mask, T value, int source, int width = 32, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::shuffle(::azj::emulation::ShuffleMode::kIndex, mask, value, source, width, AZJ_SITE);
}
template <class T>
inline T __shfl_up_sync(unsigned int mask, T value, unsigned int delta, int width = 32, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::shuffle(::azj::emulation::ShuffleMode::kUp, mask, value, delta, width, AZJ_SITE);
}
template <class T>
inline T __shfl_down_sync(unsigned int mask, T value, unsigned int delta, int width = 32, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::shuffle(::azj::emulation::ShuffleMode::kDown, mask, value, delta, width, AZJ_SITE);
}
template <class T>
inline T __shfl_xor_sync(unsigned int mask, T value, int lane_mask, int width = 32, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::shuffle(::azj::emulation::ShuffleMode::kXor, mask, value, lane_mask, width, AZJ_SITE);
}

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __trap(AZJ_SITE_PARAMETERS) { ::azj::emulation::trap("__trap()", AZJ_SITE); }
