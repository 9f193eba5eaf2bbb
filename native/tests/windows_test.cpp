// Convolution and pooling against loops that follow the equations of azulejo.h tap by tap, in double. Strides, padding,
// dilation, groups; windows larger than the input's middle; planes of one element.
#include <cmath>
#include <limits>

#include "check.hpp"

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

size_t at(int64_t i) { return static_cast<size_t>(i); }

// Calls visit(x index, w index, y index) for every product of the convolution, and unroll index for im2col.
template <class Visit>
void for_each_tap(const azj_conv2d_desc& d, int64_t out_h, int64_t out_w, Visit&& visit) {
  const int64_t group_channels = d.channels / d.groups;
  const int64_t group_filters = d.filters / d.groups;
  for (int64_t n = 0; n < d.batch; ++n)
    for (int64_t m = 0; m < d.filters; ++m)
      for (int64_t p = 0; p < out_h; ++p)
        for (int64_t q = 0; q < out_w; ++q)
          for (int64_t c = 0; c < group_channels; ++c)
            for (int64_t r = 0; r < d.kernel_h; ++r)
              for (int64_t s = 0; s < d.kernel_w; ++s) {
                const int64_t h = p * d.stride_h - d.pad_h + r * d.dilation_h;
                const int64_t w = q * d.stride_w - d.pad_w + s * d.dilation_w;
                if (h < 0 || h >= d.height || w < 0 || w >= d.width) continue;
                const int64_t channel = m / group_filters * group_channels + c;
                visit(at(((n * d.channels + channel) * d.height + h) * d.width + w),
                      at(((m * group_channels + c) * d.kernel_h + r) * d.kernel_w + s),
                      at(((n * d.filters + m) * out_h + p) * out_w + q));
              }
}

void convolution(azj_stream* stream, azj_conv2d_desc d) {
  int64_t out_h = 0, out_w = 0;
  OK(azj_conv2d_output_size(&d, &out_h, &out_w));
  const int64_t outputs = d.batch * d.filters * out_h * out_w;
  const auto x = random_floats(d.batch * d.channels * d.height * d.width, 1);
  const auto w = random_floats(d.filters * d.channels / d.groups * d.kernel_h * d.kernel_w, 2);
  const auto bias = random_floats(d.filters, 3);
  const auto g = random_floats(outputs, 4);
  std::vector<double> z(at(outputs)), y, grad_x(x.size()), grad_w(w.size()), grad_b(bias.size());
  for_each_tap(d, out_h, out_w, [&](size_t xi, size_t wi, size_t yi) {
    z[yi] += double{x[xi]} * w[wi];
    grad_x[xi] += double{g[yi]} * w[wi];
    grad_w[wi] += double{g[yi]} * x[xi];
  });
  for (int64_t i = 0; i < outputs; ++i) {
    const int64_t filter = i / (out_h * out_w) % d.filters;
    const double v = z[at(i)] + bias[at(filter)];
    y.push_back(d.activation == AZJ_LEAKY_RELU && v < 0 ? v * d.slope : v);
    grad_b[at(filter)] += g[at(i)];
  }
  const bool winograd = d.kernel_h == 3 && d.kernel_w == 3 && d.stride_h == 1 && d.stride_w == 1 &&
                        d.dilation_h == 1 && d.dilation_w == 1 && d.groups == 1;
  const int32_t algorithms[] = {AZJ_CONV_AUTO, AZJ_CONV_DIRECT, AZJ_CONV_IM2COL_GEMM, AZJ_CONV_IMPLICIT_GEMM,
                                AZJ_CONV_WINOGRAD};
  for (const int32_t algorithm : algorithms) {
    for (const int64_t samples : {0, 1, 2, 1000}) {
      d.algorithm = algorithm;
      d.samples_per_unroll = samples;
      if (algorithm != AZJ_CONV_IM2COL_GEMM && samples > 0) continue;
      if (algorithm == AZJ_CONV_WINOGRAD && !winograd) {
        int32_t chosen = 0;
        FAILS(AZJ_UNSUPPORTED, "it needs a 3x3 kernel", azj_conv2d_algorithm(stream, &d, AZJ_CONV_FORWARD, &chosen));
        continue;
      }
      const auto workspace = [&](int32_t pass) {
        uint64_t bytes = 0;
        OK(azj_conv2d_workspace_bytes(stream, &d, pass, &bytes));
        CHECK(bytes % sizeof(float) == 0);
        return std::vector<float>(bytes / sizeof(float), kNaN);
      };
      // Winograd's rounding errors are larger: the numbers between its transforms are (docs/numerics.md).
      const double tolerance = (winograd ? 4e-5 : 4e-6) *
                               std::sqrt(static_cast<double>(outputs + d.channels * d.kernel_h * d.kernel_w));
      std::vector<float> out(y.size(), kNaN), out_x(x.size(), kNaN), out_w(w.size(), kNaN), out_b(bias.size(), kNaN);
      auto scratch = workspace(AZJ_CONV_FORWARD);
      OK(azj_conv2d_forward(stream, &d, x.data(), w.data(), bias.data(), out.data(), scratch.data(),
                            scratch.size() * sizeof(float)));
      NEAR(out, y, tolerance);
      scratch = workspace(AZJ_CONV_GRAD_INPUT);
      OK(azj_conv2d_grad_input(stream, &d, g.data(), w.data(), out_x.data(), scratch.data(),
                               scratch.size() * sizeof(float)));
      NEAR(out_x, grad_x, tolerance);
      scratch = workspace(AZJ_CONV_GRAD_WEIGHTS);
      OK(azj_conv2d_grad_weights(stream, &d, x.data(), g.data(), out_w.data(), scratch.data(),
                                 scratch.size() * sizeof(float)));
      NEAR(out_w, grad_w, tolerance);
      OK(azj_conv2d_grad_bias(stream, &d, g.data(), out_b.data()));
      NEAR(out_b, grad_b, tolerance);
    }
  }
}

