// Grids, blocks, threads, barriers, shared memory, atomics.
#include "harness.hpp"

using namespace test;
using azj::cuda::dynamic_shared;

namespace {

__global__ void indices(uint3* threads, uint3* blocks, int* extents) {
  int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  int size = blockDim.x * blockDim.y * blockDim.z;
  threads[block * size + thread] = make_uint3(threadIdx.x, threadIdx.y, threadIdx.z);
  blocks[block * size + thread] = make_uint3(blockIdx.x, blockIdx.y, blockIdx.z);
  atomicAdd(extents, static_cast<int>(gridDim.x * gridDim.y * gridDim.z));
}

TEST(every_thread_has_its_indices) {
  const dim3 grid(3, 4, 2), block(5, 2, 3);
  const int blocks = 24, threads = 30;
  Array<uint3> t(blocks * threads), b(blocks * threads);
  Array<int> sum(std::vector<int>{0});
  EXPECT_OK(run(indices, grid, block, 0, t.get(), b.get(), sum.get()));
  auto seen_threads = t.read(), seen_blocks = b.read();
  for (unsigned i = 0; i < blocks * threads; ++i) {
    unsigned thread = i % threads, number = i / threads;
    EXPECT(seen_threads[i].x == thread % 5 && seen_threads[i].y == thread / 5 % 2 && seen_threads[i].z == thread / 10);
    EXPECT(seen_blocks[i].x == number % 3 && seen_blocks[i].y == number / 3 % 4 && seen_blocks[i].z == number / 12);
  }
  EXPECT(sum.read()[0] == blocks * threads * blocks);
}

// Sum of a block's values by a tree over shared memory: 10 barriers.
template <int kThreads>
__global__ __launch_bounds__(kThreads) void tree_sum(const float* x, float* sums) {
  __shared__ float partial[kThreads];
  const int t = threadIdx.x;
  partial[t] = x[blockIdx.x * kThreads + t];
  __syncthreads();
  for (int stride = kThreads / 2; stride > 0; stride /= 2) {
    if (t < stride) partial[t] += partial[t + stride];
    __syncthreads();
  }
  if (t == 0) sums[blockIdx.x] = partial[0];
}

template <int kThreads>
void check_tree_sum() {
  const int blocks = 37;
  std::vector<float> x(kThreads * blocks);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) - 5;
  Array<float> device(x), sums(blocks);
  EXPECT_OK(run(tree_sum<kThreads>, blocks, kThreads, 0, device.get(), sums.get()));
  auto actual = sums.read();
  for (int b = 0; b < blocks; ++b) {
    double wanted = 0;
    for (int t = 0; t < kThreads; ++t) wanted += x[b * kThreads + t];
    EXPECT_CLOSE(actual[b], wanted, 0);
  }
}

TEST(barriers_in_blocks_of_many_sizes) {
  check_tree_sum<1>();
  check_tree_sum<2>();
  check_tree_sum<32>();
  check_tree_sum<256>();
  check_tree_sum<1024>();
}

// C = A B with 16 x 16 tiles: the pattern of src/cuda/gemm_tiled.cu.
__global__ void tiled(int n, const float* a, const float* b, float* c) {
  __shared__ float tile_a[16][17], tile_b[16][17];
  const int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    tile_a[threadIdx.y][threadIdx.x] =
        row < n && k + static_cast<int>(threadIdx.x) < n ? a[row * n + k + threadIdx.x] : 0;
    tile_b[threadIdx.y][threadIdx.x] =
        column < n && k + static_cast<int>(threadIdx.y) < n ? b[(k + threadIdx.y) * n + column] : 0;
    __syncthreads();
    for (int i = 0; i < 16; ++i) sum = fmaf(tile_a[threadIdx.y][i], tile_b[i][threadIdx.x], sum);
    __syncthreads();
  }
  if (row < n && column < n) c[row * n + column] = sum;
}

TEST(a_tiled_matrix_product) {
  const int n = 45;
  std::vector<float> a(n * n), b(n * n);
  for (int i = 0; i < n * n; ++i) a[i] = static_cast<float>(i % 11) - 5, b[i] = static_cast<float>(i % 7) - 3;
  Array<float> da(a), db(b), dc(n * n);
  EXPECT_OK(run(tiled, dim3(3, 3), dim3(16, 16), 0, n, da.get(), db.get(), dc.get()));
  auto c = dc.read();
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      double wanted = 0;
      for (int k = 0; k < n; ++k) wanted += a[i * n + k] * b[k * n + j];
      EXPECT_CLOSE(c[i * n + j], wanted, 0);
    }
  }
}

