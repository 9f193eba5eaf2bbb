// SGD with momentum, Adam and AdamW: one pass over all parameters.
#include "grain.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::sgd(const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v) {
  const azj_sgd_settings s = *settings;
  if (s.momentum == 0) {
    team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) w[i] -= s.learning_rate * (g[i] + s.weight_decay * w[i]);
    });
    return;
  }
  if (v == nullptr) {
    fail(AZJ_INVALID_ARGUMENT, "v is NULL; with momentum %g it must hold a velocity for each of the %lld parameters",
         static_cast<double>(s.momentum), static_cast<long long>(count));
  }
  const bool nesterov = s.nesterov != 0;
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = g[i] + s.weight_decay * w[i];
      const float velocity = s.momentum * v[i] + gradient;
      v[i] = velocity;
      w[i] -= s.learning_rate * (nesterov ? gradient + s.momentum * velocity : velocity);
    }
  });
}

void Stream::adam(const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m, float* v) {
  const azj_adam_settings s = *settings;
  const bool decoupled = s.decoupled != 0;
  team_.parallel(count, kGrain, [=](int64_t begin, int64_t end, int) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const float gradient = g[i] + (decoupled ? 0.0f : s.weight_decay * w[i]);
      const float mean = s.beta1 * m[i] + (1.0f - s.beta1) * gradient;
      const float square = s.beta2 * v[i] + (1.0f - s.beta2) * (gradient * gradient);
      m[i] = mean;
      v[i] = square;
      const float step = mean * s.correction1 / (__builtin_sqrtf(square * s.correction2) + s.epsilon);
      w[i] -= s.learning_rate * (step + (decoupled ? s.weight_decay * w[i] : 0.0f));
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
