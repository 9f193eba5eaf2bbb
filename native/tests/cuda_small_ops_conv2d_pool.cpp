// A convolution that ends in max pooling, and the gradient through the pooling and an activation to the convolution's
// output and bias, window by window in double.
#include <algorithm>
#include <limits>

#include "backend.hpp"
#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

using namespace azj::cuda;

azj_conv2d_desc output_of(int64_t batch, int64_t filters, int64_t out_h, int64_t out_w, int32_t activation) {
  return {batch, 1, out_h, out_w, filters, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, activation, 0, 0};
}

// Places of the maxima in their windows, in turn; y between the values an activation can have.
struct Problem {
  explicit Problem(const azj_conv2d_desc& desc)
      : d(desc), rows(d.height / 2), columns(d.width / 2), count(d.batch * d.filters * rows * columns),
        y(random_floats(count, 1, -0.9f, 0.9f)), grad_y(random_floats(count, 2)) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = i / columns % rows, column = i % columns, place = i * 7 % 4;
      argmax.push_back(static_cast<int32_t>((2 * row + place / 2) * d.width + 2 * column + place % 2));
    }
  }
  azj_conv2d_desc d;
  int64_t rows, columns, count;
  std::vector<float> y, grad_y;
  std::vector<int32_t> argmax;
};

double derivative(int32_t activation, double y) {
  switch (activation) {
    case AZJ_RELU: return y > 0 ? 1 : 0;
    case AZJ_TANH: return 1 - y * y;
    default: return 1;
  }
}

void backward(cudaStream_t stream, const azj_conv2d_desc& d) {
  const Problem p(d);
  const size_t outputs = static_cast<size_t>(d.batch * d.filters * d.height * d.width);
  std::vector<double> grad_z(outputs), grad_bias(static_cast<size_t>(d.filters));
  for (int64_t i = 0; i < p.count; ++i) {
    const size_t at = static_cast<size_t>(i);
    const int64_t plane = i / (p.rows * p.columns);
    const double g = p.grad_y[at] * derivative(d.activation, p.y[at]);
    grad_z[static_cast<size_t>(plane * d.height * d.width + p.argmax[at])] = g;
    grad_bias[static_cast<size_t>(plane % d.filters)] += g;
  }
  DeviceArray<float> y(p.y), grad_y(p.grad_y), to(outputs, 0), alone(outputs, 0);
  DeviceArray<float> bias(static_cast<size_t>(d.filters), 0);
  DeviceArray<int32_t> argmax(p.argmax);
  DeviceArray<double> partials(azj::cuda::conv2d_pool_partial_bytes(d) / sizeof(double), 0);
  azj::cuda::conv2d_pool_backward(stream, d, y.data(), argmax.data(), grad_y.data(), to.data(), bias.data(),
                                  partials.data());
  azj::cuda::conv2d_pool_backward(stream, d, y.data(), argmax.data(), grad_y.data(), alone.data(), nullptr, nullptr);
  finish_stream(stream);
  NEAR(to.read(), grad_z, 1e-6);
  NEAR(bias.read(), grad_bias, 1e-6);
  CHECK(alone.read() == to.read());
  partials.read();  // its guards
}

