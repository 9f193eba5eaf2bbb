// BF16 with channels last (azulejo.h): what its kernels and their launchers share.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "azulejo.h"

namespace azj::cuda {

constexpr int kBf16Granule = 8;  // elements of 16 bytes, which are read and written at once

// Elements from a pixel to the next one: its channels, and zeros up to a multiple of 8.
__host__ __device__ constexpr int64_t bf16_pitch(int64_t channels) {
  return (channels + kBf16Granule - 1) / kBf16Granule * kBf16Granule;
}

}  // namespace azj::cuda
