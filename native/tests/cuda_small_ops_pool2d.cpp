// Max and mean pooling, forward and backward, tap by tap in double.
#include <algorithm>
#include <limits>

#include "backend.hpp"
#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Sizes {
  explicit Sizes(const azj_pool2d_desc& d)
      : out_h(azj::output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h)),
        out_w(azj::output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w)),
        x(static_cast<size_t>(d.batch * d.channels * d.height * d.width)),
        y(static_cast<size_t>(d.batch * d.channels * out_h * out_w)) {}
  int64_t out_h, out_w;
  size_t x, y;
};

// Calls body(o, first, last, taps) for each output: the window's corners inside the plane, as offsets into x.
template <class Body>
void for_windows(const azj_pool2d_desc& d, const Sizes& s, Body body) {
  for (size_t o = 0; o < s.y; ++o) {
    const int64_t q = static_cast<int64_t>(o) % s.out_w, p = static_cast<int64_t>(o) / s.out_w % s.out_h;
    const int64_t plane = static_cast<int64_t>(o) / (s.out_w * s.out_h) * d.height * d.width;
    const int64_t top = p * d.stride_h - d.pad_h, left = q * d.stride_w - d.pad_w;
    std::vector<size_t> inside;
    for (int64_t r = std::max<int64_t>(top, 0); r < std::min(top + d.window_h, d.height); ++r) {
      for (int64_t c = std::max<int64_t>(left, 0); c < std::min(left + d.window_w, d.width); ++c) {
        inside.push_back(static_cast<size_t>(plane + r * d.width + c));
      }
    }
    body(o, static_cast<size_t>(plane), inside);
  }
}

double divisor(const azj_pool2d_desc& d, size_t taps_inside) {
  if (d.count_padding) return static_cast<double>(d.window_h) * static_cast<double>(d.window_w);
  return static_cast<double>(taps_inside);
}

void max_pool(cudaStream_t stream, const azj_pool2d_desc& d, const std::vector<float>& x) {
  const Sizes s(d);
  const auto g = random_floats(static_cast<int64_t>(s.y), 2);
  std::vector<float> y(s.y);
  std::vector<int32_t> where(s.y);
  std::vector<double> grad(s.x);
  for_windows(d, s, [&](size_t o, size_t plane, const std::vector<size_t>& inside) {
    size_t best = inside[0];
    for (const size_t i : inside) {
      if (!std::isnan(x[best]) && (std::isnan(x[i]) || x[i] > x[best])) best = i;
    }
    y[o] = x[best];
    where[o] = static_cast<int32_t>(best - plane);
    grad[best] += g[o];
  });
  DeviceArray<float> in(x), out(s.y, 0), grad_y(g), grad_x(s.x, 0);
  DeviceArray<int32_t> argmax(s.y, 0);
  azj::cuda::pool2d_forward(stream, d, in.data(), out.data(), nullptr);
  finish_stream(stream);
  NEAR(out.read(), y, 0);
  azj::cuda::pool2d_forward(stream, d, in.data(), out.data(), argmax.data());
  azj::cuda::pool2d_backward(stream, d, grad_y.data(), argmax.data(), grad_x.data());
  finish_stream(stream);
  NEAR(out.read(), y, 0);
  CHECK(argmax.read() == where);
  NEAR(grad_x.read(), grad, 1e-6);
}

void mean_pool(cudaStream_t stream, const azj_pool2d_desc& d, const std::vector<float>& x) {
  const Sizes s(d);
  const auto g = random_floats(static_cast<int64_t>(s.y), 3);
  std::vector<double> y(s.y), grad(s.x);
  for_windows(d, s, [&](size_t o, size_t, const std::vector<size_t>& inside) {
    for (const size_t i : inside) {
      y[o] += x[i] / divisor(d, inside.size());
      grad[i] += g[o] / divisor(d, inside.size());
    }
  });
  DeviceArray<float> in(x), out(s.y, 0), grad_y(g), grad_x(s.x, 0);
  azj::cuda::pool2d_forward(stream, d, in.data(), out.data(), nullptr);
  azj::cuda::pool2d_backward(stream, d, grad_y.data(), nullptr, grad_x.data());
  finish_stream(stream);
  NEAR(out.read(), y, 1e-6);
  NEAR(grad_x.read(), grad, 1e-6);
}

