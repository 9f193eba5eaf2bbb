#include "conv2d.hpp"

#include <cinttypes>
#include <numeric>

#include "backend.hpp"
#include "error.hpp"

namespace azj::cuda {

namespace {

// Sums of two of these still fit 32 bits.
constexpr int64_t kLimit = int64_t{1} << 30;

void check_limit(const char* what, int64_t value, int64_t limit) {
  if (value < limit) return;
  fail(AZJ_UNSUPPORTED, "%s is %" PRId64 "; the CUDA convolutions need it below 2^%d", what, value,
       limit == kLimit ? 30 : 31);
}

// One axis of the phases of the gradient to the input.
struct PhaseAxis {
  // Input positions first, first + stride, ...; `count` of them.
  int64_t first, count;
  // The taps first_tap, first_tap + tap_step, ...: `taps` of them. Tap i of position first + u * stride meets the output
  // at u + origin - i * output_step.
  int64_t first_tap = 0, tap_step = 1, taps = 0, origin = 0, output_step = 0;

  PhaseAxis(int64_t phase, int64_t input, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation)
      : first(phase), count((input - phase - 1) / stride + 1) {
    // Taps r with (first + pad - r * dilation) divisible by stride. Remainders repeat after stride / gcd taps.
    const int64_t common = std::gcd(stride, dilation);
    tap_step = stride / common;
    output_step = dilation / common;
    for (int64_t r = 0; r < kernel && r < tap_step; ++r) {
      if ((first + pad - r * dilation) % stride != 0) continue;
      first_tap = r;
      taps = (kernel - r - 1) / tap_step + 1;
      origin = (first + pad - r * dilation) / stride;
      return;
    }
  }
};

}  // namespace

ConvSize::ConvSize(const azj_conv2d_desc& d)
    : out_h(output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h)),
      out_w(output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w)),
      in_plane(d.height * d.width),
      out_plane(out_h * out_w),
      taps(d.kernel_h * d.kernel_w),
      group_channels(d.channels / d.groups),
      group_filters(d.filters / d.groups),
      patch(group_channels * taps),
      in_sample(d.channels * in_plane),
      out_sample(d.filters * out_plane),
      unrolled_sample(d.channels * taps * out_plane),
      weights(d.filters * patch),
      pointwise(taps == 1 && d.stride_h == 1 && d.stride_w == 1 && d.pad_h == 0 && d.pad_w == 0),
      depthwise(group_channels == 1 && group_filters == 1) {
  check_limit("a sample's channels * height * width", in_sample, 2 * kLimit);
  check_limit("a sample's filters * out_h * out_w", out_sample, 2 * kLimit);
  check_limit("out_h * out_w", out_plane, kLimit);
  check_limit("filters * channels / groups * kernel_h * kernel_w", weights, 2 * kLimit);
  check_limit("the padded height", d.height + 2 * d.pad_h, kLimit);
  check_limit("the padded width", d.width + 2 * d.pad_w, kLimit);
  check_limit("stride_h", d.stride_h, kLimit);
  check_limit("stride_w", d.stride_w, kLimit);
}

ConvGather forward_gather(const azj_conv2d_desc& d, const ConvSize& s, const float* x, const float* w,
                          const float* bias, float* y) {
  ConvGather g{};
  g.groups = static_cast<int>(d.groups);
  g.rows = static_cast<int>(s.group_filters);
  g.channels = static_cast<int>(s.group_channels);
  g.taps_h = static_cast<int>(d.kernel_h);
  g.taps_w = static_cast<int>(d.kernel_w);

  g.source = x;
  g.source_h = static_cast<int>(d.height);
  g.source_w = static_cast<int>(d.width);
  g.source_sample = s.in_sample;
  g.step_h = static_cast<int>(d.stride_h);
  g.step_w = static_cast<int>(d.stride_w);
  g.origin_h = static_cast<int>(-d.pad_h);
  g.origin_w = static_cast<int>(-d.pad_w);
  g.tap_h = static_cast<int>(d.dilation_h);
  g.tap_w = static_cast<int>(d.dilation_w);

  g.weights = w;
  g.weight_group = s.group_filters * s.patch;
  g.weight_row = static_cast<int>(s.patch);
  g.weight_channel = static_cast<int>(s.taps);
  g.weight_tap_h = g.taps_w;
  g.weight_tap_w = 1;

  g.out = y;
  g.pixels_h = static_cast<int>(s.out_h);
  g.pixels_w = static_cast<int>(s.out_w);
  g.out_sample = s.out_sample;
  g.out_plane = static_cast<int>(s.out_plane);
  g.out_step_h = g.pixels_w;
  g.out_step_w = 1;

  g.pixels = Divisor(s.out_plane);
  g.pixel_row = Divisor(s.out_w);
  g.taps = Divisor(s.taps);
  g.tap_row = Divisor(d.kernel_w);

  g.epilogue.bias = bias;
  g.epilogue.bias_axis = bias != nullptr ? BiasAxis::ROW : BiasAxis::NONE;
  g.epilogue.bias_group_stride = bias != nullptr ? s.group_filters : 0;
  g.epilogue.activation = d.activation;
  g.epilogue.slope = d.slope;
  return g;
}

ConvGather grad_input_gather(const azj_conv2d_desc& d, const ConvSize& s, int64_t phase_h, int64_t phase_w,
                             const float* grad_z, const float* w, float* grad_x) {
  const PhaseAxis rows(phase_h, d.height, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h);
  const PhaseAxis columns(phase_w, d.width, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w);
  ConvGather g{};
  g.groups = static_cast<int>(d.groups);
  g.rows = static_cast<int>(s.group_channels);
  g.channels = static_cast<int>(s.group_filters);
  g.taps_h = static_cast<int>(rows.taps);
  g.taps_w = static_cast<int>(columns.taps);

  g.source = grad_z;
  g.source_h = static_cast<int>(s.out_h);
  g.source_w = static_cast<int>(s.out_w);
  g.source_sample = s.out_sample;
  g.step_h = 1;
  g.step_w = 1;
  g.origin_h = static_cast<int>(rows.origin);
  g.origin_w = static_cast<int>(columns.origin);
  g.tap_h = static_cast<int>(-rows.output_step);
  g.tap_w = static_cast<int>(-columns.output_step);

  g.first_tap = static_cast<int>(rows.first_tap * d.kernel_w + columns.first_tap);
  g.weights = w + g.first_tap;
  g.weight_group = s.group_filters * s.patch;
  g.weight_row = static_cast<int>(s.taps);
  g.weight_channel = static_cast<int>(s.patch);
  g.weight_tap_h = static_cast<int>(rows.tap_step * d.kernel_w);
  g.weight_tap_w = static_cast<int>(columns.tap_step);

  g.first_pixel = static_cast<int>(rows.first * d.width + columns.first);
  g.out = grad_x + g.first_pixel;
  g.pixels_h = static_cast<int>(rows.count);
  g.pixels_w = static_cast<int>(columns.count);
  g.out_sample = s.in_sample;
  g.out_plane = static_cast<int>(s.in_plane);
  g.out_step_h = static_cast<int>(d.stride_h * d.width);
  g.out_step_w = static_cast<int>(d.stride_w);

  const int64_t taps = rows.taps * columns.taps;
  g.pixels = Divisor(rows.count * columns.count);
  g.pixel_row = Divisor(columns.count);
  g.taps = Divisor(taps > 0 ? taps : 1);
  g.tap_row = Divisor(columns.taps > 0 ? columns.taps : 1);
  return g;
}

}  // namespace azj::cuda
