// BF16 with channels last (azulejo.h): what its kernels and their launchers share.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <string>

#include "azulejo.h"
#include "hopper_plan.hpp"

namespace azj::cuda {

constexpr int kBf16Granule = 8;  // elements of 16 bytes, which are read and written at once

// Elements from a pixel to the next one: its channels, and zeros up to a multiple of 8.
__host__ __device__ constexpr int64_t bf16_pitch(int64_t channels) {
  return (channels + kBf16Granule - 1) / kBf16Granule * kBf16Granule;
}

// bf16_gemm.cu: compute capability 9.0. supports(): on the current device, or the reason. The plan is for tests and
// measurements; the query takes the same one.
bool bf16_gemm_supports(const azj_gemm_desc& desc, std::string& reason);
uint64_t bf16_gemm_workspace_bytes(const azj_gemm_desc& desc, const HopperPlan& plan = {});
void bf16_gemm(cudaStream_t stream, const azj_gemm_desc& desc, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
               void* workspace, const HopperPlan& plan = {});

}  // namespace azj::cuda
