// Depthwise convolution, one filter for each channel, as an implicit GEMM would leave it: a plane of the input with its
// padding (conv2d_implicit.hpp) and one of the output, a band of rows at a time. There is nothing to reuse but the rows
// under a window, so a band shares the loads of its windows, and the lines of the next band are fetched meanwhile:
// these convolutions take as long as their tensors take to pass through memory.
#include "conv2d_depthwise.hpp"

#include "conv2d_pool.hpp"
#include "epilogue.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Planes that the phases of a strided convolution's gradient take turns on, while they are in the caches.
constexpr int64_t kPlanesPerTurn = 8;

// What a thread needs for a plane of a correlation.
struct Sizes {
  explicit Sizes(const Correlation& c)
      : copy(c),
        // Rows of a band that the plane does not have are computed from what lies there, and not stored.
        copy_floats(whole_lines(copy.floats + kBandRows * c.rows.stride * copy.row)),
        taps(whole_lines(c.products())),
        band(whole_lines(kBandRows * c.columns.output)) {}

  PaddedCopy copy;
  int64_t copy_floats;
  int64_t taps;  // weights, and as many offsets
  int64_t band;  // rows of a phase of a strided convolution's gradient
  int64_t total() const { return copy_floats + 2 * taps + band; }
};

struct Scratch {
  Scratch(const Sizes& size, float* memory)
      : copy(memory),
        weights(copy + size.copy_floats),
        offsets(reinterpret_cast<int32_t*>(weights + size.taps)),
        band(weights + 2 * size.taps) {}
  float* copy;
  float* weights;
  int32_t* offsets;
  float* band;
};

// A band of kLanes columns: sums[j] = sum over the taps of weight * x, for windows whose rows lie one below the other.
template <int Taps>
inline __attribute__((always_inline)) void band_of_windows(int64_t row, int64_t columns, const float* weights,
                                                           const float* x, Vec (&sums)[kBandRows]) {
  for (int64_t s = 0; s < columns; ++s) {
    const float* in = x + s;
    Vec weight[Taps];
#pragma GCC unroll 7
    for (int r = 0; r < Taps; ++r) weight[r] = splat(weights[r * columns + s]);
#pragma GCC unroll 13
    for (int i = 0; i < kBandRows + Taps - 1; ++i) {
      const Vec v = in_register(load(in + i * row));
#pragma GCC unroll 7
      for (int r = 0; r < Taps; ++r) {
        if (i >= r && i - r < kBandRows) sums[i - r] += weight[r] * v;
      }
    }
  }
}

// The same for any taps.
inline __attribute__((always_inline)) void band_of_taps(int64_t row, int64_t taps, const int32_t* offsets,
                                                        const float* weights, const float* x,
                                                        Vec (&sums)[kBandRows]) {
  for (int64_t k = 0; k < taps; ++k) {
    const Vec weight = splat(weights[k]);
#pragma GCC unroll 7
    for (int j = 0; j < kBandRows; ++j) sums[j] += weight * load(x + offsets[k] + j * row);
  }
}

// `rows` output rows, whose windows begin at x, to y, rows `to_row` apart. Taps: rows of the windows, or 0 for any
// taps.
template <int Taps>
void band(const Correlation& c, const Sizes& size, const Scratch& own, const float* x, float bias, int64_t rows,
          float* y, int64_t to_row) {
  for (int64_t q = 0; q < c.columns.output; q += kLanes) {
    Vec sums[kBandRows];
#pragma GCC unroll 7
    for (int j = 0; j < kBandRows; ++j) sums[j] = splat(bias);
    if constexpr (Taps == 0) {
      band_of_taps(c.rows.stride * size.copy.row, c.products(), own.offsets, own.weights, x + q, sums);
    } else {
      band_of_windows<Taps>(size.copy.row, c.columns.taps, own.weights, x + q, sums);
    }
    const int64_t count = min(kLanes, c.columns.output - q);
#pragma GCC unroll 7
    for (int j = 0; j < kBandRows; ++j) {
      if (j < rows) store_first(y + j * to_row + q, sums[j], count);
    }
  }
}

using Band = void (*)(const Correlation&, const Sizes&, const Scratch&, const float*, float, int64_t, float*, int64_t);

Band band_for(const Correlation& c) {
  if (!has_windows(c)) return band<0>;
  switch (c.rows.taps) {
    case 3: return band<3>;
    case 5: return band<5>;
    case 7: return band<7>;
    default: return band<0>;
  }
}

