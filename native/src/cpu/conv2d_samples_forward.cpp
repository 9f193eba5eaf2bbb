// Forward pass and gradient to the input of the implicit GEMM with samples in the lanes (conv2d_samples.hpp). A register
// tile is up to kFilters filters by kColumns neighbouring outputs of a row; for each tap and channel it multiplies as many
// vectors of inputs by one weight for each filter. Taps that meet only the padding, for the row or for all of the
// tile's columns, are left out.
#include "conv2d_samples.hpp"
#include "epilogue.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int kFilters = kLanes == 16 ? 6 : 3;
constexpr int kColumns = kLanes == 16 ? 4 : 3;

struct Sizes {
  Sizes(const Team& team, const Correlation& c, int64_t row_unit)
      : tiles((c.filters + kFilters - 1) / kFilters),
        tile_filters((c.filters + tiles - 1) / tiles),
        column_tiles((c.columns.output + kColumns - 1) / kColumns),
        weights((c.groups * tiles * tile_filters * c.products() + 15) / 16 * 16),
        in_columns(c.columns.last_read() + 1),
        grid(team, c, row_unit),
        in(c.channels, c.rows.input, c.columns.input, InputRows::most(c.rows, grid.most_rows), in_columns,
           -c.columns.pad),
        out_plane(grid.most_rows * c.columns.output * kLanes),
        thread_floats(in.floats + c.filters * out_plane),
        total(weights + team.threads() * thread_floats) {}

  int64_t tiles, tile_filters;  // of filters in a group
  int64_t column_tiles;         // of a row
  int64_t weights;              // floats, packed[group][tile][channel][tap row][tap column][filter of the tile]
  int64_t in_columns;
  SampleGrid grid;
  SampleStrip in;
  int64_t out_plane;  // floats of one filter of a band
  int64_t thread_floats, total;
};

void pack_weights(const Correlation& c, const Sizes& size, const float* w, int64_t tile, float* packed) {
  const int64_t g = tile / size.tiles, first = tile % size.tiles * size.tile_filters;
  const int64_t count = min(size.tile_filters, c.filters - first);
  float* to = packed + tile * size.tile_filters * c.products();
  for (int64_t channel = 0; channel < c.channels; ++channel) {
    for (int64_t r = 0; r < c.rows.taps; ++r) {
      for (int64_t s = 0; s < c.columns.taps; ++s, to += count) {
        for (int64_t m = 0; m < count; ++m) to[m] = w[c.weight(g, first + m, channel, r, s)];
      }
    }
  }
}

// The inputs and weights that a tile multiplies: those of its first channel and tap, and the distances to the others.
struct Products {
  const float* x;
  const float* w;
  int64_t channels, rows, columns;             // taps that count
  int64_t x_channel, x_row, x_column, x_next;  // next: to the next output of the row
  int64_t w_channel, w_row;
};

// sums[i * plane + j * kLanes] for Filters filters and Columns outputs.
template <int Filters, int Columns>
void tile(const Products& p, float* sums, int64_t plane) {
  Vec s[Filters][Columns] = {};
  for (int64_t c = 0; c < p.channels; ++c) {
    for (int64_t r = 0; r < p.rows; ++r) {
      const float* x = p.x + c * p.x_channel + r * p.x_row;
      const float* w = p.w + c * p.w_channel + r * p.w_row;
      for (int64_t k = 0; k < p.columns; ++k, x += p.x_column, w += Filters) {
        Vec in[Columns];
#pragma GCC unroll 4
        for (int j = 0; j < Columns; ++j) in[j] = load(x + j * p.x_next);
#pragma GCC unroll 6
        for (int i = 0; i < Filters; ++i) {
          const Vec weight = splat(w[i]);
#pragma GCC unroll 4
          for (int j = 0; j < Columns; ++j) s[i][j] += weight * in[j];
        }
      }
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < Columns; ++j) store(sums + i * plane + j * kLanes, s[i][j]);
  }
}

