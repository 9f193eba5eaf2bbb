// GEMM and dense layers on a CUDA stream: which rung of the ladder runs.
#include "choice.hpp"
#include "kernels.hpp"
#include "stream.hpp"

namespace azj::cuda {

namespace {

constexpr uint64_t kAlignment = 256;

// Bytes of `count` matrices of rows x leading floats, rounded up; 2^64 - 1 when that is beyond any memory.
uint64_t matrix_bytes(int64_t rows, int64_t leading, int64_t count) {
  const double bytes = static_cast<double>(rows) * static_cast<double>(leading) * static_cast<double>(count) * sizeof(float);
  if (bytes > 1e18) return UINT64_MAX;
  return (static_cast<uint64_t>(rows * leading * count) * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

GemmProblem batched_problem(const azj_gemm_desc& d, const GemmBatch& batch, const float* a, const float* b, float* c) {
  GemmProblem p = gemm_problem(d, a, b, c);
  p.batch = batch.count;
  p.a.batch_stride = batch.stride_a;
  p.b.batch_stride = batch.stride_b;
  p.c_batch_stride = batch.stride_c;
  return p;
}

// A dense layer's product with contiguous matrices, as a GEMM descriptor: the rung is chosen from that.
azj_gemm_desc dense_product(const azj_dense_desc& dense, int64_t m, int64_t n, int64_t k, bool transpose_a,
                            bool transpose_b) {
  azj_gemm_desc d{};
  d.precision = dense.precision;
  d.m = m;
  d.n = n;
  d.k = k;
  d.lda = transpose_a ? m : k;
  d.ldb = transpose_b ? k : n;
  d.ldc = n;
  d.transpose_a = transpose_a ? 1 : 0;
  d.transpose_b = transpose_b ? 1 : 0;
  d.alpha = 1;
  d.algorithm = AZJ_GEMM_AUTO;
  return d;
}

}  // namespace

// AUTO chooses among the rungs that round no more than the precision allows.
GemmRung CudaStream::rung(const azj_gemm_desc& d, int64_t batch) {
  if (d.algorithm != AZJ_GEMM_AUTO) return static_cast<GemmRung>(d.algorithm);
  const int64_t a_rows = d.transpose_a ? d.k : d.m, b_rows = d.transpose_b ? d.n : d.k;
  const uint64_t a_bytes = matrix_bytes(a_rows, d.lda, batch), b_bytes = matrix_bytes(b_rows, d.ldb, batch);
  const uint64_t c_bytes = matrix_bytes(d.m, d.ldc, batch);
  // Saturated sums would wrap; none of them fits a device anyway.
  const bool huge = a_bytes == UINT64_MAX || b_bytes == UINT64_MAX || c_bytes == UINT64_MAX;
  const uint64_t bytes = huge ? UINT64_MAX : a_bytes + b_bytes + c_bytes;
  const GemmBatch products{batch, a_rows * d.lda, b_rows * d.ldb, d.m * d.ldc};
  std::vector<GemmRung> rungs{GemmRung::REGISTER, GemmRung::TILED, GemmRung::GRID, GemmRung::ONE_BLOCK_SHARED,
                              GemmRung::ONE_BLOCK};
  if (d.precision != AZJ_FP32) {
    std::string reason;
    const bool tensor_cores = has_tensor_cores(reason), hopper = has_hopper(reason), bf16 = d.precision == AZJ_BF16;
    if (tensor_cores) rungs.push_back(GemmRung::TENSOR_TF32);
    if (hopper) rungs.push_back(GemmRung::HOPPER_TF32);
    if (tensor_cores && bf16) rungs.push_back(GemmRung::TENSOR_BF16);
    if (hopper && bf16) rungs.push_back(GemmRung::HOPPER_BF16);
  }
  std::vector<Candidate> candidates;
  for (const GemmRung rung : rungs) {
    const auto problem = [&, a_bytes, b_bytes](char* memory) {
      const auto* a = reinterpret_cast<const float*>(memory);
      const auto* b = reinterpret_cast<const float*>(memory + a_bytes);
      return batched_problem(d, products, a, b, reinterpret_cast<float*>(memory + a_bytes + b_bytes));
    };
    const uint64_t scratch = huge ? 0 : gemm_workspace_bytes(rung, problem(nullptr));
    candidates.push_back({static_cast<int32_t>(rung), huge ? bytes : bytes + scratch, [&, rung, problem](char* memory) {
                            cuda::gemm(handle(), rung, problem(memory), memory + bytes);
                          }});
  }
  const ChoiceKey key{AZJ_GEMM_AUTO, d.m,           d.n,           d.k,         d.lda, d.ldb,
                      d.ldc,         d.transpose_a, d.transpose_b, d.beta != 0, batch, d.precision};
  return static_cast<GemmRung>(choose(device_, handle(), recording_, key, candidates));
}

int32_t CudaStream::gemm_choice(const azj_gemm_desc& d, int64_t batch) {
  return device_.enter([&] { return static_cast<int32_t>(rung(d, batch)); });
}

void CudaStream::gemm(const azj_gemm_desc& d, const GemmBatch& batch, const float* a, const float* b, float* c) {
  run({{"a", a}, {"b", b}, {"c", c}},
      [&] { multiply(rung(d, batch.count), batched_problem(d, batch, a, b, c)); });
}

void CudaStream::multiply(GemmRung rung, const GemmProblem& p) {
  std::string reason;  // before memory is taken for a product that will not be
  if (!supports(rung, p, reason)) throw Error(AZJ_UNSUPPORTED, reason);
  cuda::gemm(handle(), rung, p, workspace(gemm_workspace_bytes(rung, p)));
}

void CudaStream::dense_forward(const azj_dense_desc& d, const float* x, const float* w, const float* bias, float* y) {
  run({{"x", x}, {"w", w}, {"bias", bias}, {"y", y}}, [&] {
    const azj_gemm_desc product = dense_product(d, d.batch, d.outputs, d.inputs, false, true);
    multiply(rung(product, 1), cuda::dense_forward(d, x, w, bias, y));
  });
}

void CudaStream::dense_grad_input(const azj_dense_desc& d, const float* grad_z, const float* w, float* grad_x) {
  run({{"grad_z", grad_z}, {"w", w}, {"grad_x", grad_x}}, [&] {
    const azj_gemm_desc product = dense_product(d, d.batch, d.inputs, d.outputs, false, false);
    multiply(rung(product, 1), cuda::dense_grad_input(d, grad_z, w, grad_x));
  });
}

void CudaStream::dense_grad_weights(const azj_dense_desc& d, const float* x, const float* grad_z, float* grad_w) {
  run({{"x", x}, {"grad_z", grad_z}, {"grad_w", grad_w}}, [&] {
    const azj_gemm_desc product = dense_product(d, d.outputs, d.inputs, d.batch, true, false);
    multiply(rung(product, 1), cuda::dense_grad_weights(d, x, grad_z, grad_w));
  });
}

void CudaStream::dense_grad_bias(const azj_dense_desc& d, const float* grad_z, float* grad_bias) {
  run({{"grad_z", grad_z}, {"grad_bias", grad_bias}}, [&] { cuda::dense_grad_bias(handle(), d, grad_z, grad_bias); });
}

}  // namespace azj::cuda
