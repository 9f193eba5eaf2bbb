// The next row of a table in device memory (azulejo.h).
//
//   table [rows][columns], out [columns]; next[0] is the row
//
// One block, whose threads walk the row: tables are narrow (an optimiser's settings have at most eight columns). The
// barrier lets every thread read next[0] before one of them moves it on.
#include "kernels.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kSelectThreads = 32;

__global__ __launch_bounds__(kSelectThreads) void select_kernel(int64_t rows, int64_t columns, const float* table,
                                                                int64_t* next, float* out) {
  const int64_t row = *next;
  const bool listed = row >= 0 && row < rows;
  for (int64_t c = threadIdx.x; c < columns; c += kSelectThreads) out[c] = listed ? table[row * columns + c] : NAN;
  __syncthreads();
  if (threadIdx.x == 0) *next = row + 1;
}

}  // namespace

void select(cudaStream_t stream, int64_t rows, int64_t columns, const float* table, int64_t* next, float* out) {
  launch(select_kernel, 1, kSelectThreads, 0, stream, rows, columns, table, next, out);
}

}  // namespace azj::cuda