using Tile = void (*)(const Products&, float*, int64_t);
// Instruction sets with 16 registers have smaller tiles.
#define AZJ_TILE(F, C) tile<(kFilters >= F ? F : 1), (kColumns >= C ? C : 1)>
#define AZJ_TILES(F) {AZJ_TILE(F, 1), AZJ_TILE(F, 2), AZJ_TILE(F, 3), AZJ_TILE(F, 4)}
constexpr Tile kTiles[6][4] = {AZJ_TILES(1), AZJ_TILES(2), AZJ_TILES(3), AZJ_TILES(4), AZJ_TILES(5), AZJ_TILES(6)};
#undef AZJ_TILES
#undef AZJ_TILE

// Output row p, from the strip that begins with input row `first`, to the strip of outputs.
void row_of_outputs(const Correlation& c, const Sizes& size, const float* in, int64_t first, const float* packed,
                    int64_t p, float* out) {
  const int64_t top = p * c.rows.stride - c.rows.pad;
  const Taps rows(c.rows, top, top);
  const int64_t patch = c.rows.taps * c.columns.taps;
  for (int64_t t = 0; t < size.tiles; ++t) {
    const int64_t filter = t * size.tile_filters, filters = min(size.tile_filters, c.filters - filter);
    const float* weights = packed + filter * c.products();
    for (int64_t part = 0; part < size.column_tiles; ++part) {  // of nearly equal width
      const int64_t begin = part * c.columns.output / size.column_tiles;
      const int64_t end = (part + 1) * c.columns.output / size.column_tiles;
      const int64_t left = begin * c.columns.stride - c.columns.pad;
      const Taps columns(c.columns, left, (end - 1) * c.columns.stride - c.columns.pad);
      Products products;
      products.channels = c.channels;
      products.rows = rows.end - rows.begin;
      products.columns = columns.end - columns.begin;
      products.x_channel = size.in.plane;
      products.x_row = c.rows.dilation * size.in.row;
      products.x_column = c.columns.dilation * kLanes;
      products.x_next = c.columns.stride * kLanes;
      products.w_channel = patch * filters;
      products.w_row = c.columns.taps * filters;
      products.x = in + (top + rows.begin * c.rows.dilation - first) * size.in.row +
                   (begin * c.columns.stride + columns.begin * c.columns.dilation) * kLanes;
      products.w = weights + (rows.begin * c.columns.taps + columns.begin) * filters;
      kTiles[filters - 1][end - begin - 1](products, out + filter * size.out_plane + begin * kLanes, size.out_plane);
    }
  }
}

// y = activation(z + bias) from lanes to NCHW: `count` neighbouring outputs of up to kLanes samples.
template <int32_t kActivation>
void store_samples(const float* z, int64_t count, float bias, float slope, float* y, int64_t sample_distance,
                   int64_t samples) {
  for (int64_t at = 0; at < count; at += kLanes, z += kLanes * kLanes) {
    const int64_t width = min(kLanes, count - at);
    Vec v[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      v[i] = i < width ? activate_each<kActivation>(load(z + i * kLanes) + splat(bias), slope) : Vec{};
    }
    transpose(v);
    if (width == kLanes) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < samples) store(y + i * sample_distance + at, v[i]);
      }
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if (i < samples) store_first(y + i * sample_distance + at, v[i], width);
      }
    }
  }
}

// y and argmax from lanes to NCHW: the maxima of `count` neighbouring windows of up to kLanes samples, in rows of
// y.columns; z is the convolution's output row `row`, whose windows begin there.
template <int32_t kActivation>
void pool_samples(const float* z, int64_t columns, int64_t row, int64_t count, float bias, float slope, const Pooled& y,
                  int64_t sample_distance, int64_t samples) {
  const auto output = [=](int64_t i) { return activate_each<kActivation>(load(z + i * kLanes) + splat(bias), slope); };
  int64_t r = 0, q = 0;  // of the next window's first output
  for (int64_t at = 0; at < count; at += kLanes) {
    const int64_t width = min(kLanes, count - at);
    Vec values[kLanes] = {}, places[kLanes] = {};
    for (int64_t i = 0; i < width; ++i) {
      const int64_t first = r * columns + q;
      const Ints place = splat_int(static_cast<int32_t>((row + r) * y.width + q));
      Best best{output(first), place};
      best.offer(output(first + 1), place + 1);
      best.offer(output(first + columns), place + static_cast<int32_t>(y.width));
      best.offer(output(first + columns + 1), place + static_cast<int32_t>(y.width + 1));
      values[i] = best.value;
      places[i] = reinterpret_cast<Vec>(best.place);
      q += 2;
      if (q == 2 * y.columns) {
        q = 0;
        r += 2;
      }
    }
    const int64_t to = row / 2 * y.columns + at;
    transpose(values);
    for (int64_t i = 0; i < samples; ++i) store_first(y.y + i * sample_distance + to, values[i], width);
    if (y.argmax == nullptr) continue;
    transpose(places);
    float* argmax = reinterpret_cast<float*>(y.argmax);
    for (int64_t i = 0; i < samples; ++i) store_first(argmax + i * sample_distance + to, places[i], width);
  }
}

