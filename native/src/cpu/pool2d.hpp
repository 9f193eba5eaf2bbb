// The geometry that max and mean pooling share. The loops run tap by tap: for one output row and one tap of the window,
// the outputs of the row are independent and become vector code.
#pragma once

#include "grain.hpp"
#include "operations.hpp"
#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

struct Pool {
  explicit Pool(const azj_pool2d_desc& d)
      : desc(d),
        planes(d.batch * d.channels),
        plane(d.height * d.width),
        out_h(output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h)),
        out_w(output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w)),
        halves(d.window_h == 2 && d.window_w == 2 && d.stride_h == 2 && d.stride_w == 2 && d.pad_h == 0 &&
               d.pad_w == 0) {}

  int64_t planes_per_grain() const { return rows_per_grain(plane, kGrain); }

  // With few outputs in a row, the columns of a window make the longer loops (global pooling). And a window wider than x
  // has taps that meet no column.
  bool by_window() const { return out_w < 4 || desc.window_w > desc.width; }

  azj_pool2d_desc desc;
  int64_t planes, plane, out_h, out_w;
  bool halves;  // the 2x2 windows of nearly every network, side by side: loops of their own
};

struct Range {
  int64_t begin, end;
};

// The part of x that window `position` of one axis covers.
static inline Range window_range(int64_t position, int64_t stride, int64_t pad, int64_t window, int64_t input) {
  const int64_t start = position * stride - pad;
  return {max(start, 0), min(start + window, input)};
}

static inline Range rows_of(const Pool& p, int64_t row) {
  return window_range(row, p.desc.stride_h, p.desc.pad_h, p.desc.window_h, p.desc.height);
}
static inline Range columns_of(const Pool& p, int64_t column) {
  return window_range(column, p.desc.stride_w, p.desc.pad_w, p.desc.window_w, p.desc.width);
}

// The taps of a window's row that meet x for at least one output.
static inline Range tap_range(const Pool& p) {
  return {max(0, p.desc.pad_w - (p.out_w - 1) * p.desc.stride_w), min(p.desc.window_w, p.desc.width + p.desc.pad_w)};
}

// The outputs of a row for which tap s lies inside x. s - pad_w is the column it meets for output 0.
static inline Range output_range(const Pool& p, int64_t s) {
  const int64_t first = s - p.desc.pad_w;
  const int64_t stride = p.desc.stride_w;
  const int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
  const int64_t end = first >= p.desc.width ? 0 : (p.desc.width - 1 - first) / stride + 1;
  return {begin, min(end, p.out_w)};
}

// Calls body(Stride<n>{}) with the stride of the columns as a constant where that makes better loads; 0 means any.
template <int64_t kValue>
struct Stride {
  // The distance between neighbouring outputs' columns.
  static int64_t of(const Pool& p) { return kValue != 0 ? kValue : p.desc.stride_w; }
};
template <class Body>
static inline void with_stride(const Pool& p, Body&& body) {
  switch (p.desc.stride_w) {
    case 1: return body(Stride<1>{});
    case 2: return body(Stride<2>{});
    default: return body(Stride<0>{});
  }
}

void max_forward(Team& team, const Pool& pool, const float* x, float* y, int32_t* argmax);
void max_backward(Team& team, const Pool& pool, const float* grad_y, const int32_t* argmax, float* grad_x);
void mean_forward(Team& team, const Pool& pool, const float* x, float* y);
void mean_backward(Team& team, const Pool& pool, const float* grad_y, float* grad_x);

}  // namespace azj::cpu::AZJ_ISA
