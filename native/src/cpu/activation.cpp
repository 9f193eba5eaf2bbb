// y = activation(x) and its gradient; the formulas are in epilogue.hpp.
#include "epilogue.hpp"
#include "grain.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::activation_forward(int32_t activation, float slope, int64_t count, const float* x, float* y) {
  const bool exponential = activation == AZJ_SIGMOID || activation == AZJ_TANH;
  team_.parallel(count, exponential ? kExponentialGrain : kGrain, [=](int64_t begin, int64_t end, int) {
    with_activation(activation, [=](auto kind) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) y[i] = activate<decltype(kind)::kind>(x[i], slope);
    });
  });
}

void Stream::activation_backward(int32_t activation, float slope, int64_t count, const float* y, const float* grad_y,
                                 float* grad_x) {
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
    with_activation(activation, [=](auto kind) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) {
        grad_x[i] = activation_gradient<decltype(kind)::kind>(y[i], grad_y[i], slope);
      }
    });
  });
}

}  // namespace azj::cpu::AZJ_ISA
