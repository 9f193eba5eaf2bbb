// Max and mean pooling with channels last, forward and backward, tap by tap in double.
#include <algorithm>
#include <limits>

#include "backend.hpp"
#include "bf16.hpp"
#include "bf16_numbers.hpp"
#include "cuda_bf16_small.hpp"
#include "device_array.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Sizes {
  explicit Sizes(const azj_pool2d_desc& d)
      : out_h(azj::output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h)),
        out_w(azj::output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w)),
        pitch(pitch_of(d.channels)),
        x(static_cast<size_t>(d.batch * d.height * d.width * pitch)),
        y(static_cast<size_t>(d.batch * out_h * out_w * pitch)) {}
  int64_t out_h, out_w, pitch;
  size_t x, y;
};

struct Tap {
  size_t x;  // offset
  int64_t index;
};

// Calls body(o, taps inside x) for each output that is a channel's.
template <class Body>
void for_windows(const azj_pool2d_desc& d, const Sizes& s, Body body) {
  for (size_t o = 0; o < s.y; ++o) {
    const int64_t channel = static_cast<int64_t>(o) % s.pitch, pixel = static_cast<int64_t>(o) / s.pitch;
    if (channel >= d.channels) continue;
    const int64_t q = pixel % s.out_w, p = pixel / s.out_w % s.out_h, image = pixel / (s.out_w * s.out_h);
    const int64_t top = p * d.stride_h - d.pad_h, left = q * d.stride_w - d.pad_w;
    std::vector<Tap> inside;
    for (int64_t r = std::max<int64_t>(top, 0); r < std::min(top + d.window_h, d.height); ++r) {
      for (int64_t c = std::max<int64_t>(left, 0); c < std::min(left + d.window_w, d.width); ++c) {
        // Unsigned: the number of a tap may exceed 63 bits where a mean, which needs none, has such a window.
        const uint64_t tap = static_cast<uint64_t>(r - top) * static_cast<uint64_t>(d.window_w) +
                             static_cast<uint64_t>(c - left);
        inside.push_back({static_cast<size_t>(((image * d.height + r) * d.width + c) * s.pitch + channel),
                          static_cast<int64_t>(tap)});
      }
    }
    body(o, inside);
  }
}

double divisor(const azj_pool2d_desc& d, size_t taps_inside) {
  if (d.count_padding) return static_cast<double>(d.window_h) * static_cast<double>(d.window_w);
  return static_cast<double>(taps_inside);
}

void max_pool(cudaStream_t stream, const azj_pool2d_desc& d, const std::vector<float>& x) {
  const Sizes s(d);
  const auto g = to_bf16(random_floats(static_cast<int64_t>(s.y), 2));
  std::vector<float> y(s.y);
  std::vector<uint8_t> where(s.y);
  std::vector<double> grad(s.x);
  for_windows(d, s, [&](size_t o, const std::vector<Tap>& inside) {
    Tap best = inside[0];
    for (const Tap& tap : inside) {
      if (!std::isnan(x[best.x]) && (std::isnan(x[tap.x]) || x[tap.x] > x[best.x])) best = tap;
    }
    y[o] = x[best.x];
    where[o] = static_cast<uint8_t>(best.index);
    grad[best.x] += from_bf16(g[o]);
  });
  DeviceArray<azj_bf16> in(to_bf16(x)), out(s.y, 0), alone(s.y, 0), grad_y(g), grad_x(s.x, 0);
  DeviceArray<uint8_t> argmax(s.y, 0);
  azj::cuda::bf16_pool2d_forward(stream, d, in.data(), alone.data(), nullptr);
  azj::cuda::bf16_pool2d_forward(stream, d, in.data(), out.data(), argmax.data());
  azj::cuda::bf16_pool2d_backward(stream, d, grad_y.data(), argmax.data(), grad_x.data());
  finish_stream(stream);
  NEAR(from_bf16(out.read()), y, 0);
  CHECK(alone.read() == out.read());
  CHECK(argmax.read() == where);
  ROUNDED(grad_x.read(), grad, 1e-6);
}

void mean_pool(cudaStream_t stream, const azj_pool2d_desc& d, const std::vector<float>& x) {
  const Sizes s(d);
  const auto g = to_bf16(random_floats(static_cast<int64_t>(s.y), 3, 0.5f, 2));
  std::vector<double> y(s.y), grad(s.x);
  for_windows(d, s, [&](size_t o, const std::vector<Tap>& inside) {
    for (const Tap& tap : inside) {
      y[o] += x[tap.x] / divisor(d, inside.size());
      grad[tap.x] += from_bf16(g[o]) / divisor(d, inside.size());
    }
  });
  DeviceArray<azj_bf16> in(to_bf16(x)), out(s.y, 0), grad_y(g), grad_x(s.x, 0);
  azj::cuda::bf16_pool2d_forward(stream, d, in.data(), out.data(), nullptr);
  azj::cuda::bf16_pool2d_backward(stream, d, grad_y.data(), nullptr, grad_x.data());
  finish_stream(stream);
  ROUNDED(out.read(), y, 1e-5);
  ROUNDED(grad_x.read(), grad, 1e-5);
}

