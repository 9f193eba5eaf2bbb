// SGD with momentum, T(2.6), Adam and AdamW (azulejo.h): one launch over all parameters of a network.
//
//   g, w, v, m [count]; settings: one struct in device memory, read by every thread when it starts, so that a captured
//   launch follows a learning-rate schedule. A thread takes four neighbouring floats, or one where an array is not
//   aligned to 16 bytes and at the end.
//
// Bound by memory: 12 (SGD), 20 (momentum) and 28 (Adam) bytes a parameter.
#include "elements.cuh"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

__global__ __launch_bounds__(kElementThreads) void sgd_kernel(int64_t count, int64_t packs,
                                                              const azj_sgd_settings* settings, const float* g,
                                                              float* w, float* v) {
  const azj_sgd_settings s = *settings;
  for_elements(count, packs, [=](auto width, int64_t i) {
    constexpr int kWidth = decltype(width)::value;
    auto gradient = load<kWidth>(g + i);
    auto weight = load<kWidth>(w + i);
    for (int j = 0; j < kWidth; ++j) gradient.v[j] += s.weight_decay * weight.v[j];
    if (s.momentum != 0.0f) {
      // The host cannot see that momentum has no velocities to go with; the weights then tell.
      Pack<kWidth> velocity;
      for (float& value : velocity.v) value = NAN;
      if (v != nullptr) velocity = load<kWidth>(v + i);
      for (int j = 0; j < kWidth; ++j) {
        velocity.v[j] = s.momentum * velocity.v[j] + gradient.v[j];
        gradient.v[j] = s.nesterov != 0.0f ? gradient.v[j] + s.momentum * velocity.v[j] : velocity.v[j];
      }
      if (v != nullptr) store(v + i, velocity);
    }
    for (int j = 0; j < kWidth; ++j) weight.v[j] -= s.learning_rate * gradient.v[j];
    store(w + i, weight);
  });
}

__global__ __launch_bounds__(kElementThreads) void adam_kernel(int64_t count, int64_t packs,
                                                               const azj_adam_settings* settings, const float* g,
                                                               float* w, float* m, float* v) {
  const azj_adam_settings s = *settings;
  const bool decoupled = s.decoupled != 0.0f;
  for_elements(count, packs, [=](auto width, int64_t i) {
    constexpr int kWidth = decltype(width)::value;
    const auto gradients = load<kWidth>(g + i);
    auto weight = load<kWidth>(w + i), mean = load<kWidth>(m + i), square = load<kWidth>(v + i);
    for (int j = 0; j < kWidth; ++j) {
      const float gradient = gradients.v[j] + (decoupled ? 0.0f : s.weight_decay * weight.v[j]);
      mean.v[j] = s.beta1 * mean.v[j] + (1.0f - s.beta1) * gradient;
      square.v[j] = s.beta2 * square.v[j] + (1.0f - s.beta2) * (gradient * gradient);
      const float step = mean.v[j] * s.correction1 / (sqrtf(square.v[j] * s.correction2) + s.epsilon);
      weight.v[j] -= s.learning_rate * (step + (decoupled ? s.weight_decay * weight.v[j] : 0.0f));
    }
    store(m + i, mean);
    store(v + i, square);
    store(w + i, weight);
  });
}

}  // namespace

void sgd(cudaStream_t stream, const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v) {
  launch_elements(sgd_kernel, stream, count, pack_aligned(g, w, v), settings, g, w, v);
}

void adam(cudaStream_t stream, const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m,
          float* v) {
  launch_elements(adam_kernel, stream, count, pack_aligned(g, w, m, v), settings, g, w, m, v);
}

}  // namespace azj::cuda
