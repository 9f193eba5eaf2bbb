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

// bf16_pack.cu
void bf16_pack(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, const float* x,
               azj_bf16* packed);
void bf16_unpack(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, const azj_bf16* packed,
                 float* x);

// bf16_activation.cu: two launches, one where grad_bias is NULL; `partials` holds bf16_activation_partial_bytes().
uint64_t bf16_activation_partial_bytes(int64_t pixels, int64_t channels);
void bf16_activation_backward(cudaStream_t stream, int32_t activation, float slope, int64_t pixels, int64_t channels,
                              const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias,
                              float* partials);

// bf16_pool2d.cu: an argmax beyond the window, which the host cannot see, makes the gradients of the window NaN.
void bf16_pool2d_forward(cudaStream_t stream, const azj_pool2d_desc& desc, const azj_bf16* x, azj_bf16* y,
                         uint8_t* argmax);
void bf16_pool2d_backward(cudaStream_t stream, const azj_pool2d_desc& desc, const azj_bf16* grad_y,
                          const uint8_t* argmax, azj_bf16* grad_x);

// bf16_gemm.cu: compute capability 9.0. supports(): on the current device, or the reason. The plan is for tests and
// measurements, and the query takes the same one.
bool bf16_gemm_supports(const azj_gemm_desc& desc, std::string& reason);
uint64_t bf16_gemm_workspace_bytes(const azj_gemm_desc& desc, const HopperPlan& plan = {});
void bf16_gemm(cudaStream_t stream, const azj_gemm_desc& desc, const azj_bf16* a, const azj_bf16* b, azj_bf16* c,
               void* workspace, const HopperPlan& plan = {});

// bf16_conv2d.cu: one group, where conv2d_hopper_fits(), compute capability 9.0. The plan as above.
uint64_t bf16_conv2d_forward_workspace_bytes(const azj_conv2d_desc& desc, const HopperPlan& plan = {});
void bf16_conv2d_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w,
                         const float* bias, azj_bf16* y, void* workspace, const HopperPlan& plan = {});
uint64_t bf16_conv2d_grad_input_workspace_bytes(const azj_conv2d_desc& desc, const HopperPlan& plan = {});
void bf16_conv2d_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, const azj_bf16* grad_z,
                            const azj_bf16* w, azj_bf16* grad_x, void* workspace, const HopperPlan& plan = {});

// bf16_conv2d_pool.cu: as bf16_conv2d_forward() and 2x2 max pooling after it, to the last bit, where
// conv2d_hopper_pool_fits(). argmax may be NULL, and the workspace is that of bf16_conv2d_forward().
void bf16_conv2d_pool_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w,
                              const float* bias, azj_bf16* y, uint8_t* argmax, void* workspace,
                              const HopperPlan& plan = {});

// bf16_conv2d_pool_backward.cu: two launches, one where grad_bias is NULL; `partials` holds the bytes. An argmax beyond
// 3, which the host cannot see, makes the gradients of the window NaN.
uint64_t bf16_conv2d_pool_partial_bytes(const azj_conv2d_desc& desc);
void bf16_conv2d_pool_backward(cudaStream_t stream, const azj_conv2d_desc& desc, const azj_bf16* y,
                               const uint8_t* argmax, const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias,
                               float* partials);

// conv2d_hopper_pixels.cu: likewise.
uint64_t bf16_conv2d_grad_weights_workspace_bytes(const azj_conv2d_desc& desc, const HopperPlan& plan = {});
void bf16_conv2d_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const azj_bf16* x,
                              const azj_bf16* grad_z, float* grad_w, void* workspace, const HopperPlan& plan = {});

}  // namespace azj::cuda
