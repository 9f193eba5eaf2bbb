// Gradient to the weights of a depthwise convolution: for each channel and tap the dot product of grad_z and the input
// shifted by the tap, over all samples; lanes are outputs, whose sums are added at the very end. A thread has channels
// of its own and adds nothing to another's.
#include "conv2d_depthwise.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Columns of windows, and taps of any kernel, whose sums are in registers at a time.
constexpr int window_columns(int rows) { return kLanes < 16 ? (rows == 3 ? 3 : 1) : (rows == 7 ? 3 : rows); }
constexpr int kTileTaps = 8;

struct Sizes {
  explicit Sizes(const Correlation& c)
      : copy(c),
        copy_floats(whole_lines(copy.floats)),
        taps((c.products() + kTileTaps - 1) / kTileTaps * kTileTaps),
        offsets(whole_lines(taps)),
        total(copy_floats + offsets + taps * kLanes) {}

  PaddedCopy copy;
  int64_t copy_floats;
  int64_t taps, offsets;
  int64_t total;
};

// kBandRows rows of grad_z at z, and the inputs of their windows at x: the rows are loaded once for all rows of a
// window. sums[r][s] of columns s..s+Columns-1 of the windows, whose elements lie side by side.
template <int Rows, int Columns>
void band_of_windows(const Correlation& c, int64_t row, const float* z, const float* x, int64_t s, float* sums) {
  Vec sum[Rows][Columns];
#pragma GCC unroll 7
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 5
    for (int j = 0; j < Columns; ++j) sum[r][j] = load(sums + (r * c.columns.taps + s + j) * kLanes);
  }
  const int64_t width = c.columns.output, whole = width / kLanes * kLanes, rest = width - whole;
  auto add = [&](int64_t q, auto&& loaded) __attribute__((always_inline)) {
    const float* from = x + s + q;
#pragma GCC unroll 13
    for (int i = 0; i < kBandRows + Rows - 1; ++i, from += row) {
      Vec in[Columns];
#pragma GCC unroll 5
      for (int j = 0; j < Columns; ++j) in[j] = loaded(from + j);
#pragma GCC unroll 7
      for (int r = 0; r < Rows; ++r) {
        if (i < r || i - r >= kBandRows) continue;
        const Vec g = in_register(loaded(z + (i - r) * width + q));
#pragma GCC unroll 5
        for (int j = 0; j < Columns; ++j) sum[r][j] += g * in[j];
      }
    }
  };
  for (int64_t q = 0; q < whole; q += kLanes) add(q, [](const float* from) { return load(from); });
  if (rest > 0) add(whole, [rest](const float* from) { return load_first(from, rest); });
#pragma GCC unroll 7
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 5
    for (int j = 0; j < Columns; ++j) store(sums + (r * c.columns.taps + s + j) * kLanes, sum[r][j]);
  }
}

template <int Rows>
void band_of_all_windows(const Correlation& c, int64_t row, const float* z, const float* x, float* sums) {
  constexpr int kColumns = window_columns(Rows);
  int64_t s = 0;
  for (; s + kColumns <= c.columns.taps; s += kColumns) {
    band_of_windows<Rows, kColumns>(c, row, z, x, s, sums);
  }
  for (; s < c.columns.taps; ++s) band_of_windows<Rows, 1>(c, row, z, x, s, sums);
}

