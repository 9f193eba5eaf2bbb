// The geometry of pooling: which elements of x a window covers, and which windows cover an element.
#pragma once

#include <cstdint>

#include "backend.hpp"
#include "divisor.hpp"
#include "launch.cuh"

namespace azj::cuda {

// Divides what is not negative. Index is int32_t where sizes allow: a 64-bit division costs a hundred instructions.
template <class Index>
struct PoolDivisor;

template <>
struct PoolDivisor<int32_t> {
  PoolDivisor() = default;
  explicit PoolDivisor(int64_t by) : divisor(by) {}
  __device__ int32_t quotient(int32_t value) const { return divisor.quotient(value); }
  Divisor divisor;
};

template <>
struct PoolDivisor<int64_t> {
  PoolDivisor() = default;
  explicit PoolDivisor(int64_t by) : divisor(by) {}
  __device__ int64_t quotient(int64_t value) const { return value / divisor; }
  int64_t divisor = 1;
};

template <class Index>
struct PoolAxis {
  Index input, output, window, stride, pad;
  PoolDivisor<Index> by_stride;
};

// Finds plane, row and column of an element of [planes][rows][columns].
template <class Index>
struct PoolGrid {
  PoolGrid() = default;
  PoolGrid(int64_t row_count, int64_t column_count)
      : rows(static_cast<Index>(row_count)),
        columns(static_cast<Index>(column_count)),
        by_rows(row_count),
        by_columns(column_count) {}

  Index rows, columns;
  PoolDivisor<Index> by_rows, by_columns;
};

template <class Index>
struct Pool {
  int64_t planes;           // images of one channel, or of a granule of channels
  int64_t inputs, outputs;  // elements of x and y
  Index plane;              // elements of a plane of x
  PoolAxis<Index> rows, columns;
  PoolGrid<Index> x_grid, y_grid, cells;  // cells: x in twos by twos
  bool count_padding;
  float whole;  // elements of a window, on padding or not
};

template <class Index>
struct PoolSpan {
  Index begin, end;
};

template <class Index>
struct PoolPlace {
  Index plane, row, column;
};

template <class Index>
__device__ __forceinline__ PoolPlace<Index> pool_place(const PoolGrid<Index>& grid, int64_t element) {
  const Index i = static_cast<Index>(element);
  const Index line = grid.by_columns.quotient(i), plane = grid.by_rows.quotient(line);
  return {plane, line - plane * grid.rows, i - line * grid.columns};
}

// The part of x that the window of output `position` covers; never empty: the padding is smaller than the window.
template <class Index>
__device__ __forceinline__ PoolSpan<Index> covered_inputs(const PoolAxis<Index>& axis, Index position) {
  const Index start = position * axis.stride - axis.pad;
  const Index end = start + axis.window;
  return {start > 0 ? start : 0, end < axis.input ? end : axis.input};
}

// The outputs whose windows cover element `position` of x; may be empty.
template <class Index>
__device__ __forceinline__ PoolSpan<Index> covering_outputs(const PoolAxis<Index>& axis, Index position) {
  const Index last = position + axis.pad;  // of the padded x, counted from its edge
  const Index first = last - axis.window + 1;
  const Index end = axis.by_stride.quotient(last) + 1;
  const Index begin = first > 0 ? axis.by_stride.quotient(first + axis.stride - 1) : 0;
  return {begin, end < axis.output ? end : axis.output};
}

// What the sum over a window is divided by.
template <class Index>
__device__ __forceinline__ float mean_divisor(const Pool<Index>& pool, const PoolSpan<Index>& rows,
                                              const PoolSpan<Index>& columns) {
  if (pool.count_padding) return pool.whole;
  return static_cast<float>(rows.end - rows.begin) * static_cast<float>(columns.end - columns.begin);
}

template <class Index>
Pool<Index> pool_of(const azj_pool2d_desc& d, int64_t planes) {
  const int64_t out_h = output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w);
  const auto index = [](int64_t value) { return static_cast<Index>(value); };
  Pool<Index> pool;
  pool.planes = planes;
  pool.inputs = pool.planes * d.height * d.width;
  pool.outputs = pool.planes * out_h * out_w;
  pool.plane = index(d.height * d.width);
  pool.rows = {index(d.height), index(out_h), index(d.window_h), index(d.stride_h), index(d.pad_h),
               PoolDivisor<Index>(d.stride_h)};
  pool.columns = {index(d.width), index(out_w), index(d.window_w), index(d.stride_w), index(d.pad_w),
                  PoolDivisor<Index>(d.stride_w)};
  pool.x_grid = PoolGrid<Index>(d.height, d.width);
  pool.y_grid = PoolGrid<Index>(out_h, out_w);
  pool.cells = PoolGrid<Index>((d.height + 1) / 2, (d.width + 1) / 2);
  pool.count_padding = d.count_padding != 0;
  pool.whole = static_cast<float>(static_cast<double>(d.window_h) * static_cast<double>(d.window_w));
  return pool;
}

// Calls body(pool) with 32-bit indices where no sum of two sizes can exceed them.
template <class Body>
void with_pool(const azj_pool2d_desc& d, int64_t planes, Body&& body) {
  const Pool<int64_t> pool = pool_of<int64_t>(d, planes);
  constexpr int64_t kLimit = INT64_C(1) << 30;
  bool small = pool.inputs < kLimit && pool.outputs < kLimit;
  for (const int64_t size : {d.window_h, d.window_w, d.stride_h, d.stride_w}) small = small && size < kLimit;
  if (small) {
    body(pool_of<int32_t>(d, planes));
  } else {
    body(pool);
  }
}

}  // namespace azj::cuda