template <class T>
__global__ void reverse_in_shared(T* x) {
  T* shared = dynamic_shared<T>();
  shared[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  __syncthreads();
  x[blockIdx.x * blockDim.x + threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

TEST(dynamic_shared_memory) {
  std::vector<double> x(96 * 5);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  Array<double> device(x);
  EXPECT_OK(run(reverse_in_shared<double>, 5, 96, 96 * sizeof(double), device.get()));
  auto actual = device.read();
  for (size_t i = 0; i < x.size(); ++i) EXPECT_CLOSE(actual[i], x[i / 96 * 96 + 95 - i % 96], 0);

  Array<float> large(1024);
  EXPECT_OK(cudaMemset(large.get(), 0, 4096));
  EXPECT_OK(cudaFuncSetAttribute(reverse_in_shared<float>, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024));
  EXPECT_OK(run(reverse_in_shared<float>, 1, 1024, 227 * 1024, large.get()));
}

__global__ void reductions_at_a_barrier(int* out) {
  int t = threadIdx.x;
  int count = __syncthreads_count(t % 3 == 0);
  int all = __syncthreads_and(t < 100), none = __syncthreads_and(t != 7);
  int any = __syncthreads_or(t == 99), nobody = __syncthreads_or(t > 99);
  out[t] = count * 16 + (all != 0) * 8 + (none != 0) * 4 + (any != 0) * 2 + (nobody != 0);
}

TEST(barriers_that_reduce) {
  Array<int> out(100);
  EXPECT_OK(run(reductions_at_a_barrier, 1, 100, 0, out.get()));
  for (int value : out.read()) EXPECT(value == 34 * 16 + 8 + 2);
}

__global__ void atomics(int* i, unsigned* u, unsigned long long* l, float* f) {
  atomicAdd(i, 2);
  atomicMax(u, blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(l, 0x100000000ull);
  atomicAdd(f, 0.5f);
  unsigned seen = *(u + 1);
  while (true) {
    unsigned old = atomicCAS(u + 1, seen, seen + 3);
    if (old == seen) break;
    seen = old;
  }
}

TEST(atomics_across_blocks) {
  Array<int> i(std::vector<int>{0});
  Array<unsigned> u(std::vector<unsigned>{0, 0});
  Array<unsigned long long> l(std::vector<unsigned long long>{0});
  Array<float> f(std::vector<float>{0});
  EXPECT_OK(run(atomics, 200, 64, 0, i.get(), u.get(), l.get(), f.get()));
  EXPECT(i.read()[0] == 2 * 12800);
  EXPECT(u.read()[0] == 12799 && u.read()[1] == 3 * 12800);
  EXPECT(l.read()[0] == 12800ull << 32);
  EXPECT_CLOSE(f.read()[0], 6400, 0);
}

struct Problem {
  long long n;
  const float* x;
  float* y;
};
__global__ void by_value(Problem p, float alpha) {
  p.x += 1;  // a thread's own copy
  for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < p.n; i += gridDim.x * blockDim.x) {
    p.y[i] = alpha * p.x[i];
  }
}

TEST(arguments_are_copied_to_every_thread) {
  std::vector<float> x(1001);
  for (int i = 0; i <= 1000; ++i) x[i] = static_cast<float>(i);
  Array<float> dx(x), dy(1000);
  Problem p{1000, dx.get(), dy.get()};
  launch(by_value, 3, 32, 0, nullptr, p, 2);  // the int becomes the float parameter
  p.n = 0;                                    // after the launch: of no effect
  EXPECT_OK(cudaDeviceSynchronize());
  auto y = dy.read();
  for (int i = 0; i < 1000; ++i) EXPECT_CLOSE(y[i], 2.0 * (i + 1), 0);
}

__global__ void deep(int* out, int depth) {
  // Each thread's stack keeps its own values across barriers.
  int local[64];
  for (int i = 0; i < 64; ++i) local[i] = threadIdx.x * 64 + i;
  for (int i = 0; i < depth; ++i) {
    __syncthreads();
    local[i % 64] += i;
  }
  int sum = 0;
  for (int i = 0; i < 64; ++i) sum += local[i];
  out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

TEST(local_variables_survive_barriers) {
  Array<int> out(4 * 512);
  EXPECT_OK(run(deep, 4, 512, 0, out.get(), 200));
  int added = 199 * 200 / 2;
  auto actual = out.read();
  for (int i = 0; i < 4 * 512; ++i) EXPECT(actual[i] == (i % 512) * 4096 + 2016 + added);
}

__global__ void some_return_early(int n, float* x) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  x[i] = static_cast<float>(i);
}

TEST(threads_may_return_early_without_barriers) {
  Array<float> x(1000);
  EXPECT_OK(run(some_return_early, 4, 256, 0, 1000, x.get()));
  auto actual = x.read();
  for (int i = 0; i < 1000; ++i) EXPECT_CLOSE(actual[i], i, 0);
}

}  // namespace
