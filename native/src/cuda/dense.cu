// Dense layer as one GEMM for the whole mini-batch, rows T8 and T17, T4.3:
//   forward             y[batch x outputs]  = activation(x[batch x inputs] * w^T + bias)
//   gradient to input   dx[batch x inputs]  = dz[batch x outputs] * w[outputs x inputs]
//   gradient to weights dw[outputs x inputs] = dz^T * x
//   gradient to bias    db[outputs]         = sum over the batch of dz
//
// grad_bias: block (32, 8) for 32 outputs; lanes read neighbours of a row, the 8 rows of threads take every eighth
// sample, and their sums are added in order.
#include "grid.hpp"
#include "kernels.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kColumns = 32;
constexpr int kRows = 8;

__global__ __launch_bounds__(kColumns* kRows) void grad_bias_kernel(int64_t batch, int64_t outputs,
                                                                   const float* grad_z, float* grad_bias) {
  __shared__ float sums[kRows][kColumns];
  const int64_t output = int64_t{blockIdx.x} * kColumns + threadIdx.x;
  float sum = 0;
  if (output < outputs) {
    for (int64_t n = threadIdx.y; n < batch; n += kRows) sum += grad_z[n * outputs + output];
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || output >= outputs) return;
  for (int row = 1; row < kRows; ++row) sum += sums[row][threadIdx.x];
  grad_bias[output] = sum;
}

}  // namespace

GemmProblem dense_forward(const azj_dense_desc& d, const float* x, const float* w, const float* bias, float* y) {
  GemmProblem p;
  p.m = d.batch;
  p.n = d.outputs;
  p.k = d.inputs;
  p.a = GemmMatrix{x, d.inputs, 1, 0, 0};
  p.b = GemmMatrix{w, 1, d.inputs, 0, 0};
  p.c = y;
  p.ldc = d.outputs;
  p.epilogue.bias = bias;
  p.epilogue.bias_axis = bias != nullptr ? BiasAxis::COLUMN : BiasAxis::NONE;
  p.epilogue.activation = d.activation;
  p.epilogue.slope = d.slope;
  return p;
}

GemmProblem dense_grad_input(const azj_dense_desc& d, const float* grad_z, const float* w, float* grad_x) {
  GemmProblem p;
  p.m = d.batch;
  p.n = d.inputs;
  p.k = d.outputs;
  p.a = GemmMatrix{grad_z, d.outputs, 1, 0, 0};
  p.b = GemmMatrix{w, d.inputs, 1, 0, 0};
  p.c = grad_x;
  p.ldc = d.inputs;
  return p;
}

GemmProblem dense_grad_weights(const azj_dense_desc& d, const float* x, const float* grad_z, float* grad_w) {
  GemmProblem p;
  p.m = d.outputs;
  p.n = d.inputs;
  p.k = d.batch;
  p.a = GemmMatrix{grad_z, 1, d.outputs, 0, 0};
  p.b = GemmMatrix{x, d.inputs, 1, 0, 0};
  p.c = grad_w;
  p.ldc = d.inputs;
  return p;
}

void dense_grad_bias(cudaStream_t stream, const azj_dense_desc& d, const float* grad_z, float* grad_bias) {
  launch(grad_bias_kernel, dim3(static_cast<unsigned>(divide_up(d.outputs, kColumns))), dim3(kColumns, kRows), 0,
         stream, d.batch, d.outputs, grad_z, grad_bias);
}

}  // namespace azj::cuda
