// The passes of a convolution by each of its algorithms, and the forward pass that ends in 2x2 max pooling.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "azulejo.h"

namespace azj::cuda {

// The three tensors of a pass in the order of azulejo.h, inputs first: (x, w, y), (grad_z, w, grad_x), (x, grad_z, grad_w).
struct PassOperands {
  const float* first;
  const float* second;
  const float* bias;  // of the forward pass, or nullptr
  float* result;
  void* workspace;
};

bool is_hopper(int32_t algorithm);
bool is_winograd(int32_t algorithm);

// `algorithm` is none but those of azj_conv_algorithm, without AUTO.
uint64_t pass_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass, int32_t algorithm);
void run_pass(cudaStream_t stream, const azj_conv2d_desc& desc, int32_t pass, int32_t algorithm,
              const PassOperands& operands);

// Of `operands` the result is y; argmax may be NULL. IMPLICIT_GEMM, the WINOGRADs and, within the limits of
// conv2d_hopper_pools(), the HOPPERs pool in their epilogue; for the others the workspace holds the convolution's output.
uint64_t pool_workspace_bytes(const azj_conv2d_desc& desc, int32_t algorithm);
void run_pool(cudaStream_t stream, const azj_conv2d_desc& desc, int32_t algorithm, const PassOperands& operands,
              int32_t* argmax);

// Bytes of so many floats, up to where the next array may begin.
uint64_t aligned_bytes(int64_t floats);

}  // namespace azj::cuda
