// C = alpha * A * B + beta * C on the calling thread, for matrices given by strides. The building block of gemm, dense
// and the im2col convolutions, which split their work over the team and call this for their part.
#pragma once

#include <cstdint>

#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// Element (i, j) of the matrix is data[i * row_stride + j * column_stride]; one of the strides is 1.
struct Matrix {
  const float* data;
  int64_t row_stride, column_stride;
};

// Register tile of gemm_broadcast: kTileRows x kTileColumns sums stay in registers for the whole sum over k.
constexpr int kTileColumns = 2 * kLanes;
constexpr int kTileRows = kLanes == 16 ? 12 : 6;

// What a panel fetches into the caches while it multiplies.
struct Ahead {
  const float* line = nullptr;  // of the first row that is needed next, one row for each of the sum over k
  int64_t lines = 0, step = 0;  // cache lines of a row, and floats from a row to the next
  bool c = false;               // the rows of C of the next tile, which are to be written
};

// One panel of C, n <= kTileColumns columns wide, with B as it lies: its rows are ldb apart and are read up to the next
// multiple of kLanes. What gemm_broadcast is made of, for callers whose B is packed already.
void gemm_panel(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, const float* b, int64_t ldb, float beta,
                float* c, int64_t ldc, const Ahead& ahead = {});

// Picks the faster of the two below. C is row-major with leading dimension ldc.
void gemm_serial(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c, int64_t ldc);

// Sums as outer products: a row of B times a broadcast element of A. Wants B's rows contiguous; packs B otherwise.
void gemm_broadcast(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
                    int64_t ldc);

// Sums as dot products along k; needs A's rows and B's columns contiguous (A * B^T in memory), packs nothing. For few
// rows or columns, where packing would cost more than it gains.
void gemm_dot(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c, int64_t ldc);

}  // namespace azj::cpu::AZJ_ISA
