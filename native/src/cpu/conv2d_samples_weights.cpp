// Gradient to the weights of the implicit GEMM with samples in the lanes (conv2d_samples.hpp): every weight is the dot
// product of its filter's grad_z and the input shifted by its tap, over all outputs and samples. A register tile is a few
// neighbouring taps by a few filters, each a vector of sums over the samples of one lane, in the order of w:
//   sums[weight][lane]
// Every thread has its own; its lanes are added at the end, then the threads.
#include "conv2d_samples.hpp"
#include "partial_sums.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int kMostTaps = kLanes == 16 ? 5 : 3;

// Filters of a tile with so many taps: sums, taps and one grad_z fit the registers.
constexpr int most_filters(int taps) {
  return kLanes == 16 ? (taps <= 3 ? 8 : taps == 4 ? 6 : 5) : (taps <= 2 ? 4 : 3);
}

struct Sizes {
  Sizes(const Team& team, const Correlation& c)
      : weights((c.groups * c.filters * c.products() + kLanes - 1) / kLanes * kLanes),
        in_columns(c.columns.last_read() + 1),
        grid(team, c),
        in(c.channels, c.rows.input, c.columns.input, InputRows::most(c.rows, grid.most_rows), in_columns,
           -c.columns.pad),
        z(c.filters, c.rows.output, c.columns.output, grid.most_rows, c.columns.output, 0),
        thread_floats(weights * kLanes + in.floats + z.floats),
        total(team.threads() * thread_floats) {}

  int64_t weights;  // vectors of sums
  int64_t in_columns;
  SampleGrid grid;
  SampleStrip in, z;
  int64_t thread_floats, total;
};

// Outputs and the inputs that one tap pairs them with: rows x columns of both, and the distances between neighbours.
struct Span {
  int64_t rows, columns;
  int64_t z_filter, z_row;
  int64_t x_row, x_column, x_tap;
  int64_t sums_filter;
};

