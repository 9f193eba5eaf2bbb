// Convolution as an implicit GEMM, forward and gradient to the input: the product W * X_unroll of
// conv2d_im2col.cpp whose X_unroll is never made. A register tile is kTileRows filters by two vectors of outputs, one
// below the other; for each (tap row, channel, tap column) it multiplies two vectors of the padded copy (conv2d_implicit.hpp)
// by one weight for each filter. Weights are packed once a call, in the order in which a tile reads them:
//   packed[group][tile of filters][tap row][channel][tap column][filter of the tile]
// The tap row is outermost because the taps that would only meet the padding above or below are then the first or the
// last ones, and are left out.
#include "conv2d_implicit.hpp"
#include "epilogue.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Products between two visits of the outputs: the part of the input under a tile stays in the L1 cache meanwhile.
constexpr int64_t kBlockProducts = 384;

struct Sizes {
  Sizes(const Team& team, const Correlation& c)
      : tiles((c.filters + kTileRows - 1) / kTileRows),
        tile_filters((c.filters + tiles - 1) / tiles),
        copy(c),
        weights(c.groups * tiles * tile_filters * c.products()),
        offsets((c.products() * static_cast<int64_t>(sizeof(int64_t)) + 63) / 64 * 16),
        thread_floats((copy.floats + 15) / 16 * 16),
        total((weights + 15) / 16 * 16 + offsets + team.threads() * thread_floats) {}

  int64_t tiles;         // of filters in a group
  int64_t tile_filters;  // of all tiles but the last
  PaddedCopy copy;
  int64_t weights, offsets, thread_floats, total;  // floats
};

void pack_weights(const Correlation& c, const Sizes& size, const float* w, int64_t tile, float* packed) {
  const int64_t g = tile / size.tiles, first = tile % size.tiles * size.tile_filters;
  const int64_t count = min(size.tile_filters, c.filters - first);
  float* to = packed + tile * size.tile_filters * c.products();
  for (int64_t r = 0; r < c.rows.taps; ++r) {
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      for (int64_t s = 0; s < c.columns.taps; ++s, to += count) {
        for (int64_t m = 0; m < count; ++m) to[m] = w[c.weight(g, first + m, channel, r, s)];
      }
    }
  }
}

// sums[2 * i + v] = sum over the products of weights[i] * inputs v, for Filters filters.
template <int Filters>
void tile(int64_t products, const int64_t* offsets, const float* above, const float* below, const float* weights,
          float* sums) {
  Vec s[Filters][2] = {};
  for (int64_t k = 0; k < products; ++k) {
    const Vec x0 = load(above + offsets[k]), x1 = load(below + offsets[k]);
#pragma GCC unroll 12
    for (int i = 0; i < Filters; ++i) {
      const Vec weight = splat(weights[i]);
      s[i][0] += weight * x0;
      s[i][1] += weight * x1;
    }
    weights += Filters;
  }
#pragma GCC unroll 12
  for (int i = 0; i < Filters; ++i) {
    store(sums + 2 * i * kLanes, s[i][0]);
    store(sums + (2 * i + 1) * kLanes, s[i][1]);
  }
}

using Tile = void (*)(int64_t, const int64_t*, const float*, const float*, const float*, float*);
// Instruction sets with 16 registers have tiles of up to 6 filters.
#define AZJ_TILE(F) tile<(kTileRows >= F ? F : 1)>
constexpr Tile kTiles[13] = {nullptr,     AZJ_TILE(1), AZJ_TILE(2), AZJ_TILE(3),  AZJ_TILE(4),  AZJ_TILE(5), AZJ_TILE(6),
                             AZJ_TILE(7), AZJ_TILE(8), AZJ_TILE(9), AZJ_TILE(10), AZJ_TILE(11), AZJ_TILE(12)};
#undef AZJ_TILE

struct Output {
  const float* bias;
  int32_t activation;
  float slope;
};

// Adds the sums of a tile to `count` outputs of a row, `distance` apart; the last block adds the bias and applies the
// activation.
void finish(const Output& o, float* sums, float bias, int64_t count, int64_t distance, bool first, bool last, float* y) {
  if (distance != 1) {  // a phase of a strided convolution's gradient, which has neither bias nor activation
    for (int64_t i = 0; i < count; ++i) y[i * distance] = first ? sums[i] : y[i * distance] + sums[i];
    return;
  }
  Vec z = load(sums);
  if (!first) z += load_first(y, count);
  if (last) {
    z += splat(bias);
    with_activation(o.activation, [&](auto kind) { z = activate_each<decltype(kind)::kind>(z, o.slope); });
  }
  store_first(y, z, count);
}

