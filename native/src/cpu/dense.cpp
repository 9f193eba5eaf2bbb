// Dense layer, azj_dense_*, as one GEMM for the whole mini-batch (rows T8, T17): y = activation(x W^T + bias).
#include "epilogue.hpp"
#include "gemm.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::dense_forward(const azj_dense_desc& d, const float* x, const float* w, const float* bias, float* y) {
  gemm_parallel(team_, d.batch, d.outputs, d.inputs, 1, Matrix{x, d.inputs, 1}, Matrix{w, 1, d.inputs}, 0, y,
                d.outputs);
  if (!bias && d.activation == AZJ_IDENTITY) return;
  team_.parallel(d.batch, 1 + 16384 / d.outputs, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) {
      apply_biases_activation_row(y + n * d.outputs, d.outputs, bias, d.activation, d.slope);
    }
  });
}

void Stream::dense_grad_input(const azj_dense_desc& d, const float* grad_z, const float* w, float* grad_x) {
  gemm_parallel(team_, d.batch, d.inputs, d.outputs, 1, Matrix{grad_z, d.outputs, 1}, Matrix{w, d.inputs, 1}, 0,
                grad_x, d.inputs);
}

void Stream::dense_grad_weights(const azj_dense_desc& d, const float* x, const float* grad_z, float* grad_w) {
  gemm_parallel(team_, d.outputs, d.inputs, d.batch, 1, Matrix{grad_z, 1, d.outputs}, Matrix{x, d.inputs, 1}, 0,
                grad_w, d.inputs);
}

void Stream::dense_grad_bias(const azj_dense_desc& d, const float* grad_z, float* grad_bias) {
  // Rows are added whole, in the order of the batch; a batch is short enough for float sums.
  zero_row(grad_bias, d.outputs);
  for (int64_t n = 0; n < d.batch; ++n) add_row(grad_bias, grad_z + n * d.outputs, d.outputs);
}

}  // namespace azj::cpu::AZJ_ISA
