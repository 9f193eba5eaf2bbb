// x = value, x = alpha x, y = y + alpha x (azulejo.h).
//
//   x, y [count]; a thread takes four neighbouring floats, or one where an array is not aligned to 16 bytes and at the
//   end
//
// Bound by memory: 4, 8 and 12 bytes an element.
#include "elements.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

__global__ __launch_bounds__(kElementThreads) void fill_kernel(int64_t count, int64_t packs, float value, float* x) {
  for_elements(count, packs, [=](auto width, int64_t i) {
    Pack<decltype(width)::value> p;
    for (float& v : p.v) v = value;
    store(x + i, p);
  });
}

__global__ __launch_bounds__(kElementThreads) void scale_kernel(int64_t count, int64_t packs, float alpha, float* x) {
  for_elements(count, packs, [=](auto width, int64_t i) {
    auto p = load<decltype(width)::value>(x + i);
    for (float& v : p.v) v = alpha * v;
    store(x + i, p);
  });
}

__global__ __launch_bounds__(kElementThreads) void axpy_kernel(int64_t count, int64_t packs, float alpha,
                                                               const float* x, float* y) {
  for_elements(count, packs, [=](auto width, int64_t i) {
    constexpr int kWidth = decltype(width)::value;
    const auto from = load<kWidth>(x + i);
    auto to = load<kWidth>(y + i);
    for (int j = 0; j < kWidth; ++j) to.v[j] += alpha * from.v[j];
    store(y + i, to);
  });
}

}  // namespace

void fill(cudaStream_t stream, int64_t count, float value, float* x) {
  launch_elements(fill_kernel, stream, count, pack_aligned(x), value, x);
}

void scale(cudaStream_t stream, int64_t count, float alpha, float* x) {
  launch_elements(scale_kernel, stream, count, pack_aligned(x), alpha, x);
}

void axpy(cudaStream_t stream, int64_t count, float alpha, const float* x, float* y) {
  launch_elements(axpy_kernel, stream, count, pack_aligned(x, y), alpha, x, y);
}

}  // namespace azj::cuda