void unroll(azj_stream* stream, const azj_conv2d_desc& d) {
  int64_t out_h = 0, out_w = 0;
  OK(azj_conv2d_output_size(&d, &out_h, &out_w));
  const auto x = random_floats(d.batch * d.channels * d.height * d.width, 5);
  const int64_t rows = d.channels * d.kernel_h * d.kernel_w;
  const auto u = random_floats(d.batch * rows * out_h * out_w, 6);
  std::vector<float> unrolled(u.size());
  std::vector<double> folded(x.size());
  for (int64_t i = 0; i < static_cast<int64_t>(u.size()); ++i) {
    const int64_t n = i / (rows * out_h * out_w), row = i / (out_h * out_w) % rows;
    const int64_t p = i / out_w % out_h, q = i % out_w;
    const int64_t c = row / (d.kernel_h * d.kernel_w), r = row / d.kernel_w % d.kernel_h, s = row % d.kernel_w;
    const int64_t h = p * d.stride_h - d.pad_h + r * d.dilation_h, w = q * d.stride_w - d.pad_w + s * d.dilation_w;
    if (h < 0 || h >= d.height || w < 0 || w >= d.width) continue;
    const size_t xi = at(((n * d.channels + c) * d.height + h) * d.width + w);
    unrolled[at(i)] = x[xi];
    folded[xi] += u[at(i)];
  }
  std::vector<float> x_unroll(u.size(), kNaN), back(x.size(), kNaN);
  OK(azj_im2col(stream, &d, x.data(), x_unroll.data()));
  CHECK(x_unroll == unrolled);
  OK(azj_col2im(stream, &d, u.data(), back.data()));
  NEAR(back, folded, 1e-5);
}