// Calls store(unit, strip of its outputs) for each of the units, on the team.
template <class Store>
void correlate(Team& team, const Correlation& c, const Sizes& size, const float* x, const float* w, float* workspace,
               Store&& store) {
  float* strips = workspace + size.weights;
  for (int64_t t = 0; t < c.groups * size.tiles; ++t) pack_weights(c, size, w, t, workspace);
  const int64_t in_sample = c.groups * c.channels * c.rows.input * c.columns.input;
  team.parallel(size.grid.units, 1, [&](int64_t begin, int64_t end, int thread) {
    float* in = strips + thread * size.thread_floats;
    float* out = in + size.in.floats;
    for (int64_t i = begin; i < end; ++i) {
      const SampleUnit unit(c, size.grid, i);
      const InputRows rows(c.rows, unit.row, unit.row_end);
      size.in.load_rows(x + unit.sample * in_sample + unit.g * c.channels * c.rows.input * c.columns.input, in_sample,
                        unit.samples, rows.first, rows.last, in);
      const float* packed = workspace + unit.g * size.tiles * size.tile_filters * c.products();
      for (int64_t p = unit.row; p < unit.row_end; ++p) {
        row_of_outputs(c, size, in, rows.first, packed, p, out + (p - unit.row) * c.columns.output * kLanes);
      }
      store(unit, out);
    }
  });
}

}  // namespace

uint64_t conv2d_samples_correlate_workspace_bytes(const Team& team, const Correlation& c) {
  return static_cast<uint64_t>(Sizes(team, c, 1).total) * sizeof(float);
}

uint64_t conv2d_samples_correlate_pool_workspace_bytes(const Team& team, const Correlation& c) {
  return static_cast<uint64_t>(Sizes(team, c, 2).total) * sizeof(float);
}

void conv2d_samples_correlate(Team& team, const Correlation& c, const float* x, const float* w, const float* bias,
                              int32_t activation, float slope, float* y, float* workspace) {
  const Sizes size(team, c, 1);
  const int64_t out_sample = c.groups * c.filters * c.plane;
  correlate(team, c, size, x, w, workspace, [&](const SampleUnit& unit, const float* out) {
    float* to = y + unit.sample * out_sample + unit.g * c.filters * c.plane + unit.row * c.columns.output;
    with_activation(activation, [&](auto kind) {
      for (int64_t m = 0; m < c.filters; ++m) {
        store_samples<decltype(kind)::kind>(out + m * size.out_plane, (unit.row_end - unit.row) * c.columns.output,
                                            bias == nullptr ? 0 : bias[unit.g * c.filters + m], slope,
                                            to + m * c.plane, out_sample, unit.samples);
      }
    });
  });
}

void conv2d_samples_pool(Team& team, const Correlation& c, const float* x, const float* w, const float* bias,
                         int32_t activation, float slope, const Pooled& y, float* workspace) {
  const Sizes size(team, c, 2);
  const int64_t filters = c.groups * c.filters;
  correlate(team, c, size, x, w, workspace, [&](const SampleUnit& unit, const float* out) {
    with_activation(activation, [&](auto kind) {
      for (int64_t i = 0; i < c.filters; ++i) {
        const int64_t m = unit.g * c.filters + i;
        pool_samples<decltype(kind)::kind>(out + i * size.out_plane, c.columns.output, unit.row,
                                           (unit.row_end - unit.row) / 2 * y.columns, bias == nullptr ? 0 : bias[m],
                                           slope, y.from(unit.sample * filters + m), filters * y.plane, unit.samples);
      }
    });
  });
}

}  // namespace azj::cpu::AZJ_ISA