// An argmax outside its window makes the window NaN, and with it the filter's bias, and only those.
void stray_argmax(cudaStream_t stream) {
  Problem p(output_of(1, 2, 4, 6, AZJ_IDENTITY));
  p.argmax[0] = 2;  // the neighbour's
  p.argmax[5] = -1;
  DeviceArray<float> y(p.y), grad_y(p.grad_y), to(48, 0), bias(2, 0);
  DeviceArray<int32_t> argmax(p.argmax);
  DeviceArray<double> partials(azj::cuda::conv2d_pool_partial_bytes(p.d) / sizeof(double), 0);
  azj::cuda::conv2d_pool_backward(stream, p.d, y.data(), argmax.data(), grad_y.data(), to.data(), bias.data(),
                                  partials.data());
  finish_stream(stream);
  const auto grad = to.read();
  const auto sums = bias.read();
  const int64_t nans = std::count_if(grad.begin(), grad.end(), [](float g) { return std::isnan(g); });
  CHECK(nans == 8 && std::isnan(grad[0]) && std::isnan(grad[7]) && std::isnan(grad[16]) && std::isnan(grad[23]));
  CHECK(std::isnan(sums[0]) && std::isfinite(sums[1]));
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// An epilogue that pools gives the bits of the convolution and the pooling one after the other.
// convolve(x, w, bias, z); convolve_and_pool(x, w, bias, y, argmax).
template <class Convolve, class ConvolveAndPool>
void agree(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<float>& inputs, Convolve convolve,
           ConvolveAndPool convolve_and_pool) {
  const ConvSize s(d);
  const size_t outputs = static_cast<size_t>(d.batch * s.out_sample);
  const size_t pooled = static_cast<size_t>(d.batch * d.filters * (s.out_h / 2) * (s.out_w / 2));
  DeviceArray<float> x(inputs), w(random_floats(s.weights, 4));
  DeviceArray<float> bias(random_floats(d.filters, 5));
  const azj_pool2d_desc halves{d.batch, d.filters, s.out_h, s.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
  for (float* b : {bias.data(), static_cast<float*>(nullptr)}) {
    DeviceArray<float> z(outputs, 0), y(pooled, 0), expected(pooled, 0), alone(pooled, 0);
    DeviceArray<int32_t> argmax(pooled, 0), places(pooled, 0);
    convolve(x.data(), w.data(), b, z.data());
    azj::cuda::pool2d_forward(stream, halves, z.data(), expected.data(), places.data());
    convolve_and_pool(x.data(), w.data(), b, y.data(), argmax.data());
    convolve_and_pool(x.data(), w.data(), b, alone.data(), nullptr);
    finish_stream(stream);
    CHECK(same_bits(y.read(), expected.read()));
    CHECK(same_bits(alone.read(), expected.read()));
    CHECK(argmax.read() == places.read());
  }
}

void implicit(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<float>& inputs) {
  for (const GemmTile tile : {GemmTile::AUTO, GemmTile::SMALL, GemmTile::MEDIUM, GemmTile::LARGE, GemmTile::WIDE}) {
    agree(stream, d, inputs,
          [&](auto* x, auto* w, auto* bias, auto* z) {
            conv2d_implicit_forward(stream, d, ConvMath::FP32, x, w, bias, z, tile);
          },
          [&](auto* x, auto* w, auto* bias, auto* y, int32_t* argmax) {
            conv2d_implicit_pool_forward(stream, d, x, w, bias, y, argmax, tile);
          });
  }
}

void winograd(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<float>& inputs) {
  for (const WinogradSize size : {WinogradSize::F4X4, WinogradSize::F2X2}) {
    for (const WinogradForm form : {WinogradForm::STAGED, WinogradForm::FUSED}) {
      DeviceArray<float> whole(conv2d_winograd_workspace_bytes(d, size, AZJ_CONV_FORWARD, form) / sizeof(float), 0);
      DeviceArray<float> of_pool(conv2d_winograd_pool_workspace_bytes(d, size, form) / sizeof(float), 0);
      agree(stream, d, inputs,
            [&](auto* x, auto* w, auto* bias, auto* z) {
              conv2d_winograd_forward(stream, d, size, x, w, bias, z, whole.data(), form);
            },
            [&](auto* x, auto* w, auto* bias, auto* y, int32_t* argmax) {
              conv2d_winograd_pool_forward(stream, d, size, x, w, bias, y, argmax, of_pool.data(), form);
            });
      of_pool.read();  // its guards
    }
  }
}

void forward(cudaStream_t stream, const azj_conv2d_desc& d, const std::vector<float>& inputs) {
  implicit(stream, d, inputs);
  if (conv2d_winograd_supports(d)) winograd(stream, d, inputs);
}

}  // namespace

void test_conv2d_pool(cudaStream_t stream) {
  const int64_t sizes[][4] = {{1, 1, 2, 2},   {2, 3, 5, 7},     {3, 6, 28, 28}, {1, 1200, 2, 3},
                              {65, 2, 3, 4}, {9, 1, 33, 70}, {4, 5, 3, 2}};
  for (const auto& size : sizes) {
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_TANH}) {
      backward(stream, output_of(size[0], size[1], size[2], size[3], activation));
    }
  }
  stray_argmax(stream);
  const azj_conv2d_desc convolutions[] = {
      {3, 5, 13, 11, 33, 3, 3, 1, 1, 2, 0, 1, 1, 1, 0, 0, AZJ_RELU, 0, 0},
      {2, 3, 4, 5, 2, 3, 3, 1, 1, 0, 0, 1, 1, 1, 0, 0, AZJ_TANH, 0, 0},
      {3, 1, 12, 12, 6, 5, 5, 1, 1, 2, 2, 1, 1, 1, 0, 0, AZJ_RELU, 0, 0},
      {2, 3, 9, 11, 37, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0, AZJ_LEAKY_RELU, 0.1f, 0},
      {2, 4, 12, 13, 6, 3, 2, 2, 1, 1, 0, 1, 2, 2, 0, 0, AZJ_SIGMOID, 0, 0}};
  for (const auto& d : convolutions) {
    auto x = random_floats(d.batch * d.channels * d.height * d.width, 3);
    forward(stream, d, x);
    for (float& value : x) value = std::round(value / 4);  // equal outputs, of which the first one wins
    for (size_t i = 20; i < x.size(); i += 41) x[i] = i % 2 ? std::numeric_limits<float>::quiet_NaN() : INFINITY;
    forward(stream, d, x);
  }
}