void pooling(azj_stream* stream, azj_pool2d_desc d) {
  int64_t out_h = 0, out_w = 0;
  OK(azj_pool2d_output_size(&d, &out_h, &out_w));
  const int64_t planes = d.batch * d.channels, plane = d.height * d.width, outputs = out_h * out_w;
  auto x = random_floats(planes * plane, 7);
  for (size_t i = 0; i < x.size(); i += 5) x[i] = 1;  // ties: the first one wins
  if (x.size() > 40) x[37] = kNaN;
  for (size_t i = 50; i < x.size() && i < 80; ++i) x[i] = -kInfinity;
  const auto g = random_floats(planes * outputs, 8);
  std::vector<float> largest(g.size());
  std::vector<int32_t> places(g.size());
  std::vector<double> mean(g.size()), max_grad(x.size()), mean_grad(x.size());
  for (int64_t i = 0; i < planes * outputs; ++i) {
    const int64_t n = i / outputs, p = i / out_w % out_h, q = i % out_w;
    int64_t best = -1, taps = 0;
    double sum = 0;
    const auto for_each = [&](auto&& visit) {
      for (int64_t h = p * d.stride_h - d.pad_h; h < p * d.stride_h - d.pad_h + d.window_h; ++h)
        for (int64_t w = q * d.stride_w - d.pad_w; w < q * d.stride_w - d.pad_w + d.window_w; ++w)
          if (h >= 0 && h < d.height && w >= 0 && w < d.width) visit(n * plane + h * d.width + w);
    };
    for_each([&](int64_t j) {
      ++taps;
      sum += x[at(j)];
      const bool better = best < 0 || (!std::isnan(x[at(best)]) && (std::isnan(x[at(j)]) || x[at(j)] > x[at(best)]));
      if (better) best = j;
    });
    largest[at(i)] = x[at(best)];
    places[at(i)] = static_cast<int32_t>(best - n * plane);
    max_grad[at(best)] += g[at(i)];
    const double divisor = d.count_padding ? static_cast<double>(d.window_h * d.window_w) : static_cast<double>(taps);
    mean[at(i)] = sum / divisor;
    for_each([&](int64_t j) { mean_grad[at(j)] += g[at(i)] / divisor; });
  }
  d.mode = AZJ_POOL_MAX;
  std::vector<float> y(g.size(), kNaN), y_alone(g.size(), kNaN), grad(x.size(), kNaN);
  std::vector<int32_t> argmax(g.size(), -1);
  OK(azj_pool2d_forward(stream, &d, x.data(), y.data(), argmax.data()));
  NEAR(y, largest, 0);
  CHECK(argmax == places);
  OK(azj_pool2d_forward(stream, &d, x.data(), y_alone.data(), nullptr));
  NEAR(y_alone, largest, 0);
  OK(azj_pool2d_backward(stream, &d, g.data(), argmax.data(), grad.data()));
  NEAR(grad, max_grad, 1e-6);
  argmax.back() = static_cast<int32_t>(plane);
  FAILS(AZJ_INVALID_ARGUMENT, "argmax holds an index outside its window",
        azj_pool2d_backward(stream, &d, g.data(), argmax.data(), grad.data()));
  d.mode = AZJ_POOL_MEAN;
  OK(azj_pool2d_forward(stream, &d, x.data(), y.data(), nullptr));
  NEAR(y, mean, 2e-6);
  OK(azj_pool2d_backward(stream, &d, g.data(), nullptr, grad.data()));
  NEAR(grad, mean_grad, 2e-6);
}

void by_hand(azj_stream* stream) {
  // 3x3 image, 2x2 kernel of ones, padding 1, stride 2: sums of the corners' neighbourhoods.
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9}, w{1, 1, 1, 1};
  const azj_conv2d_desc d{1, 1, 3, 3, 1, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0, AZJ_CONV_DIRECT, AZJ_IDENTITY, 0, 0};
  std::vector<float> y(4);
  OK(azj_conv2d_forward(stream, &d, x.data(), w.data(), nullptr, y.data(), nullptr, 0));
  CHECK(y == (std::vector<float>{1, 5, 11, 28}));

  const azj_pool2d_desc pool{1, 1, 3, 3, 2, 2, 1, 1, 0, 0, AZJ_POOL_MAX, 0};
  std::vector<int32_t> argmax(4);
  OK(azj_pool2d_forward(stream, &pool, x.data(), y.data(), argmax.data()));
  CHECK(y == (std::vector<float>{5, 6, 8, 9}));
  CHECK(argmax == (std::vector<int32_t>{4, 5, 7, 8}));
}

azj_conv2d_desc conv(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t filters, int64_t kernel_h,
                     int64_t kernel_w, int64_t stride, int64_t pad_h, int64_t pad_w, int64_t dilation,
                     int64_t groups) {
  return {batch, channels, height,   width,    filters, kernel_h, kernel_w,      stride,         stride, pad_h,
          pad_w, dilation, dilation, groups,   0,       0,        AZJ_LEAKY_RELU, 0.25f,         0};
}

}  // namespace

