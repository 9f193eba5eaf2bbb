// What a matrix product does with a finished sum: alpha, beta, bias, activation, and the store.
#pragma once

#include "gemm.hpp"
#include "ptx.cuh"

namespace azj::cuda {

// activation(z), azulejo.h. A comparison with NaN is false; each line is written so that NaN then comes out.
__device__ inline float activate(int32_t activation, float slope, float z) {
  switch (activation) {
    case AZJ_RELU: return z < 0.0f ? 0.0f : z;
    case AZJ_LEAKY_RELU: return z > 0.0f ? z : slope * z;
    case AZJ_SIGMOID: {
      const float e = expf(-fabsf(z));  // never overflows; small results keep all their digits
      return (z < 0.0f ? e : 1.0f) / (1.0f + e);
    }
    case AZJ_TANH: return tanhf(z);
    default: return z;
  }
}

// grad_y * activation'(z) from the output y. A NaN in y fails both comparisons and comes out.
__device__ inline float activation_gradient(int32_t activation, float slope, float y, float grad_y) {
  switch (activation) {
    case AZJ_RELU: return y > 0.0f ? grad_y : (y <= 0.0f ? 0.0f : y);
    case AZJ_LEAKY_RELU: return y > 0.0f ? grad_y : (y <= 0.0f ? slope * grad_y : y);
    case AZJ_SIGMOID: return grad_y * (y * (1.0f - y));
    case AZJ_TANH: return grad_y * (1.0f - y * y);
    default: return grad_y;
  }
}

// The value to store for one sum. `c` is where it goes, `bias` what is added to it.
__device__ inline float finish(const GemmEpilogue& epilogue, float sum, const float* c, float bias) {
  float z = epilogue.alpha * sum;
  if (epilogue.beta != 0.0f) z += epilogue.beta * *c;
  return activate(epilogue.activation, epilogue.slope, z + bias);
}

// The same, and the store.
__device__ inline void store_finished(const GemmEpilogue& epilogue, float sum, float* c, float bias) {
  *c = finish(epilogue, sum, c, bias);
}
__device__ inline void store_finished(const GemmEpilogue& epilogue, float sum, azj_bf16* c, float bias) {
  const float before = epilogue.beta != 0.0f ? __uint_as_float(uint32_t{*c} << 16) : 0.0f;
  *c = static_cast<azj_bf16>(cvt_bf16x2(finish(epilogue, sum, &before, bias), 0.0f));
}

// The bias of row i or column j of C; 0 where there is none.
__device__ inline float row_bias(const GemmEpilogue& epilogue, int i) {
  return epilogue.bias_axis == BiasAxis::ROW ? epilogue.bias[i] : 0.0f;
}
__device__ inline float column_bias(const GemmEpilogue& epilogue, int j) {
  return epilogue.bias_axis == BiasAxis::COLUMN ? epilogue.bias[j] : 0.0f;
}

// The pointers of product `index`, 0 .. batch * groups - 1, groups last.
__device__ inline void select_product(GemmProblem& p, int64_t index) {
  const int64_t group = index / p.batch, sample = index - group * p.batch;
  p.a.data += sample * p.a.batch_stride + group * p.a.group_stride;
  p.b.data += sample * p.b.batch_stride + group * p.b.group_stride;
  p.c += sample * p.c_batch_stride + group * p.c_group_stride;
  p.epilogue.bias += group * p.epilogue.bias_group_stride;
}

}  // namespace azj::cuda
