#include "conv2d_implicit.hpp"

namespace azj::cpu::AZJ_ISA {

Correlation::Correlation(const azj_conv2d_desc& d, int32_t pass)
    : batch(d.batch), groups(d.groups), gradient(pass == AZJ_CONV_GRAD_INPUT) {
  const ConvSize s(d);
  channels = gradient ? s.group_filters : s.group_channels;
  filters = gradient ? s.group_channels : s.group_filters;
  if (gradient) {
    rows = {s.out_h, d.height, d.kernel_h, 1, (d.kernel_h - 1) * d.dilation_h - d.pad_h, d.dilation_h};
    columns = {s.out_w, d.width, d.kernel_w, 1, (d.kernel_w - 1) * d.dilation_w - d.pad_w, d.dilation_w};
  } else {
    rows = {d.height, s.out_h, d.kernel_h, d.stride_h, d.pad_h, d.dilation_h};
    columns = {d.width, s.out_w, d.kernel_w, d.stride_w, d.pad_w, d.dilation_w};
  }
}

PaddedCopy::PaddedCopy(const Correlation& c)
    : phase(c.columns.last_read() / c.columns.stride + 1), row(phase * min(c.columns.stride, (c.columns.taps - 1) * c.columns.dilation + 1)) {
  const int64_t lines = ((c.rows.last_read() + 1) * row + 15) / 16;
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
  } else {
    for (int64_t i = begin; i < end; ++i) to[i] = from[start + i * axis.stride];
  }
  for (int64_t i = end; i < count; ++i) to[i] = 0;
}

}  // namespace

void PaddedCopy::fill(const Correlation& c, const float* x, int64_t begin, int64_t end, float* copy) const {
  const int64_t first = begin * c.rows.stride;
  const int64_t last = (end - 1) * c.rows.stride + (c.rows.taps - 1) * c.rows.dilation;
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

bool conv2d_implicit_supports(const azj_conv2d_desc& d, int32_t pass) {
  if (pass == AZJ_CONV_GRAD_INPUT && (d.stride_h != 1 || d.stride_w != 1)) return false;
  // In double: a window may be dilated, and its padding wide, beyond any memory.
  const double reach_h = static_cast<double>(d.height) + 2.0 * static_cast<double>(d.pad_h);
  const double reach_w = static_cast<double>(d.width) + 2.0 * static_cast<double>(d.pad_w);
  const double kernel = static_cast<double>(d.kernel_h) * static_cast<double>(d.kernel_w);
  const double channels = static_cast<double>(max(d.channels, d.filters) / d.groups);
  return 4 * reach_h * reach_w * channels < 0x1p31 && channels * kernel < 0x1p24;
}

}  // namespace azj::cpu::AZJ_ISA