// Output rows p and p + 1 (p alone where that is the last row) of group g of a sample whose channels are in `copy`.
void two_rows(const Correlation& c, const Sizes& size, const Output& o, const float* copy, const int64_t* offsets,
              const float* packed, int64_t g, int64_t p, float* y) {
  alignas(64) float sums[2 * kTileRows * kLanes];
  const bool two = p + 1 < c.rows.output;
  // The tap rows that meet x for one of the two rows.
  const int64_t top = p * c.rows.stride - c.rows.pad;
  const int64_t bottom = top + (two ? c.rows.stride : 0);
  const int64_t tap_begin = bottom >= 0 ? 0 : min((-bottom + c.rows.dilation - 1) / c.rows.dilation, c.rows.taps);
  const int64_t tap_end = top >= c.rows.input ? tap_begin
                                              : max(tap_begin, min((c.rows.input - 1 - top) / c.rows.dilation + 1, c.rows.taps));
  const int64_t row_products = c.channels * c.columns.taps;
  const int64_t k_begin = tap_begin * row_products, k_end = max(tap_end * row_products, k_begin + 1);
  for (int64_t k = k_begin; k < k_end; k += kBlockProducts) {
    const int64_t products = min(kBlockProducts, tap_end * row_products - k);
    for (int64_t q = 0; q < c.columns.output; q += kLanes) {
      const float* above = copy + p * c.rows.stride * size.copy.row + q;
      const float* below = two ? above + c.rows.stride * size.copy.row : above;
      const int64_t count = min(kLanes, c.columns.output - q);
      for (int64_t t = 0; t < size.tiles; ++t) {
        const int64_t filter = t * size.tile_filters, filters = min(size.tile_filters, c.filters - filter);
        const float* weights = packed + (g * size.tiles + t) * size.tile_filters * c.products() + k * filters;
        kTiles[filters](products, offsets + k, above, below, weights, sums);
        for (int64_t i = 0; i < filters; ++i) {
          const float bias = o.bias == nullptr ? 0 : o.bias[g * c.filters + filter + i];
          float* out = y + (filter + i) * c.plane + c.first + p * c.row_distance + q * c.column_distance;
          const bool first = k == k_begin, last = k + kBlockProducts >= k_end;
          finish(o, sums + 2 * i * kLanes, bias, count, c.column_distance, first, last, out);
          if (two) finish(o, sums + (2 * i + 1) * kLanes, bias, count, c.column_distance, first, last, out + c.row_distance);
        }
      }
    }
  }
}

void correlate(Team& team, const Correlation& c, const float* x, const float* w, const Output& o, float* y,
               float* workspace) {
  const Sizes size(team, c);
  float* packed = workspace;
  int64_t* offsets = reinterpret_cast<int64_t*>(workspace + (size.weights + 15) / 16 * 16);
  float* copies = reinterpret_cast<float*>(offsets) + size.offsets;
  int64_t k = 0;
  for (int64_t r = 0; r < c.rows.taps; ++r) {
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      for (int64_t s = 0; s < c.columns.taps; ++s) offsets[k++] = size.copy.offset(c, channel, 0, 0, r, s);
    }
  }
  team.parallel(c.groups * size.tiles, 1 + 4096 / (size.tile_filters * (c.products() + 1)), [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) pack_weights(c, size, w, t, packed);
  });
  const int64_t pairs = (c.rows.output + 1) / 2;
  const int64_t work = c.filters * (c.products() + 1) * c.columns.output;
  team.parallel(c.batch * c.groups * pairs, 1 + 16384 / work, [&](int64_t begin, int64_t end, int thread) {
    float* copy = copies + thread * size.thread_floats;
    for (int64_t i = begin; i < end;) {
      const int64_t n = i / pairs, pair = i % pairs;  // n counts the groups of all samples
      const int64_t pair_end = min(pairs, pair + end - i);
      if (c.products() > 0) {
        size.copy.fill(c, x + n * c.channels * c.rows.input * c.columns.input, 2 * pair,
                       min(2 * pair_end, c.rows.output), copy);
      }
      float* out = y + n * c.filters * c.plane;
      for (int64_t p = pair; p < pair_end; ++p) two_rows(c, size, o, copy, offsets, packed, n % c.groups, 2 * p, out);
      i += pair_end - pair;
    }
  });
}

}  // namespace

namespace {

// Calls body(Correlation) for every phase of the gradient to the input that has elements.
template <class Body>
void for_phases(const azj_conv2d_desc& d, Body&& body) {
  for (int64_t h = 0; h < min(d.stride_h, d.height); ++h) {
    for (int64_t w = 0; w < min(d.stride_w, d.width); ++w) body(Correlation::grad_input(d, h, w));
  }
}

}  // namespace

uint64_t conv2d_implicit_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  if (pass == AZJ_CONV_GRAD_WEIGHTS) return conv2d_implicit_weights_workspace_bytes(team, d);
  int64_t floats = 0;
  if (pass == AZJ_CONV_FORWARD) {
    floats = Sizes(team, Correlation::forward(d)).total;
  } else {
    for_phases(d, [&](const Correlation& c) { floats = max(floats, Sizes(team, c).total); });
  }
  return static_cast<uint64_t>(floats) * sizeof(float);
}

void conv2d_implicit_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                             float* y, float* workspace) {
  correlate(team, Correlation::forward(d), x, w, {bias, d.activation, d.slope}, y, workspace);
}

void conv2d_implicit_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                float* grad_x, float* workspace) {
  for_phases(d, [&](const Correlation& c) {
    correlate(team, c, grad_z, w, {nullptr, AZJ_IDENTITY, 0}, grad_x, workspace);
  });
}

}  // namespace azj::cpu::AZJ_ISA