// sums[i * sums_filter + j * kLanes] += grad_z of filter i times x of tap j, lane by lane.
template <int Filters, int Taps>
void tile(const Span& span, const float* grad_z, const float* x, float* sums) {
  Vec s[Filters][Taps];
#pragma GCC unroll 8
  for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < Taps; ++j) s[i][j] = load(sums + i * span.sums_filter + j * kLanes);
  }
  for (int64_t p = 0; p < span.rows; ++p) {
    const float* z = grad_z + p * span.z_row;
    const float* in = x + p * span.x_row;
    for (int64_t q = 0; q < span.columns; ++q, z += kLanes, in += span.x_column) {
      Vec tap[Taps];
#pragma GCC unroll 5
      for (int j = 0; j < Taps; ++j) tap[j] = load(in + j * span.x_tap);
#pragma GCC unroll 8
      for (int i = 0; i < Filters; ++i) {
        const Vec g = in_register(load(z + i * span.z_filter));
#pragma GCC unroll 5
        for (int j = 0; j < Taps; ++j) s[i][j] += g * tap[j];
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 5
    for (int j = 0; j < Taps; ++j) store(sums + i * span.sums_filter + j * kLanes, s[i][j]);
  }
}

using Tile = void (*)(const Span&, const float*, const float*, float*);
#define AZJ_TILE(T, F) tile<(F <= most_filters(T) ? F : 1), (T <= kMostTaps ? T : 1)>
#define AZJ_TILES(T)                                                                                             \
  {AZJ_TILE(T, 1), AZJ_TILE(T, 2), AZJ_TILE(T, 3), AZJ_TILE(T, 4), AZJ_TILE(T, 5), AZJ_TILE(T, 6), AZJ_TILE(T, 7), \
   AZJ_TILE(T, 8)}
constexpr Tile kTiles[5][8] = {AZJ_TILES(1), AZJ_TILES(2), AZJ_TILES(3), AZJ_TILES(4), AZJ_TILES(5)};
#undef AZJ_TILES
#undef AZJ_TILE

// Calls body(begin, end) for the fewest parts of 0..count-1 of at most `most`, of nearly equal length.
template <class Body>
void for_parts(int64_t count, int64_t most, Body&& body) {
  const int64_t parts = (count + most - 1) / most;
  for (int64_t i = 0; i < parts; ++i) body(i * count / parts, (i + 1) * count / parts);
}

// Output rows begin..end-1, whose grad_z is in z and whose inputs, from row `first` on, are in `in`.
void accumulate(const Correlation& c, const Sizes& size, const float* in, int64_t first, const float* z, int64_t begin,
                int64_t end, float* sums) {
  Span span{};
  span.columns = c.columns.output;
  span.z_filter = size.z.plane;
  span.z_row = size.z.row;
  span.x_row = c.rows.stride * size.in.row;
  span.x_column = c.columns.stride * kLanes;
  span.x_tap = c.columns.dilation * kLanes;
  span.sums_filter = c.products() * kLanes;
  for (int64_t r = 0; r < c.rows.taps; ++r) {
    // The rows whose tap r meets the input.
    const int64_t shift = r * c.rows.dilation - c.rows.pad;
    const int64_t above = shift >= 0 ? 0 : (-shift + c.rows.stride - 1) / c.rows.stride;
    const int64_t from = max(begin, above);
    const int64_t to = c.rows.input > shift ? min(end, (c.rows.input - 1 - shift) / c.rows.stride + 1) : from;
    if (to <= from) continue;
    span.rows = to - from;
    const float* x = in + (from * c.rows.stride + shift - first) * size.in.row;
    const float* grad_z = z + (from - begin) * size.z.row;
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      for_parts(c.columns.taps, kMostTaps, [&](int64_t s, int64_t s_end) {
        const int64_t taps = s_end - s;
        for_parts(c.filters, most_filters(static_cast<int>(taps)), [&](int64_t f, int64_t f_end) {
          const int64_t weight = f * c.products() + (channel * c.rows.taps + r) * c.columns.taps + s;
          kTiles[taps - 1][f_end - f - 1](span, grad_z + f * size.z.plane,
                                          x + channel * size.in.plane + s * span.x_tap, sums + weight * kLanes);
        });
      });
    }
  }
}

}  // namespace

uint64_t conv2d_samples_weights_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  return static_cast<uint64_t>(Sizes(team, Correlation::forward(d)).total) * sizeof(float);
}

void conv2d_samples_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                 float* grad_w, float* workspace) {
  const Correlation c = Correlation::forward(d);
  const Sizes size(team, c);
  bool used[kMostThreads] = {};  // small problems leave threads without work
  const int64_t in_group = c.channels * c.rows.input * c.columns.input, out_group = c.filters * c.plane;
  team.parallel(size.grid.units, 1, [&](int64_t begin, int64_t end, int thread) {
    used[thread] = true;
    float* sums = workspace + thread * size.thread_floats;
    float* in = sums + size.weights * kLanes;
    float* z = in + size.in.floats;
    zero_row(sums, size.weights * kLanes);
    for (int64_t i = begin; i < end; ++i) {
      const SampleUnit unit(c, size.grid, i);
      const InputRows rows(c.rows, unit.row, unit.row_end);
      size.in.load_rows(x + (unit.sample * c.groups + unit.g) * in_group, c.groups * in_group, unit.samples, rows.first,
                        rows.last, in);
      size.z.load_rows(grad_z + (unit.sample * c.groups + unit.g) * out_group, c.groups * out_group, unit.samples,
                       unit.row, unit.row_end, z);
      accumulate(c, size, in, rows.first, z, unit.row, unit.row_end, sums + unit.g * c.filters * c.products() * kLanes);
    }
    sum_lanes(sums, size.weights);
  });
  add_parts(team, workspace, size.thread_floats, used, c.groups * c.filters * c.products(), grad_w);
}

}  // namespace azj::cpu::AZJ_ISA
