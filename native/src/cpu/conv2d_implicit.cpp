#include "conv2d_implicit.hpp"

namespace azj::cpu::AZJ_ISA {

Correlation Correlation::forward(const azj_conv2d_desc& d) {
  const ConvSize s(d);
  Correlation c{};
  c.batch = d.batch;
  c.groups = d.groups;
  c.channels = s.group_channels;
  c.filters = s.group_filters;
  c.rows = {d.height, s.out_h, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h};
  c.columns = {d.width, s.out_w, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w};
  c.kernel_h = d.kernel_h;
  c.kernel_w = d.kernel_w;
  c.row_step = c.column_step = 1;
  c.plane = s.out_plane;
  c.row_distance = s.out_w;
  c.column_distance = 1;
  return c;
}

Correlation Correlation::pooled(const azj_conv2d_desc& d) {
  Correlation c = forward(d);
  c.rows.output -= c.rows.output % 2;
  c.columns.output -= c.columns.output % 2;
  return c;
}

namespace {

// One axis of the gradient: inputs phase + i * stride meet the taps r with r * dilation = phase + pad modulo the
// stride, in the order of the outputs that they come from, which is the reverse.
struct Phase {
  Phase(int64_t phase, int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
    int64_t lowest = 0;
    while (lowest < min(kernel, stride) && (phase + pad - lowest * dilation) % stride != 0) ++lowest;
    step = 1;
    while (step * dilation % stride != 0) ++step;
    const int64_t taps = lowest < min(kernel, stride) ? (kernel - 1 - lowest) / step + 1 : 0;
    const int64_t distance = step * dilation / stride;
    const int64_t at = (phase + pad - lowest * dilation) / stride;  // the output that input `phase` meets by that tap
    first = lowest + (taps - 1) * step;
    const int64_t count = phase < input ? (input - 1 - phase) / stride + 1 : 0;
    axis = {output, count, taps, 1, (taps - 1) * distance - at, distance};
  }
  Axis axis;
  int64_t first, step;
};

}  // namespace

Correlation Correlation::grad_input(const azj_conv2d_desc& d, int64_t phase_h, int64_t phase_w) {
  const ConvSize s(d);
  const Phase rows(phase_h, d.height, s.out_h, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h);
  const Phase columns(phase_w, d.width, s.out_w, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w);
  Correlation c{};
  c.batch = d.batch;
  c.groups = d.groups;
  c.channels = s.group_filters;
  c.filters = s.group_channels;
  c.gradient = true;
  c.rows = rows.axis;
  c.columns = columns.axis;
  c.kernel_h = d.kernel_h;
  c.kernel_w = d.kernel_w;
  c.first_row = rows.first;
  c.row_step = -rows.step;
  c.first_column = columns.first;
  c.column_step = -columns.step;
  c.plane = s.in_plane;
  c.first = phase_h * d.width + phase_w;
  c.row_distance = d.stride_h * d.width;
  c.column_distance = d.stride_w;
  return c;
}

PaddedCopy::PaddedCopy(const Correlation& c)
    : phase(max(c.columns.last_read(), 0) / c.columns.stride + 1),
      row(phase * max(1, min(c.columns.stride, (c.columns.taps - 1) * c.columns.dilation + 1))) {
  const int64_t lines = ((max(c.rows.last_read(), 0) + 1) * row + 15) / 16;
  plane = (lines | 1) * 16;
  floats = c.channels * plane + kLanes;  // the last vector may read beyond its row
}

namespace {

// One row of one phase: to[i] = the padded row's element first + i * stride.
void fill_phase(const Axis& axis, const float* from, int64_t first, int64_t count, float* to) {
  const int64_t start = first - axis.pad;  // of the row without padding
  const int64_t begin = start >= 0 ? 0 : min((-start + axis.stride - 1) / axis.stride, count);
  const int64_t end = start >= axis.input ? begin : max(begin, min((axis.input - 1 - start) / axis.stride + 1, count));
  for (int64_t i = 0; i < begin; ++i) to[i] = 0;
  if (axis.stride == 1) {
    copy_row(to + begin, from + start + begin, end - begin);
  } else if (axis.stride == 2) {
    copy_even_row(to + begin, from + start + 2 * begin, end - begin);
  } else {
    for (int64_t i = begin; i < end; ++i) to[i] = from[start + i * axis.stride];
  }
  for (int64_t i = end; i < count; ++i) to[i] = 0;
}

}  // namespace

void PaddedCopy::fill(const Correlation& c, const float* x, int64_t begin, int64_t end, float* copy) const {
  const int64_t reach = (c.rows.taps - 1) * c.rows.dilation;
  fill_rows(c, x, begin * c.rows.stride, (end - 1) * c.rows.stride + reach, copy);
}

void PaddedCopy::extend(const Correlation& c, const float* x, int64_t begin, int64_t end, float* copy) const {
  if (begin == 0) return fill(c, x, begin, end, copy);
  const int64_t reach = (c.rows.taps - 1) * c.rows.dilation;
  const int64_t first = max(begin * c.rows.stride, (begin - 1) * c.rows.stride + reach + 1);
  fill_rows(c, x, first, (end - 1) * c.rows.stride + reach, copy);
}

void PaddedCopy::fill_rows(const Correlation& c, const float* x, int64_t first, int64_t last, float* copy) const {
  for (int64_t channel = 0; channel < c.channels; ++channel) {
    const float* from = x + channel * c.rows.input * c.columns.input;
    for (int64_t i = first; i <= last; ++i) {
      float* to = copy + channel * plane + i * row;
      const int64_t source = i - c.rows.pad;
      if (source < 0 || source >= c.rows.input) {
        zero_row(to, row);
        continue;
      }
      for (int64_t p = 0; p * phase < row; ++p) {
        fill_phase(c.columns, from + source * c.columns.input, p, phase, to + p * phase);
      }
    }
  }
}

bool conv2d_implicit_supports(const azj_conv2d_desc& d) {
  // In double: a window may be dilated, and its padding wide, beyond any memory.
  const double reach_h = static_cast<double>(d.height) + 2.0 * static_cast<double>(d.pad_h);
  const double reach_w = static_cast<double>(d.width) + 2.0 * static_cast<double>(d.pad_w);
  const double kernel = static_cast<double>(d.kernel_h) * static_cast<double>(d.kernel_w);
  const double channels = static_cast<double>(max(d.channels, d.filters) / d.groups);
  const double phases = static_cast<double>(d.stride_h) * static_cast<double>(d.stride_w);
  return 4 * reach_h * reach_w * channels < 0x1p31 && channels * kernel < 0x1p24 && phases <= 256;
}

}  // namespace azj::cpu::AZJ_ISA
