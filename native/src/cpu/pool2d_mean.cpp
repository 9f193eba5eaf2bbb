// Mean pooling.
#include "pool2d.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int64_t kChunk = 256;  // outputs whose scaled gradients fit the stack

// Many taps: the loops over a window are long enough, and its sum is kept in double.
bool by_window(const Pool& p) { return p.by_window() || p.desc.window_h > 64 / p.desc.window_w; }

// What output `column` of a row is divided by.
struct Divisor {
  Divisor(const Pool& p, Range rows)
      : pool(p),
        rows_inside(static_cast<float>(rows.end - rows.begin)),
        whole(static_cast<float>(static_cast<double>(p.desc.window_h) * static_cast<double>(p.desc.window_w))) {}

  float of(int64_t column) const {
    if (pool.desc.count_padding) return whole;
    const Range columns = columns_of(pool, column);
    return rows_inside * static_cast<float>(columns.end - columns.begin);
  }

  const Pool& pool;
  float rows_inside, whole;
};

void halve_row(const float* x, int64_t width, int64_t row, int64_t out_w, float* __restrict__ y) {
  const float* a = x + 2 * row * width;
  const float* b = a + width;
#pragma omp simd
  for (int64_t q = 0; q < out_w; ++q) y[q] = ((a[2 * q] + a[2 * q + 1]) + (b[2 * q] + b[2 * q + 1])) * 0.25f;
}

void window_row(const Pool& p, const float* x, int64_t row, float* y) {
  const Range rows = rows_of(p, row);
  const Divisor divisor(p, rows);
  for (int64_t q = 0; q < p.out_w; ++q) {
    const Range columns = columns_of(p, q);
    double sum = 0;
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      const float* from = x + r * p.desc.width;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = columns.begin; c < columns.end; ++c) sum += from[c];
    }
    y[q] = static_cast<float>(sum / divisor.of(q));
  }
}

template <class StrideOf>
void tap_row(const Pool& p, const float* x, int64_t row, float* __restrict__ y) {
  const int64_t stride = StrideOf::of(p);
  const Range rows = rows_of(p, row);
  const Range taps = tap_range(p);
  zero_row(y, p.out_w);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    for (int64_t s = taps.begin; s < taps.end; ++s) {
      const Range outputs = output_range(p, s);
      const float* from = x + (r * p.desc.width + s - p.desc.pad_w + outputs.begin * stride);
      float* to = y + outputs.begin;
      const int64_t count = outputs.end - outputs.begin;
#pragma omp simd
      for (int64_t q = 0; q < count; ++q) to[q] += from[q * stride];
    }
  }
  const Divisor divisor(p, rows);
  for (int64_t q = 0; q < p.out_w; ++q) y[q] /= divisor.of(q);
}

void spread_halves(const float* g, int64_t width, int64_t row, int64_t out_w, float* __restrict__ grad_x) {
  float* a = grad_x + 2 * row * width;
  float* b = a + width;
#pragma omp simd
  for (int64_t q = 0; q < out_w; ++q) {
    const float quarter = g[q] * 0.25f;
    a[2 * q] = quarter;
    a[2 * q + 1] = quarter;
    b[2 * q] = quarter;
    b[2 * q + 1] = quarter;
  }
  for (int64_t c = 2 * out_w; c < width; ++c) a[c] = b[c] = 0;  // an odd width's last column
}

void spread_windows(const Pool& p, const float* g, int64_t row, float* grad_x) {
  const Range rows = rows_of(p, row);
  const Divisor divisor(p, rows);
  for (int64_t q = 0; q < p.out_w; ++q) {
    const float share = g[q] / divisor.of(q);
    const Range columns = columns_of(p, q);
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      float* to = grad_x + r * p.desc.width;
#pragma omp simd
      for (int64_t c = columns.begin; c < columns.end; ++c) to[c] += share;
    }
  }
}

template <class StrideOf>
void spread_taps(const Pool& p, const float* g, int64_t row, float* grad_x) {
  const int64_t stride = StrideOf::of(p);
  const Range rows = rows_of(p, row);
  const Range taps = tap_range(p);
  const Divisor divisor(p, rows);
  for (int64_t start = 0; start < p.out_w; start += kChunk) {
    const int64_t stop = min(start + kChunk, p.out_w);
    float share[kChunk];
    for (int64_t q = start; q < stop; ++q) share[q - start] = g[q] / divisor.of(q);
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      for (int64_t s = taps.begin; s < taps.end; ++s) {
        const Range outputs = output_range(p, s);
        const int64_t begin = max(outputs.begin, start);
        const int64_t count = min(outputs.end, stop) - begin;
        const float* from = share + (begin - start);
        if (count <= 0) continue;
        float* to = grad_x + (r * p.desc.width + s - p.desc.pad_w + begin * stride);
#pragma omp simd
        for (int64_t q = 0; q < count; ++q) to[q * stride] += from[q];
      }
    }
  }
}

}  // namespace

void mean_forward(Team& team, const Pool& p, const float* x, float* y) {
  team.parallel(p.planes, p.planes_per_grain(), [=, &p](int64_t begin, int64_t end, int) {
    for (int64_t row = begin * p.out_h; row < end * p.out_h; ++row) {  // of all planes
      const float* from = x + row / p.out_h * p.plane;
      const int64_t in_plane = row % p.out_h;
      float* to = y + row * p.out_w;
      if (p.halves) {
        halve_row(from, p.desc.width, in_plane, p.out_w, to);
      } else if (by_window(p)) {
        window_row(p, from, in_plane, to);
      } else {
        with_stride(p, [=, &p](auto stride) { tap_row<decltype(stride)>(p, from, in_plane, to); });
      }
    }
  });
}

void mean_backward(Team& team, const Pool& p, const float* grad_y, float* grad_x) {
  team.parallel(p.planes, p.planes_per_grain(), [=, &p](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) {
      float* plane = grad_x + n * p.plane;
      const int64_t covered = p.halves ? 2 * p.out_h * p.desc.width : 0;  // the rest is overwritten row by row
      zero_row(plane + covered, p.plane - covered);
      for (int64_t row = 0; row < p.out_h; ++row) {
        const float* from = grad_y + (n * p.out_h + row) * p.out_w;
        if (p.halves) {
          spread_halves(from, p.desc.width, row, p.out_w, plane);
        } else if (by_window(p)) {
          spread_windows(p, from, row, plane);
        } else {
          with_stride(p, [=, &p](auto stride) { spread_taps<decltype(stride)>(p, from, row, plane); });
        }
      }
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
