// What the emulation can do, printed: nothing here fails for being slow.
#include <chrono>
#include <ctime>

#include "harness.hpp"

using namespace test;

namespace {

constexpr int kTile = 16;

__global__ __launch_bounds__(kTile* kTile) void tiled(int n, const float* a, const float* b, float* c) {
  __shared__ float tile_a[kTile][kTile], tile_b[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y, column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int k = 0; k < n; k += kTile) {
    tile_a[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
    tile_b[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + column];
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum += tile_a[threadIdx.y][i] * tile_b[i][threadIdx.x];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

__global__ void barriers(int count, float* x) {
  for (int i = 0; i < count; ++i) __syncthreads();
  x[threadIdx.x] = 1;
}

__global__ void shuffles(int count, float* x) {
  float v = threadIdx.x;
  for (int i = 0; i < count; ++i) v = __shfl_xor_sync(0xffffffffu, v, 1);
  x[threadIdx.x] = v;
}

__global__ void axpy(int n, float alpha, const float* x, float* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += alpha * x[i];
}

// Seconds of processor time: other programs on the machine do not count.
template <class Work>
double seconds(Work work) {
  auto now = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  double start = now();
  work();
  return now() - start;
}

TEST(speed_per_core) {
  const int n = 256;
  std::vector<float> ones(n * n, 1.0f);
  Array<float> a(ones), b(ones), c(n * n);
  EXPECT_OK(run(barriers, 1, 256, 0, 1, c.get()));  // starts threads and makes stacks
  double t = seconds([&] {
    for (int i = 0; i < 3; ++i)
      EXPECT_OK(run(tiled, dim3(n / kTile, n / kTile), dim3(kTile, kTile), 0, n, a.get(), b.get(), c.get()));
  });
  EXPECT_CLOSE(c.read()[n * n - 1], n, 0);
  std::printf("16 x 16 tiled GEMM, %d^3: %.2f GFLOP/s\n", n, 3 * 2.0 * n * n * n / t / 1e9);
  t = seconds([&] { EXPECT_OK(run(barriers, 1, 256, 0, 40000, c.get())); });
  std::printf("barriers, 256 threads: %.0f million switches/s\n", 256.0 * 40000 / t / 1e6);
  t = seconds([&] { EXPECT_OK(run(shuffles, 1, 256, 0, 20000, c.get())); });
  std::printf("shuffles, 256 threads: %.0f million lanes/s\n", 256.0 * 20000 / t / 1e6);
  t = seconds([&] {
    for (int i = 0; i < 50; ++i) EXPECT_OK(run(axpy, n * n / 256, 256, 0, n * n, 0.5f, a.get(), c.get()));
  });
  std::printf("one element a thread, no barrier: %.0f million threads/s\n", 50.0 * n * n / t / 1e6);
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_OK(run(axpy, 1, 32, 0, 32, 0.5f, a.get(), c.get()));
  std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - start;
  std::printf("launch and wait: %.1f microseconds (wall clock)\n", wall.count() / 1000);
}

}  // namespace