// Any rows and taps.
void rows_of_taps(const Correlation& c, const Sizes& size, int64_t rows, const float* z, const float* x,
                  const int32_t* offsets, float* sums) {
  const int64_t width = c.columns.output, whole = width / kLanes * kLanes, rest = width - whole;
  for (int64_t t = 0; t < size.taps; t += kTileTaps) {
    Vec sum[kTileTaps];
#pragma GCC unroll 8
    for (int k = 0; k < kTileTaps; ++k) sum[k] = load(sums + (t + k) * kLanes);
    for (int64_t p = 0; p < rows; ++p) {
      const float* in = x + p * c.rows.stride * size.copy.row;
      auto add = [&](int64_t q, auto&& loaded) __attribute__((always_inline)) {
        const Vec g = loaded(z + p * width + q);
#pragma GCC unroll 8
        for (int k = 0; k < kTileTaps; ++k) sum[k] += g * loaded(in + offsets[t + k] + q);
      };
      for (int64_t q = 0; q < whole; q += kLanes) add(q, [](const float* from) { return load(from); });
      if (rest > 0) add(whole, [rest](const float* from) { return load_first(from, rest); });
    }
#pragma GCC unroll 8
    for (int k = 0; k < kTileTaps; ++k) store(sums + (t + k) * kLanes, sum[k]);
  }
}

// Adds one plane of a sample; `next` planes follow.
void add_plane(const Correlation& c, const Sizes& size, const float* x, const float* z, const float* next_x,
               const float* next_z, float* copy, const int32_t* offsets, float* sums) {
  const bool windows = has_windows(c);
  for (int64_t p = 0; p < c.rows.output; p += kBandRows) {
    const int64_t rows = min(kBandRows, c.rows.output - p);
    size.copy.extend(c, x, p, p + rows, copy);
    const bool last = p + rows == c.rows.output;
    const int64_t behind = ((p + rows - 1) * c.rows.stride + c.rows.taps - c.rows.pad) * c.columns.input;
    prefetch_to_read(last ? next_x : x + behind, kBandRows * c.rows.stride * c.columns.input);
    prefetch_to_read(last ? next_z : z + (p + rows) * c.columns.output, kBandRows * c.columns.output);
    const float* band = z + p * c.columns.output;
    const float* in = copy + p * c.rows.stride * size.copy.row;
    if (windows && rows == kBandRows && c.rows.taps == 3) {
      band_of_all_windows<3>(c, size.copy.row, band, in, sums);
    } else if (windows && rows == kBandRows && c.rows.taps == 5) {
      band_of_all_windows<5>(c, size.copy.row, band, in, sums);
    } else if (windows && rows == kBandRows && c.rows.taps == 7) {
      band_of_all_windows<7>(c, size.copy.row, band, in, sums);
    } else {
      rows_of_taps(c, size, rows, band, in, offsets, sums);
    }
  }
}

}  // namespace

int64_t conv2d_depthwise_weights_floats(const Team& team, const azj_conv2d_desc& d) {
  return team.threads() * Sizes(Correlation::forward(d)).total;
}

void conv2d_depthwise_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                   float* grad_w, float* workspace) {
  const ConvSize s(d);
  const Correlation c = Correlation::forward(d);
  const Sizes size(c);
  const int64_t taps = c.products();
  const int64_t grain = 1 + 16384 / (d.batch * (s.out_plane * s.kernel + s.in_plane));
  team.parallel(d.channels, grain, [&](int64_t begin, int64_t end, int thread) {
    float* copy = workspace + thread * size.total;
    int32_t* offsets = reinterpret_cast<int32_t*>(copy + size.copy_floats);
    float* sums = copy + size.copy_floats + size.offsets;
    find_offsets(c, size.copy, offsets);
    for (int64_t k = taps; k < size.taps; ++k) offsets[k] = offsets[0];  // computed again and not used
    for (int64_t channel = begin; channel < end; ++channel) {
      zero_row(sums, size.taps * kLanes);
      for (int64_t n = 0; n < d.batch; ++n) {
        const int64_t plane = n * d.channels + channel;
        const int64_t next = n + 1 < d.batch ? plane + d.channels : channel + 1;
        add_plane(c, size, x + plane * s.in_plane, grad_z + plane * s.out_plane, x + next * s.in_plane,
                  grad_z + next * s.out_plane, copy, offsets, sums);
      }
      for (int64_t k = 0; k < taps; ++k) grad_w[channel * taps + k] = horizontal_sum(load(sums + k * kLanes));
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
