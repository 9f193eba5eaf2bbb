// SGD and Adam: three steps from the same start as a loop in double.
#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

constexpr int kSteps = 3;

void sgd(cudaStream_t stream, const azj_sgd_settings& s, int64_t count, size_t offset) {
  const auto size = static_cast<size_t>(count);
  const auto g = random_floats(count, 1), w = random_floats(count, 2), v = random_floats(count, 3);
  DeviceArray<azj_sgd_settings> settings(std::vector<azj_sgd_settings>{s});
  DeviceArray<float> gradient(g, offset), weight(w, offset), velocity(v, offset);
  std::vector<double> expected(w.begin(), w.end()), momentum(v.begin(), v.end());
  for (int step = 0; step < kSteps; ++step) {
    azj::cuda::sgd(stream, settings.data(), count, gradient.data(), weight.data(),
                   s.momentum == 0 ? nullptr : velocity.data());
    for (size_t i = 0; i < size; ++i) {
      const double decayed = g[i] + s.weight_decay * expected[i];
      double change = decayed;
      if (s.momentum != 0) {
        momentum[i] = s.momentum * momentum[i] + decayed;
        change = s.nesterov != 0 ? decayed + s.momentum * momentum[i] : momentum[i];
      }
      expected[i] -= s.learning_rate * change;
    }
  }
  finish_stream(stream);
  NEAR(weight.read(), expected, 2e-6);
  NEAR(velocity.read(), momentum, 2e-6);
  CHECK(gradient.read() == g);
}

void adam(cudaStream_t stream, bool decoupled, int64_t count, size_t offset) {
  const auto size = static_cast<size_t>(count);
  const auto g = random_floats(count, 4), w = random_floats(count, 5);
  DeviceArray<float> gradient(g, offset), weight(w, offset);
  DeviceArray<float> m(std::vector<float>(size, 0.0f), offset), v(std::vector<float>(size, 0.0f), offset);
  std::vector<double> expected(w.begin(), w.end()), mean(size), square(size);
  for (int step = 1; step <= kSteps; ++step) {
    azj_adam_settings s{0.01f, 0.9f, 0.999f, 1e-8f, 0.02f, decoupled ? 1.0f : 0.0f, 0, 0};
    s.correction1 = static_cast<float>(1 / (1 - std::pow(0.9, step)));
    s.correction2 = static_cast<float>(1 / (1 - std::pow(0.999, step)));
    DeviceArray<azj_adam_settings> settings(std::vector<azj_adam_settings>{s});
    azj::cuda::adam(stream, settings.data(), count, gradient.data(), weight.data(), m.data(), v.data());
    finish_stream(stream);
    for (size_t i = 0; i < size; ++i) {
      const double decayed = g[i] + (decoupled ? 0 : s.weight_decay * expected[i]);
      mean[i] = s.beta1 * mean[i] + (1 - s.beta1) * decayed;
      square[i] = s.beta2 * square[i] + (1 - s.beta2) * decayed * decayed;
      const double change = mean[i] * s.correction1 / (std::sqrt(square[i] * s.correction2) + s.epsilon);
      expected[i] -= s.learning_rate * (change + (decoupled ? s.weight_decay * expected[i] : 0));
    }
  }
  NEAR(weight.read(), expected, 2e-6);
  NEAR(m.read(), mean, 2e-6);
  NEAR(v.read(), square, 2e-6);
}

// The host cannot see that there is momentum and no velocity: the weights say so.
void momentum_without_velocity(cudaStream_t stream) {
  DeviceArray<azj_sgd_settings> settings(std::vector<azj_sgd_settings>{{0.1f, 0.9f, 0, 0}});
  DeviceArray<float> g(random_floats(9, 6)), w(random_floats(9, 7));
  azj::cuda::sgd(stream, settings.data(), 9, g.data(), w.data(), nullptr);
  finish_stream(stream);
  for (const float weight : w.read()) CHECK(std::isnan(weight));
}

}  // namespace

void test_optimizers(cudaStream_t stream) {
  for (const size_t offset : {0, 1}) {
    for (int64_t count = 1; count <= 67; count += count < 9 ? 1 : 7) {
      sgd(stream, {0.1f, 0, 0, 0}, count, offset);
      sgd(stream, {0.1f, 0, 0.01f, 1}, count, offset);
      sgd(stream, {0.1f, 0.9f, 0, 0}, count, offset);
      sgd(stream, {0.1f, 0.9f, 0.01f, 1}, count, offset);
      adam(stream, false, count, offset);
      adam(stream, true, count, offset);
    }
  }
  momentum_without_velocity(stream);
}
