// Copies between NCHW and images with a channel in each lane; see lanes.hpp.
#include "lanes.hpp"

namespace azj::cpu::AZJ_ISA {

void transpose_to_lanes(const float* from, int64_t row_stride, int64_t rows, int64_t columns, float* to,
                        int64_t to_stride) {
  for (int64_t c = 0; c < columns; c += kLanes, to += kLanes * to_stride) {
    const int64_t width = min(kLanes, columns - c);
    Vec v[kLanes];
    if (rows == kLanes && width == kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) v[i] = load(from + i * row_stride + c);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) v[i] = i < rows ? load_first(from + i * row_stride + c, width) : Vec{};
    }
    transpose(v);
    if (to_stride < kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < width) store_first(to + i * to_stride, v[i], to_stride);
      }
    } else if (width == kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(to + i * to_stride, v[i]);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < width) store(to + i * to_stride, v[i]);
      }
    }
  }
}

void transpose_from_lanes(const float* from, int64_t columns, float* to, int64_t row_stride, int64_t rows) {
  for (int64_t c = 0; c < columns; c += kLanes, from += kLanes * kLanes) {
    const int64_t width = min(kLanes, columns - c);
    Vec v[kLanes];
    if (width == kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) v[i] = load(from + i * kLanes);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) v[i] = i < width ? load(from + i * kLanes) : Vec{};
    }
    transpose(v);
    if (rows == kLanes && width == kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) store(to + i * row_stride + c, v[i]);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < rows) store_first(to + i * row_stride + c, v[i], width);
      }
    }
  }
}

namespace {
constexpr int64_t kPrefetchRows = 4;  // from a strip to the next
constexpr int64_t kLineFloats = 16;   // of a cache line
}  // namespace

void load_strip(const Planes<const float>& planes, int64_t row, int64_t column, int64_t rows, int64_t columns,
                float* strip) {
  const int64_t begin = min(max(-column, 0), columns);
  const int64_t end = max(begin, min(planes.width - column, columns));
  for (int64_t r = row; r < row + rows; ++r, strip += columns * kLanes) {
    if (r < 0 || r >= planes.height) {
      zero_row(strip, columns * kLanes);
      continue;
    }
    // The same row of the next strip: rows of kLanes planes are too many streams for the processor's own prefetching.
    if (r + kPrefetchRows < planes.height) {
      for (int64_t i = 0; i < planes.count; ++i) {
        const float* ahead = planes.data + i * planes.distance + (r + kPrefetchRows) * planes.width + column + begin;
        for (int64_t c = 0; c < end - begin; c += kLineFloats) __builtin_prefetch(ahead + c, 0, 2);
      }
    }
    zero_row(strip, begin * kLanes);
    transpose_to_lanes(planes.data + r * planes.width + column + begin, planes.distance, planes.count, end - begin,
                       strip + begin * kLanes);
    zero_row(strip + end * kLanes, (columns - end) * kLanes);
  }
}

void store_strip(const float* strip, int64_t row, int64_t column, int64_t rows, int64_t columns,
                 const Planes<float>& planes) {
  const int64_t inside = min(columns, planes.width - column);
  const int64_t bottom = min(row + rows, planes.height);
  for (int64_t r = row; r < bottom; ++r, strip += columns * kLanes) {
    transpose_from_lanes(strip, inside, planes.data + r * planes.width + column, planes.distance, planes.count);
  }
}

}  // namespace azj::cpu::AZJ_ISA