// One plane of a correlation, whose taps are own.weights.
void correlate_plane(const Correlation& c, const Sizes& size, Band compute, const Scratch& own, const float* x,
                     float bias, int32_t activation, float slope, float* y) {
  const bool phase = c.column_distance != 1;
  for (int64_t p = 0; p < c.rows.output; p += kBandRows) {
    const int64_t rows = min(kBandRows, c.rows.output - p);
    size.copy.extend(c, x, p, p + rows, own.copy);
    float* out = y + c.first + p * c.row_distance;
    if (!phase) {
      // The next plane follows this one.
      const int64_t behind = ((p + rows - 1) * c.rows.stride + c.rows.taps - c.rows.pad) * c.columns.input;
      prefetch_to_read(x + behind, kBandRows * c.rows.stride * c.columns.input);
      prefetch_to_write(out + rows * c.row_distance, kBandRows * c.row_distance);
    }
    compute(c, size, own, own.copy + p * c.rows.stride * size.copy.row, bias, rows, phase ? own.band : out,
            phase ? c.columns.output : c.row_distance);
    if (phase) {
      for (int64_t j = 0; j < rows; ++j) {
        const float* from = own.band + j * c.columns.output;
        for (int64_t q = 0; q < c.columns.output; ++q) out[j * c.row_distance + q * c.column_distance] = from[q];
      }
    } else if (activation != AZJ_IDENTITY) {
      apply_bias_activation_row(out, rows * c.columns.output, 0, activation, slope);
    }
  }
}

// Planes begin..end-1 of all samples, the first to y and each next one `distance` behind; after(i) follows plane i.
template <class After>
void correlate_planes(const Correlation& c, const float* x, const float* w, const float* bias, int32_t activation,
                      float slope, int64_t begin, int64_t end, float* y, int64_t distance, float* memory,
                      After&& after) {
  const Sizes size(c);
  const Scratch own(size, memory);
  const Band compute = band_for(c);
  find_offsets(c, size.copy, own.offsets);
  for (int64_t i = begin; i < end; ++i) {
    const int64_t channel = i % c.groups;
    float* weight = own.weights;
    for (int64_t r = 0; r < c.rows.taps; ++r) {
      for (int64_t s = 0; s < c.columns.taps; ++s) *weight++ = w[c.weight(channel, 0, 0, r, s)];
    }
    correlate_plane(c, size, compute, own, x + i * c.rows.input * c.columns.input, bias == nullptr ? 0 : bias[channel],
                    activation, slope, y + (i - begin) * distance);
    after(i);
  }
}

// Planes that are worth a second thread.
int64_t planes_per_grain(const ConvSize& s) {
  return 1 + 16384 / (s.out_plane * s.kernel + s.in_plane);
}

}  // namespace

bool conv2d_depthwise_supports(const azj_conv2d_desc& d) { return d.channels == d.groups && d.filters == d.groups; }

int64_t conv2d_depthwise_floats(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  if (pass == AZJ_CONV_GRAD_WEIGHTS) return conv2d_depthwise_weights_floats(team, d);
  int64_t floats = 0;
  if (pass == AZJ_CONV_GRAD_INPUT) {
    for_phases(d, [&](const Correlation& c) { floats = max(floats, Sizes(c).total()); });
  } else {
    floats = Sizes(Correlation::forward(d)).total();
  }
  return team.threads() * floats;
}

void conv2d_depthwise_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                              float* y, float* workspace) {
  const ConvSize s(d);
  const int64_t floats = conv2d_depthwise_floats(team, d, AZJ_CONV_FORWARD) / team.threads();
  team.parallel(d.batch * d.channels, planes_per_grain(s), [&](int64_t begin, int64_t end, int thread) {
    correlate_planes(Correlation::forward(d), x, w, bias, d.activation, d.slope, begin, end, y + begin * s.out_plane,
                     s.out_plane, workspace + thread * floats, [](int64_t) {});
  });
}

int64_t conv2d_depthwise_pool_floats(const Team& team, const azj_conv2d_desc& d) {
  return conv2d_depthwise_floats(team, d, AZJ_CONV_FORWARD) + team.threads() * whole_lines(ConvSize(d).out_plane);
}

void conv2d_depthwise_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                   const float* bias, const Pooled& y, float* workspace) {
  const ConvSize s(d);
  const int64_t floats = conv2d_depthwise_pool_floats(team, d) / team.threads();
  team.parallel(d.batch * d.channels, planes_per_grain(s), [&](int64_t begin, int64_t end, int thread) {
    float* plane = workspace + thread * floats;
    correlate_planes(Correlation::forward(d), x, w, bias, d.activation, d.slope, begin, end, plane, 0,
                     plane + whole_lines(s.out_plane),
                     [&](int64_t i) { halve_planes(plane, s.out_plane, 1, y.from(i)); });
  });
}

void conv2d_depthwise_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                 float* grad_x, float* workspace) {
  const ConvSize s(d);
  const int64_t floats = conv2d_depthwise_floats(team, d, AZJ_CONV_GRAD_INPUT) / team.threads();
  team.parallel(d.batch * d.channels, planes_per_grain(s), [&](int64_t begin, int64_t end, int thread) {
    const int64_t turn = d.stride_h * d.stride_w == 1 ? end - begin : kPlanesPerTurn;
    for (int64_t i = begin; i < end; i += turn) {
      for_phases(d, [&](const Correlation& c) {
        correlate_planes(c, grad_z, w, nullptr, AZJ_IDENTITY, 0, i, min(i + turn, end), grad_x + i * c.plane, c.plane,
                         workspace + thread * floats, [](int64_t) {});
      });
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