void pool(cudaStream_t stream, azj_pool2d_desc d) {
  // Positive, so that the sums of means do not cancel; rounded, as the kernels see it.
  auto x = from_bf16(to_bf16(random_floats(static_cast<int64_t>(Sizes(d).x), 1, 0.5f, 4)));
  d.mode = AZJ_POOL_MEAN;
  for (const int32_t count_padding : {0, 1}) {
    d.count_padding = count_padding;
    mean_pool(stream, d, x);
  }
  if (d.window_h > 256 / d.window_w) return;
  d.mode = AZJ_POOL_MAX;
  for (float& v : x) v -= 2;
  x = from_bf16(to_bf16(x));
  max_pool(stream, d, x);
  for (float& v : x) v = std::round(v);  // equals
  for (size_t i = 0; i < x.size(); i += 13) x[i] = i % 2 ? kNaN : -kInfinity;
  max_pool(stream, d, x);
  max_pool(stream, d, std::vector<float>(x.size(), -kInfinity));
}

// An argmax that no forward pass wrote makes its window NaN, in its channel and nowhere else.
void stray_argmax(cudaStream_t stream, int64_t window) {
  const azj_pool2d_desc d{1, 9, 6, 6, window, window, window, window, 0, 0, AZJ_POOL_MAX, 0};
  const Sizes s(d);
  std::vector<uint8_t> where(s.y, 0);
  where[2] = static_cast<uint8_t>(window * window);
  where[s.y - 8] = 255;  // the last output's ninth channel
  where[s.y - 1] = 255;  // padding
  DeviceArray<uint8_t> argmax(where);
  DeviceArray<azj_bf16> grad_y(to_bf16(random_floats(static_cast<int64_t>(s.y), 4))), grad_x(s.x, 0);
  azj::cuda::bf16_pool2d_backward(stream, d, grad_y.data(), argmax.data(), grad_x.data());
  finish_stream(stream);
  const auto grad = from_bf16(grad_x.read());
  const int64_t nans = std::count_if(grad.begin(), grad.end(), [](float g) { return std::isnan(g); });
  CHECK(nans == 2 * window * window);
  CHECK(std::isnan(grad[2]) && std::isnan(grad[s.x - 8]) && grad[s.x - 1] == 0 && std::isfinite(grad[1]));
}

}  // namespace

void test_bf16_pool2d(cudaStream_t stream) {
  constexpr int64_t kHuge = INT64_C(1) << 40;  // windows that dwarf x, and need 64-bit indices
  const azj_pool2d_desc pools[] = {
      // batch, channels, height, width, window_h, window_w, stride_h, stride_w, pad_h, pad_w
      {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},     {2, 3, 7, 9, 2, 2, 2, 2, 0, 0, 0, 0},
      {2, 20, 24, 24, 2, 2, 2, 2, 0, 0, 0, 0},  {2, 16, 5, 8, 2, 2, 2, 2, 0, 0, 0, 0},
      {2, 9, 9, 11, 3, 3, 2, 2, 1, 1, 0, 0},    {1, 8, 13, 40, 3, 3, 1, 1, 1, 1, 0, 0},
      {2, 10, 10, 37, 3, 2, 3, 3, 0, 1, 0, 0},  {2, 65, 7, 7, 7, 7, 1, 1, 0, 0, 0, 0},
      {1, 2, 20, 30, 9, 9, 4, 2, 4, 4, 0, 0},   {1, 2, 6, 5, 2, 7, 1, 1, 1, 6, 0, 0},
      {2, 12, 6, 6, 1, 1, 2, 2, 0, 0, 0, 0},    {1, 11, 16, 16, 16, 16, 1, 1, 0, 0, 0, 0},
      {1, 4, 33, 35, 33, 35, 1, 1, 0, 0, 0, 0}, {1, 9, 12, 12, 2, 2, 5, 5, 0, 0, 0, 0},
      {1, 3, 5, 1, 3, 1, 1, kHuge, 1, 0, 0, 0}, {1, 10, 4, 4, kHuge, kHuge, kHuge, kHuge, kHuge - 1, kHuge - 1, 0, 0}};
  for (const auto& d : pools) pool(stream, d);
  stray_argmax(stream, 2);
  stray_argmax(stream, 3);
}
