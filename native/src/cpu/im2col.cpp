// X_unroll[(c, r, s)][(p, q)] = x[c][p * stride_h - pad_h + r * dilation_h][q * stride_w - pad_w + s * dilation_w],
// T4.1, and its adjoint. A row of X_unroll is read along x's rows, so both directions are copies or sums of short runs.
#include "conv2d.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// The columns q of an output row whose tap s lies inside the input row: begin..end-1.
struct Taps {
  int64_t begin, end;
};

Taps taps_inside(int64_t offset, int64_t stride, int64_t width, int64_t out_w) {
  // 0 <= q * stride + offset < width
  const int64_t begin = offset >= 0 ? 0 : min((-offset + stride - 1) / stride, out_w);
  const int64_t end = offset >= width ? 0 : min((width - 1 - offset) / stride + 1, out_w);
  return {begin, max(begin, end)};
}

}  // namespace

void im2col_rows(const azj_conv2d_desc& d, const ConvSize& s, const float* x, float* x_unroll, int64_t row_begin,
                 int64_t row_end) {
  for (int64_t row = row_begin; row < row_end; ++row) {
    const float* plane = x + row / s.kernel * s.in_plane;
    const int64_t first_row = row % s.kernel / d.kernel_w * d.dilation_h - d.pad_h;
    const int64_t offset = row % d.kernel_w * d.dilation_w - d.pad_w;
    const Taps taps = taps_inside(offset, d.stride_w, d.width, s.out_w);
    float* out = x_unroll + row * s.out_plane;
    for (int64_t p = 0; p < s.out_h; ++p, out += s.out_w) {
      const int64_t ih = first_row + p * d.stride_h;
      if (ih < 0 || ih >= d.height) {
        zero_row(out, s.out_w);
        continue;
      }
      const float* in = plane + ih * d.width + offset;
      for (int64_t q = 0; q < taps.begin; ++q) out[q] = 0;
      if (d.stride_w == 1) {
        copy_row(out + taps.begin, in + taps.begin, taps.end - taps.begin);
      } else if (d.stride_w == 2) {
        copy_even_row(out + taps.begin, in + 2 * taps.begin, taps.end - taps.begin);
      } else {
        for (int64_t q = taps.begin; q < taps.end; ++q) out[q] = in[q * d.stride_w];
      }
      for (int64_t q = taps.end; q < s.out_w; ++q) out[q] = 0;
    }
  }
}

void col2im_channels(const azj_conv2d_desc& d, const ConvSize& s, const float* x_unroll, float* x,
                     int64_t channel_begin, int64_t channel_end) {
  for (int64_t c = channel_begin; c < channel_end; ++c) {
    float* plane = x + c * s.in_plane;
    zero_row(plane, s.in_plane);
    for (int64_t tap = 0; tap < s.kernel; ++tap) {
      const int64_t first_row = tap / d.kernel_w * d.dilation_h - d.pad_h;
      const int64_t offset = tap % d.kernel_w * d.dilation_w - d.pad_w;
      const Taps taps = taps_inside(offset, d.stride_w, d.width, s.out_w);
      const float* in = x_unroll + (c * s.kernel + tap) * s.out_plane;
      for (int64_t p = 0; p < s.out_h; ++p, in += s.out_w) {
        const int64_t ih = first_row + p * d.stride_h;
        if (ih < 0 || ih >= d.height) continue;
        float* out = plane + ih * d.width + offset;
        if (d.stride_w == 1) {
          add_row(out + taps.begin, in + taps.begin, taps.end - taps.begin);
        } else {
          for (int64_t q = taps.begin; q < taps.end; ++q) out[q * d.stride_w] += in[q];
        }
      }
    }
  }
}

void Stream::im2col(const azj_conv2d_desc& d, const float* x, float* x_unroll) {
  const ConvSize s(d);
  const int64_t rows = d.channels * s.kernel;
  team_.parallel(d.batch * rows, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end;) {
      const int64_t n = i / rows, row = i % rows;
      const int64_t row_end = min(rows, row + end - i);
      im2col_rows(d, s, x + n * s.in_sample, x_unroll + n * s.unrolled_sample, row, row_end);
      i += row_end - row;
    }
  });
}

void Stream::col2im(const azj_conv2d_desc& d, const float* x_unroll, float* x) {
  const ConvSize s(d);
  team_.parallel(d.batch * d.channels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / d.channels, c = i % d.channels;
      col2im_channels(d, s, x_unroll + n * s.unrolled_sample, x + n * s.in_sample, c, c + 1);
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
