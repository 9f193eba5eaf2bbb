// C = alpha * op(A) op(B) + beta * C, azj_gemm: columns or rows of C split over the team.
#include "gemm.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {
// Fewer multiply-adds than this are done before a second thread has heard of them.
constexpr int64_t kSerialWork = 64 * 1024;
}  // namespace

void gemm_parallel(Team& team, int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
                   int64_t ldc) {
  if (m * n <= kSerialWork / k) {
    gemm_serial(m, n, k, alpha, a, b, beta, c, ldc);
  } else if (n / kTileColumns >= m / kTileRows) {
    team.parallel(n, kTileColumns, [&](int64_t begin, int64_t end, int) {
      gemm_serial(m, end - begin, k, alpha, a, Matrix{b.data + begin * b.column_stride, b.row_stride, b.column_stride},
                  beta, c + begin, ldc);
    });
  } else {
    team.parallel(m, kTileRows, [&](int64_t begin, int64_t end, int) {
      gemm_serial(end - begin, n, k, alpha, Matrix{a.data + begin * a.row_stride, a.row_stride, a.column_stride}, b,
                  beta, c + begin * ldc, ldc);
    });
  }
}

namespace {

void check_algorithm(int32_t algorithm) {
  if (algorithm != AZJ_GEMM_AUTO) {
    fail(AZJ_UNSUPPORTED,
         "GEMM algorithm %d is a CUDA kernel; on the CPU there is one algorithm, asked for by AZJ_GEMM_AUTO (0)",
         algorithm);
  }
}

}  // namespace

int32_t Stream::gemm_choice(const azj_gemm_desc& d, int64_t) {
  check_algorithm(d.algorithm);
  return AZJ_GEMM_AUTO;
}

void Stream::gemm(const azj_gemm_desc& d, const GemmBatch& batch, const float* a, const float* b, float* c) {
  check_algorithm(d.algorithm);
  for (int64_t i = 0; i < batch.count; ++i) {
    const float* a_i = a + i * batch.stride_a;
    const float* b_i = b + i * batch.stride_b;
    const Matrix op_a = d.transpose_a ? Matrix{a_i, 1, d.lda} : Matrix{a_i, d.lda, 1};
    const Matrix op_b = d.transpose_b ? Matrix{b_i, 1, d.ldb} : Matrix{b_i, d.ldb, 1};
    gemm_parallel(team_, d.m, d.n, d.k, d.alpha, op_a, op_b, d.beta, c + i * batch.stride_c, d.ldc);
  }
}

}  // namespace azj::cpu::AZJ_ISA
