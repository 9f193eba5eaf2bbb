// GEMM rungs 1 and 2, T4.4.1: C = alpha * op(A) op(B) + beta * C by one block, each thread one element of C.
//
//   block (n, m), thread (x, y) -> C[y][x]; one block for each product of a batch
//
// A block has at most 1024 threads, so m * n <= 1024: C(50 x 50) would need 2500 threads (the thesis' own example).
// Rung 1 reads A and B from global memory, 2k words a thread. Rung 2 first copies them into shared memory, where every
// element is read n (A) or m (B) times; what does not fit is done in slices along k.
#include "epilogue.cuh"
#include "grid.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kSharedFloats = 8192;  // 32 KiB. The largest m + n is 1025, so a slice has at least 7 columns of A

__device__ void store_element(const GemmProblem& p, int row, int column, float sum) {
  float* c = p.c + row * p.ldc + column;
  *c = finish(p.epilogue, sum, c, row_bias(p.epilogue, row) + column_bias(p.epilogue, column));
}

__global__ void one_block_kernel(GemmProblem p, int64_t first) {
  select_product(p, first + blockIdx.z);
  const int row = threadIdx.y, column = threadIdx.x;
  const float* a = p.a.data + row * p.a.row_stride;
  const float* b = p.b.data + column * p.b.column_stride;
  float sum = 0;
  for (int64_t i = 0; i < p.k; ++i) sum += a[i * p.a.column_stride] * b[i * p.b.row_stride];
  store_element(p, row, column, sum);
}

// Shared memory: A's slice [m][depth], then B's [depth][n].
__global__ void one_block_shared_kernel(GemmProblem p, int64_t first, int slice) {
  __shared__ float shared[kSharedFloats];
  select_product(p, first + blockIdx.z);
  const int m = static_cast<int>(p.m), n = static_cast<int>(p.n);
  const int row = threadIdx.y, column = threadIdx.x;
  const int thread = row * n + column;
  float* shared_a = shared;
  float* shared_b = shared + m * slice;
  float sum = 0;
  for (int64_t begin = 0; begin < p.k; begin += slice) {
    const int depth = p.k - begin < slice ? static_cast<int>(p.k - begin) : slice;
    for (int i = thread; i < m * depth; i += m * n) {
      shared_a[i] = p.a.data[i / depth * p.a.row_stride + (begin + i % depth) * p.a.column_stride];
    }
    for (int i = thread; i < depth * n; i += m * n) {
      shared_b[i] = p.b.data[(begin + i / n) * p.b.row_stride + i % n * p.b.column_stride];
    }
    __syncthreads();
    for (int i = 0; i < depth; ++i) sum += shared_a[row * depth + i] * shared_b[i * n + column];
    __syncthreads();
  }
  store_element(p, row, column, sum);
}

dim3 one_block(const GemmProblem& p) { return dim3(static_cast<unsigned>(p.n), static_cast<unsigned>(p.m)); }

}  // namespace

void gemm_one_block(cudaStream_t stream, const GemmProblem& p) {
  for_grid_ranges(p.batch * p.groups, [&](int64_t first, unsigned count) {
    launch(one_block_kernel, dim3(1, 1, count), one_block(p), 0, stream, p, first);
  });
}

void gemm_one_block_shared(cudaStream_t stream, const GemmProblem& p) {
  const int slice = static_cast<int>(kSharedFloats / (p.m + p.n));
  for_grid_ranges(p.batch * p.groups, [&](int64_t first, unsigned count) {
    launch(one_block_shared_kernel, dim3(1, 1, count), one_block(p), 0, stream, p, first, slice);
  });
}

}  // namespace azj::cuda
