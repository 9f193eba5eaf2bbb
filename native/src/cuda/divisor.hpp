// Division by a number that is known on the host, as a multiplication: q = (umulhi(n, multiplier) + n) >> shift
// (Granlund and Montgomery 1994, "Division by invariant integers using multiplication", figure 4.1).
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace azj::cuda {

// For 0 <= n < 2^31 and 1 <= divisor < 2^31.
struct Divisor {
  Divisor() = default;
  explicit Divisor(int64_t by) : divisor(static_cast<uint32_t>(by)) {
    while ((uint64_t{1} << shift) < divisor) ++shift;
    multiplier = static_cast<uint32_t>((((uint64_t{1} << shift) - divisor) << 32) / divisor + 1);
  }

  __device__ int quotient(int n) const {
    const uint32_t high = static_cast<uint32_t>((uint64_t{static_cast<uint32_t>(n)} * multiplier) >> 32);
    return static_cast<int>((high + static_cast<uint32_t>(n)) >> shift);
  }
  __device__ int remainder(int n, int quotient) const { return n - quotient * static_cast<int>(divisor); }

  uint32_t divisor = 1;
  uint32_t multiplier = 1;
  uint32_t shift = 0;
};

}  // namespace azj::cuda
