// y = activation(x), T(2.1), T(2.2), and grad_x = grad_y activation'(z) from the output y, N(34) (azulejo.h).
//
//   x, y, grad_y, grad_x [count]; a thread takes four neighbouring floats, or one where an array is not aligned to 16
//   bytes and at the end. In place is allowed: a thread reads its elements before it writes them.
//
// Bound by memory: 8 and 12 bytes an element.
#include "elements.cuh"
#include "epilogue.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

__global__ __launch_bounds__(kElementThreads) void forward_kernel(int64_t count, int64_t packs, int32_t activation,
                                                                  float slope, const float* x, float* y) {
  for_elements(count, packs, [=](auto width, int64_t i) {
    auto p = load<decltype(width)::value>(x + i);
    for (float& v : p.v) v = activate(activation, slope, v);
    store(y + i, p);
  });
}

__global__ __launch_bounds__(kElementThreads) void backward_kernel(int64_t count, int64_t packs, int32_t activation,
                                                                   float slope, const float* y, const float* grad_y,
                                                                   float* grad_x) {
  for_elements(count, packs, [=](auto width, int64_t i) {
    constexpr int kWidth = decltype(width)::value;
    const auto out = load<kWidth>(y + i);
    auto g = load<kWidth>(grad_y + i);
    for (int j = 0; j < kWidth; ++j) g.v[j] = activation_gradient(activation, slope, out.v[j], g.v[j]);
    store(grad_x + i, g);
  });
}

}  // namespace

void activation_forward(cudaStream_t stream, int32_t activation, float slope, int64_t count, const float* x, float* y) {
  launch_elements(forward_kernel, stream, count, pack_aligned(x, y), activation, slope, x, y);
}

void activation_backward(cudaStream_t stream, int32_t activation, float slope, int64_t count, const float* y,
                         const float* grad_y, float* grad_x) {
  const bool aligned = pack_aligned(y, grad_y, grad_x);
  launch_elements(backward_kernel, stream, count, aligned, activation, slope, y, grad_y, grad_x);
}

}  // namespace azj::cuda