void pool(cudaStream_t stream, azj_pool2d_desc d) {
  auto x = random_floats(static_cast<int64_t>(Sizes(d).x), 1);
  d.mode = AZJ_POOL_MEAN;
  for (const int32_t count_padding : {0, 1}) {
    d.count_padding = count_padding;
    mean_pool(stream, d, x);
  }
  d.mode = AZJ_POOL_MAX;
  max_pool(stream, d, x);
  for (float& v : x) v = std::round(v);  // equals
  for (size_t i = 0; i < x.size(); i += 13) x[i] = i % 2 ? kNaN : -kInfinity;
  max_pool(stream, d, x);
  max_pool(stream, d, std::vector<float>(x.size(), -kInfinity));
}

// An argmax that no forward pass wrote makes its window NaN, and only that.
void stray_argmax(cudaStream_t stream, int64_t window) {
  const azj_pool2d_desc d{1, 1, 6, 6, window, window, window, window, 0, 0, AZJ_POOL_MAX, 0};
  const Sizes s(d);
  std::vector<int32_t> where(s.y, 0);
  where[0] = 36;
  where[s.y - 1] = -1;
  DeviceArray<int32_t> argmax(where);
  DeviceArray<float> grad_y(random_floats(static_cast<int64_t>(s.y), 4)), grad_x(s.x, 0);
  azj::cuda::pool2d_backward(stream, d, grad_y.data(), argmax.data(), grad_x.data());
  finish_stream(stream);
  const auto grad = grad_x.read();
  CHECK(std::isnan(grad[0]) && std::isnan(grad[7]) && std::isnan(grad[35]));
  CHECK(grad[5] == 0 && grad[30] == 0);
}

}  // namespace

void test_pool2d(cudaStream_t stream) {
  constexpr int64_t kHuge = INT64_C(1) << 40;  // padding that dwarfs x, and needs 64-bit indices
  const azj_pool2d_desc pools[] = {
      // batch, channels, height, width, window_h, window_w, stride_h, stride_w, pad_h, pad_w
      {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},      {2, 3, 7, 9, 2, 2, 2, 2, 0, 0, 0, 0},
      {3, 2, 8, 70, 2, 2, 2, 2, 0, 0, 0, 0},     {2, 2, 24, 24, 2, 2, 2, 2, 0, 0, 0, 0},
      {2, 3, 9, 11, 3, 3, 2, 2, 1, 1, 0, 0},     {1, 2, 13, 40, 3, 3, 1, 1, 1, 1, 0, 0},
      {2, 2, 10, 37, 3, 2, 3, 3, 0, 1, 0, 0},    {2, 5, 7, 7, 7, 7, 1, 1, 0, 0, 0, 0},
      {1, 2, 20, 30, 9, 9, 4, 2, 4, 4, 0, 0},    {2, 3, 9, 9, 9, 3, 1, 3, 4, 1, 0, 0},
      {1, 2, 6, 5, 2, 7, 1, 1, 1, 6, 0, 0},      {1, 1, 3, 4, 5, 6, 1, 1, 2, 3, 0, 0},
      {2, 2, 6, 6, 1, 1, 2, 2, 0, 0, 0, 0},      {1, 2, 5, 600, 2, 2, 1, 1, 1, 1, 0, 0},
      {1, 3, 9, 8, 8, 8, 1, 1, 0, 0, 0, 0},      {3, 4, 33, 35, 33, 35, 1, 1, 0, 0, 0, 0},
      {1, 1, 12, 12, 2, 2, 5, 5, 0, 0, 0, 0},    {40, 20, 12, 12, 2, 2, 2, 2, 0, 0, 0, 0},
      {1, 2, 2, 3, 2, 2, 2, 2, 0, 0, 0, 0},      {1, 1, 4, 4, kHuge, kHuge, kHuge, kHuge, kHuge - 1, kHuge - 1, 0, 0},
      {1, 2, 5, 4, 3, kHuge, 1, kHuge, 1, kHuge - 2, 0, 0},
      {2, 1, 9, 9, kHuge, kHuge, kHuge, kHuge, kHuge - 9, kHuge - 9, 0, 0}};
  for (const auto& d : pools) pool(stream, d);
  for (int64_t size = 2; size <= 67; ++size) pool(stream, {1, 2, size, 69 - size, 2, 2, 2, 2, 0, 0, 0, 0});
  stray_argmax(stream, 2);
  stray_argmax(stream, 3);
}
