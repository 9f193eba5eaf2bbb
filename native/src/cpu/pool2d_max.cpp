// Max pooling. The first maximum of a window wins, and a NaN wins over every number.
#include "math.hpp"
#include "pool2d.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// if_replaced when a later value replaces the best so far, otherwise if_kept. Two selections, because the vectoriser
// has no "and" of comparisons in a chain of selections.
template <class T>
AZJ_ALWAYS_INLINE T pick(float value, float best, T if_replaced, T if_kept) {
  const T unless_nan = best != best ? if_kept : if_replaced;
  return value <= best ? if_kept : unless_nan;
}

template <bool kIndex>
void window_row(const Pool& p, const float* x, int64_t row, float* y, int32_t* index) {
  const int64_t width = p.desc.width;
  const Range rows = rows_of(p, row);
  for (int64_t q = 0; q < p.out_w; ++q) {
    const Range columns = columns_of(p, q);
    int64_t where = rows.begin * width + columns.begin;
    float best = x[where];
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      for (int64_t c = columns.begin; c < columns.end; ++c) {
        const float value = x[r * width + c];
        if (kIndex) where = pick(value, best, r * width + c, where);
        best = pick(value, best, value, best);
      }
    }
    y[q] = best;
    if (kIndex) index[q] = static_cast<int32_t>(where);
  }
}

template <bool kIndex, class StrideOf>
void tap_row(const Pool& p, const float* x, int64_t row, float* __restrict__ y, int32_t* __restrict__ index) {
  const int64_t stride = StrideOf::of(p);
  const int64_t width = p.desc.width;
  const Range rows = rows_of(p, row);
  const Range taps = tap_range(p);
  for (int64_t q = 0; q < p.out_w; ++q) {  // the window's first element, so that a row of -infinity has an index too
    const int64_t first = rows.begin * width + max(q * stride - p.desc.pad_w, 0);
    y[q] = x[first];
    if (kIndex) index[q] = static_cast<int32_t>(first);
  }
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    for (int64_t s = taps.begin; s < taps.end; ++s) {
      const Range outputs = output_range(p, s);
      const int64_t offset = r * width + s - p.desc.pad_w;
      const float* from = x + (offset + outputs.begin * stride);
      const int32_t first = static_cast<int32_t>(offset + outputs.begin * stride);
      const int32_t step = static_cast<int32_t>(stride < INT32_MAX ? stride : 0);  // longer: only one output
      const int32_t count = static_cast<int32_t>(outputs.end - outputs.begin);
      float* best = y + outputs.begin;
      int32_t* where = kIndex ? index + outputs.begin : nullptr;
#pragma omp simd
      for (int32_t q = 0; q < count; ++q) {
        const float value = from[q * stride];
        if (kIndex) where[q] = pick(value, best[q], first + q * step, where[q]);
        best[q] = pick(value, best[q], value, best[q]);
      }
    }
  }
}

template <bool kIndex>
void forward(Team& team, const Pool& p, const float* x, float* y, int32_t* argmax) {
  team.parallel(p.planes, p.planes_per_grain(), [=, &p](int64_t begin, int64_t end, int) {
    for (int64_t row = begin * p.out_h; row < end * p.out_h; ++row) {  // of all planes
      const float* from = x + row / p.out_h * p.plane;
      float* to = y + row * p.out_w;
      int32_t* index = kIndex ? argmax + row * p.out_w : nullptr;
      if (p.halves) {
        const int64_t first = 2 * (row % p.out_h) * p.desc.width;
        halve_rows<kIndex>(from + first, from + first + p.desc.width, first, p.desc.width, p.out_w, to, index);
      } else if (p.by_window()) {
        window_row<kIndex>(p, from, row % p.out_h, to, index);
      } else {
        with_stride(p, [=, &p](auto stride) { tap_row<kIndex, decltype(stride)>(p, from, row % p.out_h, to, index); });
      }
    }
  });
}

// Windows may overlap, so the plane's gradients are added one after the other, always in the same order.
bool scatter_plane(const Pool& p, const float* g, const int32_t* index, float* grad_x) {
  zero_row(grad_x, p.plane);
  bool good = true;
  for (int64_t i = 0; i < p.out_h * p.out_w; ++i) {
    if (index[i] < 0 || index[i] >= p.plane) {
      good = false;
    } else {
      grad_x[index[i]] += g[i];
    }
  }
  return good;
}

}  // namespace

void max_forward(Team& team, const Pool& pool, const float* x, float* y, int32_t* argmax) {
  if (argmax != nullptr) {
    forward<true>(team, pool, x, y, argmax);
  } else {
    forward<false>(team, pool, x, y, nullptr);
  }
}

void max_backward(Team& team, const Pool& p, const float* grad_y, const int32_t* argmax, float* grad_x) {
  int stray = 0;
  int* const found_stray = &stray;
  team.parallel(p.planes, p.planes_per_grain(), [=, &p](int64_t begin, int64_t end, int) {
    const int64_t outputs = p.out_h * p.out_w;
    bool good = true;
    for (int64_t n = begin; n < end; ++n) {
      float* plane = grad_x + n * p.plane;
      if (!p.halves) {
        good &= scatter_plane(p, grad_y + n * outputs, argmax + n * outputs, plane);
        continue;
      }
      for (int64_t row = 0; row < p.out_h; ++row) {
        const int64_t start = n * outputs + row * p.out_w;
        good &= spread_row(argmax + start, p.desc.width, row, p.out_w, plane,
                           [=](int64_t q, int64_t lanes) { return load_first(grad_y + start + q, lanes); });
      }
      const int64_t covered = 2 * p.out_h * p.desc.width;  // an odd height's last row
      zero_row(plane + covered, p.plane - covered);
    }
    if (!good) __atomic_store_n(found_stray, 1, __ATOMIC_RELAXED);
  });
  if (stray != 0) {
    fail(AZJ_INVALID_ARGUMENT, "argmax holds an index outside its window; it must be the argmax of the forward pass");
  }
}

}  // namespace azj::cpu::AZJ_ISA
