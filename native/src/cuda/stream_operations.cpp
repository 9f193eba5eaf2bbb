// The operations beside GEMM, dense and convolution on a CUDA stream: operands checked, kernels launched.
#include "kernels.hpp"
#include "stream.hpp"

namespace azj::cuda {

void CudaStream::fill(int64_t count, float value, float* x) {
  run({{"x", x}}, [&] { cuda::fill(handle(), count, value, x); });
}

void CudaStream::scale(int64_t count, float alpha, float* x) {
  run({{"x", x}}, [&] { cuda::scale(handle(), count, alpha, x); });
}

void CudaStream::axpy(int64_t count, float alpha, const float* x, float* y) {
  run({{"x", x}, {"y", y}}, [&] { cuda::axpy(handle(), count, alpha, x, y); });
}

void CudaStream::sum(int64_t count, float alpha, const float* x, float beta, float* result) {
  run({{"x", x}, {"result", result}},
      [&] { cuda::sum(handle(), count, alpha, x, beta, result, partials_.as<double>()); });
}

void CudaStream::activation_forward(int32_t activation, float slope, int64_t count, const float* x, float* y) {
  run({{"x", x}, {"y", y}}, [&] { cuda::activation_forward(handle(), activation, slope, count, x, y); });
}

void CudaStream::activation_backward(int32_t activation, float slope, int64_t count, const float* y,
                                     const float* grad_y, float* grad_x) {
  run({{"y", y}, {"grad_y", grad_y}, {"grad_x", grad_x}},
      [&] { cuda::activation_backward(handle(), activation, slope, count, y, grad_y, grad_x); });
}

void CudaStream::softmax_forward(int64_t rows, int64_t classes, const float* x, float* y) {
  run({{"x", x}, {"y", y}}, [&] { cuda::softmax_forward(handle(), rows, classes, x, y); });
}

void CudaStream::softmax_backward(int64_t rows, int64_t classes, const float* y, const float* grad_y, float* grad_x) {
  run({{"y", y}, {"grad_y", grad_y}, {"grad_x", grad_x}},
      [&] { cuda::softmax_backward(handle(), rows, classes, y, grad_y, grad_x); });
}

void CudaStream::pool2d_forward(const azj_pool2d_desc& d, const float* x, float* y, int32_t* argmax) {
  run({{"x", x}, {"y", y}, {"argmax", argmax}}, [&] { cuda::pool2d_forward(handle(), d, x, y, argmax); });
}

void CudaStream::pool2d_backward(const azj_pool2d_desc& d, const float* grad_y, const int32_t* argmax, float* grad_x) {
  run({{"grad_y", grad_y}, {"argmax", argmax}, {"grad_x", grad_x}},
      [&] { cuda::pool2d_backward(handle(), d, grad_y, argmax, grad_x); });
}

void CudaStream::softmax_cross_entropy(int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                                       float grad_scale, float* losses, float* grad) {
  run({{"x", x}, {"labels", labels}, {"losses", losses}, {"grad", grad}},
      [&] { cuda::softmax_cross_entropy(handle(), rows, classes, x, labels, grad_scale, losses, grad); });
}

void CudaStream::sigmoid_cross_entropy(int64_t rows, int64_t classes, const float* x, const float* targets,
                                       float grad_scale, float* losses, float* grad) {
  run({{"x", x}, {"targets", targets}, {"losses", losses}, {"grad", grad}},
      [&] { cuda::sigmoid_cross_entropy(handle(), rows, classes, x, targets, grad_scale, losses, grad); });
}

void CudaStream::mean_squared_error(int64_t rows, int64_t columns, const float* x, const float* targets,
                                    float grad_scale, float* losses, float* grad) {
  run({{"x", x}, {"targets", targets}, {"losses", losses}, {"grad", grad}},
      [&] { cuda::mean_squared_error(handle(), rows, columns, x, targets, grad_scale, losses, grad); });
}

void CudaStream::argmax(int64_t rows, int64_t classes, const float* x, const int32_t* labels, int32_t* predictions,
                        float* hits) {
  run({{"x", x}, {"labels", labels}, {"predictions", predictions}, {"hits", hits}},
      [&] { cuda::argmax(handle(), rows, classes, x, labels, predictions, hits); });
}

void CudaStream::sgd(const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v) {
  run({{"settings", settings, sizeof *settings}, {"g", g}, {"w", w}, {"v", v}},
      [&] { cuda::sgd(handle(), settings, count, g, w, v); });
}

void CudaStream::adam(const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m, float* v) {
  run({{"settings", settings, sizeof *settings}, {"g", g}, {"w", w}, {"m", m}, {"v", v}},
      [&] { cuda::adam(handle(), settings, count, g, w, m, v); });
}

void CudaStream::gather(const azj_gather_desc& d, const uint8_t* pixels, const int32_t* labels,
                        const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x,
                        int32_t* y) {
  const auto channels = static_cast<uint64_t>(d.channels) * sizeof(float);
  run({{"pixels", pixels},
       {"labels", labels},
       {"items", items, static_cast<uint64_t>(d.items) * sizeof *items},
       {"next", next, sizeof *next},
       {"mean", mean, channels},
       {"scale", scale, channels},
       {"x", x},
       {"y", y}},
      [&] { cuda::gather(handle(), d, pixels, labels, items, next, mean, scale, x, y); });
}

void CudaStream::select(int64_t rows, int64_t columns, const float* table, int64_t* next, float* out) {
  const uint64_t row = static_cast<uint64_t>(columns) * sizeof *table;
  run({{"table", table, static_cast<uint64_t>(rows) * row}, {"next", next, sizeof *next}, {"out", out, row}},
      [&] { cuda::select(handle(), rows, columns, table, next, out); });
}

void CudaStream::random_uniform(azj_random_state* state, int64_t count, float low, float high, float* x) {
  run({{"state", state, sizeof *state}, {"x", x}},
      [&] { cuda::random_uniform(handle(), state, count, low, high, x); });
}

void CudaStream::random_normal(azj_random_state* state, int64_t count, float mean, float deviation, float* x) {
  run({{"state", state, sizeof *state}, {"x", x}},
      [&] { cuda::random_normal(handle(), state, count, mean, deviation, x); });
}

}  // namespace azj::cuda
