// result = alpha sum x[i] + beta result (azulejo.h), the same bits on every device and for every alignment of x.
//
//   x [count]; partials [kBlocks] doubles. First launch: kBlocks blocks, each thread adds up packs of four in strides
//   of the grid, each block its threads. Second launch: one block adds up the partials; of a short x, the elements.
//
// Sums are kept in double, as the CPU's are: bound by memory (4 bytes an element) all the same.
#include "elements.cuh"
#include "kernels.hpp"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

constexpr int kBlocks = 512;
constexpr int64_t kOneBlockCount = 4096;  // up to here a second launch costs more than it saves

template <bool kAligned>
__global__ __launch_bounds__(kRowThreads) void partial_sums_kernel(int64_t count, const float* x, double* partials) {
  double sum = 0;
  for (int64_t i = grid_thread(); i < count / kPackWidth; i += grid_threads()) {
    const float* from = x + kPackWidth * i;
    Pack<kPackWidth> p;
    if constexpr (kAligned) {
      p = load<kPackWidth>(from);
    } else {
      for (int j = 0; j < kPackWidth; ++j) p.v[j] = from[j];
    }
    sum += (static_cast<double>(p.v[0]) + p.v[1]) + (static_cast<double>(p.v[2]) + p.v[3]);
  }
  const int64_t rest = count / kPackWidth * kPackWidth + grid_thread();
  if (rest < count) sum += x[rest];
  sum = BlockTeam{}.reduce(sum, Add{});
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

template <class T>
__global__ __launch_bounds__(kRowThreads) void finish_kernel(int64_t count, float alpha, const T* values, float beta,
                                                             float* result) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += kRowThreads) sum += values[i];
  sum = BlockTeam{}.reduce(sum, Add{});
  if (threadIdx.x != 0) return;
  sum *= alpha;
  if (beta != 0.0f) sum += static_cast<double>(beta) * *result;
  *result = static_cast<float>(sum);
}

}  // namespace

int64_t sum_partials() { return kBlocks; }

void sum(cudaStream_t stream, int64_t count, float alpha, const float* x, float beta, float* result, double* partials) {
  if (count <= kOneBlockCount) {
    launch(finish_kernel<float>, 1, kRowThreads, 0, stream, count, alpha, x, beta, result);
    return;
  }
  launch(pack_aligned(x) ? partial_sums_kernel<true> : partial_sums_kernel<false>, kBlocks, kRowThreads, 0, stream,
         count, x, partials);
  launch(finish_kernel<double>, 1, kRowThreads, 0, stream, int64_t{kBlocks}, alpha, partials, beta, result);
}

}  // namespace azj::cuda
