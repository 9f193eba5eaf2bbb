// The maximum of a pooling window, tap after tap.
#pragma once

#include <cuda_runtime.h>

namespace azj::cuda {

// The maximum of a window so far. The first one wins, and a NaN wins over every number.
struct WindowMaximum {
  float value;
  int tap = 0;

  __device__ explicit WindowMaximum(float first) : value(first) {}
  __device__ __forceinline__ void meet(float other, int at) {
    if (other <= value || value != value) return;  // a NaN in other replaces, a NaN in value stays
    value = other;
    tap = at;
  }
};

}  // namespace azj::cuda
