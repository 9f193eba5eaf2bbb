// The activations, one value at a time and fused with the bias on a row of finished sums (convolution, dense).
#pragma once

#include <cstdint>

#include "azulejo.h"
#include "math.hpp"
#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// activation(z). A comparison with NaN is false; each line is written so that NaN then comes out.
template <int32_t kActivation>
AZJ_ALWAYS_INLINE float activate(float z, [[maybe_unused]] float slope) {
  if constexpr (kActivation == AZJ_RELU) return z < 0.0f ? 0.0f : z;
  if constexpr (kActivation == AZJ_LEAKY_RELU) return z > 0.0f ? z : slope * z;
  if constexpr (kActivation == AZJ_SIGMOID) return sigmoid(z);
  if constexpr (kActivation == AZJ_TANH) return hyperbolic_tangent(z);
  return z;
}

// grad_y * activation'(z) from the activation's output y.
template <int32_t kActivation>
AZJ_ALWAYS_INLINE float activation_gradient(float y, float grad_y, [[maybe_unused]] float slope) {
  if constexpr (kActivation == AZJ_RELU) return y > 0.0f ? grad_y : (y <= 0.0f ? 0.0f : y);
  if constexpr (kActivation == AZJ_LEAKY_RELU) return y > 0.0f ? grad_y : (y <= 0.0f ? slope * grad_y : y);
  if constexpr (kActivation == AZJ_SIGMOID) return grad_y * (y * (1.0f - y));
  if constexpr (kActivation == AZJ_TANH) return grad_y * (1.0f - y * y);
  return grad_y;
}

// activation(z) of a whole vector.
template <int32_t kActivation>
AZJ_ALWAYS_INLINE Vec activate_each(Vec z, [[maybe_unused]] float slope) {
  if constexpr (kActivation == AZJ_IDENTITY) return z;
  if constexpr (kActivation == AZJ_RELU) return z < Vec{} ? Vec{} : z;
  if constexpr (kActivation == AZJ_LEAKY_RELU) return z > Vec{} ? z : slope * z;
  float values[kLanes];
  store(values, z);
#pragma omp simd
  for (int i = 0; i < kLanes; ++i) values[i] = activate<kActivation>(values[i], slope);
  return load(values);
}

// grad_y * activation'(z) of a whole vector.
template <int32_t kActivation>
AZJ_ALWAYS_INLINE Vec activation_gradient_each(Vec y, Vec grad_y, [[maybe_unused]] float slope) {
  if constexpr (kActivation == AZJ_RELU) return y > Vec{} ? grad_y : (y <= Vec{} ? Vec{} : y);
  if constexpr (kActivation == AZJ_LEAKY_RELU) return y > Vec{} ? grad_y : (y <= Vec{} ? slope * grad_y : y);
  if constexpr (kActivation == AZJ_SIGMOID) return grad_y * (y * (1.0f - y));
  if constexpr (kActivation == AZJ_TANH) return grad_y * (1.0f - y * y);
  return grad_y;
}

template <int32_t kValue>
struct Activation {
  static constexpr int32_t kind = kValue;
};

// Calls body(Activation<kind>{}): the choice is made once, outside the loop.
template <class Body>
AZJ_ALWAYS_INLINE void with_activation(int32_t activation, Body&& body) {
  switch (activation) {
    case AZJ_RELU: return body(Activation<AZJ_RELU>{});
    case AZJ_LEAKY_RELU: return body(Activation<AZJ_LEAKY_RELU>{});
    case AZJ_SIGMOID: return body(Activation<AZJ_SIGMOID>{});
    case AZJ_TANH: return body(Activation<AZJ_TANH>{});
    default: return body(Activation<AZJ_IDENTITY>{});
  }
}

// y[i] = activation(y[i] + bias): a row of one output channel.
static inline void apply_bias_activation_row(float* y, int64_t count, float bias, int32_t activation, float slope) {
  with_activation(activation, [=](auto kind) __attribute__((always_inline)) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = activate<decltype(kind)::kind>(y[i] + bias, slope);
  });
}

// y[i] = activation(y[i] + bias[i]): a row of a dense layer's outputs. bias may be null.
static inline void apply_biases_activation_row(float* y, int64_t count, const float* bias, int32_t activation,
                                               float slope) {
  if (bias == nullptr && activation == AZJ_IDENTITY) return;
  if (bias == nullptr) return apply_bias_activation_row(y, count, 0.0f, activation, slope);
  with_activation(activation, [=](auto kind) __attribute__((always_inline)) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = activate<decltype(kind)::kind>(y[i] + bias[i], slope);
  });
}

}  // namespace azj::cpu::AZJ_ISA
