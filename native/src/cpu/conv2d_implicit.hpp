// What the passes of the implicit GEMM share: the correlation they compute, and its input as a padded copy.
#pragma once

#include "conv2d.hpp"

namespace azj::cpu::AZJ_ISA {

// One axis of a correlation: output o reads inputs o * stride - pad + tap * dilation.
struct Axis {
  int64_t input, output, taps, stride, pad, dilation;
  int64_t last_read() const { return (output - 1) * stride + (taps - 1) * dilation; }  // in padded positions
};

// The taps of one axis that meet x for one of the outputs whose first tap lies at first..last.
struct Taps {
  Taps(const Axis& axis, int64_t first, int64_t last)
      : begin(last >= 0 ? 0 : min((-last + axis.dilation - 1) / axis.dilation, axis.taps)),
        end(first >= axis.input ? begin : max(begin, min((axis.input - 1 - first) / axis.dilation + 1, axis.taps))) {}
  int64_t begin, end;
};

// y[n][m] = sum over the c of m's group of x[n][c] * w[m][c]: the forward pass, or the gradient to the input, which is
// the correlation of grad_z with the filters turned by 180 degrees and transposed. Of a strided convolution each
// element of the input meets only the taps whose distance to it is a multiple of the stride: the rows (and columns) with
// one remainder modulo the stride, a phase, are a correlation of their own with stride 1 and those taps.
struct Correlation {
  static Correlation forward(const azj_conv2d_desc& d);
  // Its outputs that 2x2 windows cover: an odd last row or column is not computed.
  static Correlation pooled(const azj_conv2d_desc& d);
  // Of input rows and columns phase_h + i * stride_h and phase_w + j * stride_w.
  static Correlation grad_input(const azj_conv2d_desc& d, int64_t phase_h, int64_t phase_w);

  int64_t products() const { return channels * rows.taps * columns.taps; }  // for one output
  // w of filter m, channel c (of group g) and tap (r, s).
  int64_t weight(int64_t g, int64_t m, int64_t c, int64_t r, int64_t s) const {
    const int64_t row = first_row + r * row_step, column = first_column + s * column_step;
    const int64_t pair = gradient ? (g * channels + c) * filters + m : (g * filters + m) * channels + c;
    return (pair * kernel_h + row) * kernel_w + column;
  }

  int64_t batch, groups, channels, filters;  // channels and filters of a group
  Axis rows, columns;
  bool gradient;
  int64_t kernel_h, kernel_w;  // of w, from which the taps are first_row, first_row + row_step, ...
  int64_t first_row, row_step, first_column, column_step;
  // The outputs in memory: planes of so many elements, and in them rows and columns from the first one on.
  int64_t plane, first, row_distance, column_distance;
};

// The channels of one group of a sample with their padding, laid out so that the kLanes inputs that neighbouring
// outputs read through one tap lie side by side: the columns of a row are sorted by their remainder modulo the stride.
//   copy[channel][padded row][phase][column / stride]
// The planes are an odd number of cache lines apart, so that a power of two does not put all channels into one set.
struct PaddedCopy {
  explicit PaddedCopy(const Correlation& c);

  // Where the input of output (0, 0) for tap (r, s) of a channel lies; that of output (p, q) is p * rows.stride * row + q
  // behind it. conv2d_implicit_supports() sees to it that 32 bits hold it.
  int32_t offset(const Correlation& c, int64_t channel, int64_t r, int64_t s) const {
    const int64_t column = s * c.columns.dilation;
    return static_cast<int32_t>(channel * plane + r * c.rows.dilation * row + column % c.columns.stride * phase +
                                column / c.columns.stride);
  }

  // Fills in what output rows begin..end-1 read of channels x[channel][height][width].
  void fill(const Correlation& c, const float* x, int64_t begin, int64_t end, float* copy) const;
  // The same for a copy that has what rows before `begin` read.
  void extend(const Correlation& c, const float* x, int64_t begin, int64_t end, float* copy) const;
  // Padded rows first..last.
  void fill_rows(const Correlation& c, const float* x, int64_t first, int64_t last, float* copy) const;

  int64_t phase, row, plane;  // floats from one to the next
  int64_t floats;
};

// Calls body(Correlation) for every phase of the gradient to the input that has elements.
template <class Body>
void for_phases(const azj_conv2d_desc& d, Body&& body) {
  for (int64_t h = 0; h < min(d.stride_h, d.height); ++h) {
    for (int64_t w = 0; w < min(d.stride_w, d.width); ++w) body(Correlation::grad_input(d, h, w));
  }
}

int64_t conv2d_implicit_weights_floats(const Team& team, const azj_conv2d_desc& d);

}  // namespace azj::cpu::AZJ_ISA