int main() {
  for (const int32_t threads : {1, 3}) {
    Session session(threads);
    azj_stream* stream = session.stream;
    by_hand(stream);
    const azj_conv2d_desc shapes[] = {
        conv(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1),   conv(1, 1, 5, 5, 1, 3, 3, 1, 0, 0, 1, 1),
        conv(3, 2, 7, 9, 5, 3, 3, 1, 1, 1, 1, 1),   conv(2, 3, 11, 8, 4, 3, 2, 2, 1, 0, 1, 1),
        conv(2, 4, 9, 9, 6, 3, 3, 1, 2, 2, 2, 2),   conv(2, 6, 10, 7, 6, 3, 3, 2, 1, 1, 1, 6),
        conv(3, 17, 9, 6, 35, 3, 3, 1, 1, 1, 1, 1), conv(2, 40, 13, 18, 16, 3, 3, 1, 0, 2, 1, 1),
        conv(1, 3, 4, 33, 70, 3, 3, 1, 2, 3, 1, 1), conv(2, 300, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1),
        conv(5, 1, 1, 40, 3, 1, 7, 1, 0, 3, 1, 1),  conv(2, 3, 4, 5, 2, 4, 5, 1, 0, 0, 1, 1),
        conv(1, 2, 3, 3, 2, 5, 5, 1, 4, 4, 1, 1),   conv(4, 8, 6, 6, 16, 1, 1, 1, 0, 0, 1, 1),
        conv(2, 3, 13, 13, 7, 5, 5, 3, 2, 2, 1, 1), conv(3, 16, 12, 12, 20, 3, 3, 1, 1, 1, 1, 1),
        conv(2, 2, 20, 35, 3, 3, 3, 1, 1, 1, 3, 1), conv(2, 4, 5, 6, 8, 1, 1, 2, 0, 0, 1, 4)};
    for (const auto& shape : shapes) {
      convolution(stream, shape);
      unroll(stream, shape);
    }
    for (const int32_t count_padding : {0, 1}) {
      const azj_pool2d_desc pools[] = {{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, count_padding},
                                       {2, 3, 7, 9, 2, 2, 2, 2, 0, 0, 0, count_padding},
                                       {3, 2, 8, 70, 2, 2, 2, 2, 0, 0, 0, count_padding},
                                       {2, 2, 24, 24, 2, 2, 2, 2, 0, 0, 0, count_padding},
                                       {2, 3, 9, 11, 3, 3, 2, 2, 1, 1, 0, count_padding},
                                       {1, 2, 13, 40, 3, 3, 1, 1, 1, 1, 0, count_padding},
                                       {2, 2, 10, 37, 3, 2, 3, 3, 0, 1, 0, count_padding},
                                       {2, 5, 7, 7, 7, 7, 1, 1, 0, 0, 0, count_padding},
                                       {1, 2, 20, 30, 9, 9, 4, 2, 4, 4, 0, count_padding},
                                       {2, 3, 9, 9, 9, 3, 1, 3, 4, 1, 0, count_padding},
                                       {1, 2, 6, 5, 2, 7, 1, 1, 1, 6, 0, count_padding},
                                       {1, 1, 3, 4, 5, 6, 1, 1, 2, 3, 0, count_padding},
                                       {2, 2, 6, 6, 1, 1, 2, 2, 0, 0, 0, count_padding},
                                       {1, 2, 5, 600, 2, 2, 1, 1, 1, 1, 0, count_padding},
                                       {40, 20, 12, 12, 2, 2, 2, 2, 0, 0, 0, count_padding}};
      for (const auto& pool : pools) pooling(stream, pool);
    }
    // A window whose padding dwarfs x: the loops run over x, not over the window.
    constexpr int64_t kHuge = INT64_C(1) << 40;
    for (const int32_t mode : {AZJ_POOL_MAX, AZJ_POOL_MEAN}) {
      const azj_pool2d_desc huge{1, 1, 4, 4, kHuge, kHuge, kHuge, kHuge, kHuge - 1, kHuge - 1, mode, 1};
      int64_t out_h = 0, out_w = 0;
      OK(azj_pool2d_output_size(&huge, &out_h, &out_w));
      CHECK(out_h == 2 && out_w == 2);
      const auto x = random_floats(16, 9);
      std::vector<float> y(4);
      OK(azj_pool2d_forward(stream, &huge, x.data(), y.data(), nullptr));
      if (mode == AZJ_POOL_MAX) CHECK(y[0] == x[0]);
    }
  }
  return finish("windows");
}
