// Convolution as an implicit GEMM, forward and gradient to the input: the product W * X_unroll of
// conv2d_im2col.cpp whose X_unroll is never made. A register tile is up to kTileRows filters by two vectors of outputs,
// one below the other, or by eight of them where a group has few filters; for each (tap row, channel, tap column) it
// multiplies the vectors of the padded copy (conv2d_implicit.hpp) by one weight for each filter. Weights are packed once
// a call, in the order in which a tile reads them:
//   packed[group][tile of filters][tap row][channel][tap column][filter of the tile]
// The tap row is outermost because the taps that would only meet the padding above or below are then the first or the
// last ones, and are left out.
#include "conv2d_depthwise.hpp"
#include "conv2d_implicit_tile.hpp"
#include "conv2d_samples.hpp"
#include "epilogue.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Products between two visits of the outputs: the part of the input under a tile stays in the L1 cache meanwhile.
constexpr int64_t kBlockProducts = 384;

struct Sizes {
  // pooled: a thread keeps the rows of a tile, of all filters of a group, in whole vectors, until they are pooled.
  Sizes(const Team& team, const Correlation& c, bool pooled)
      : tiles((c.filters + kTileRows - 1) / kTileRows),
        tile_filters((c.filters + tiles - 1) / tiles),
        tile_rows(tile_filters <= kFewFilters ? kManyRows : kFewRows),
        copy(c),
        weights(c.groups * tiles * tile_filters * c.products()),
        offsets((c.products() + 15) / 16 * 16),
        copy_floats((copy.floats + 15) / 16 * 16),
        row((c.columns.output + 15) / 16 * 16),
        thread_floats(copy_floats + (pooled ? c.filters * tile_rows * row : 0)),
        total((weights + 15) / 16 * 16 + offsets + team.threads() * thread_floats) {}

  int64_t tiles;         // of filters in a group
  int64_t tile_filters;  // of all tiles but the last
  int64_t tile_rows;     // of outputs
  PaddedCopy copy;
  int64_t weights, offsets, copy_floats;
  int64_t row;  // of the outputs that are to be pooled
  int64_t thread_floats, total;
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

struct Output {
  const float* bias;
  int32_t activation;
  float slope;
};

// Where the rows of a tile go: filter i of the group, row j, column q to data[i * plane + j * row + q * column].
struct Rows {
  float* data;
  int64_t plane, row, column;
  bool buffered;  // in the cache, with room for whole vectors
};

// Adds the sums of a tile to `count` outputs of a row, `distance` apart; the last block adds the bias and applies the
// activation.
void finish(const Output& o, const float* sums, float bias, int64_t count, int64_t distance, bool first, bool last,
            float* y) {
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

// The lines of `rows` rows of outputs, for writing: as many planes as a tile has filters are more streams than the
// processor follows by itself, and each line that is not there yet would hold up a store.
inline void prefetch_rows(const void* y, int64_t plane, int64_t row, int64_t filters, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < filters; ++i) {
    for (int64_t j = 0; j < rows; ++j) {
      const float* line = static_cast<const float*>(y) + i * plane + j * row;
      for (int64_t q = 0; q < columns; q += 16) __builtin_prefetch(line + q, 1, 3);
    }
  }
}

// `rows` output rows from p on, at most a tile's, of group g of a sample whose channels are in `copy`, to `y`.
void tile_of_rows(const Correlation& c, const Sizes& size, const Output& o, const float* copy, const int32_t* offsets,
                  const float* packed, int64_t g, int64_t p, int64_t rows, const Rows& y) {
  alignas(64) float sums[kFewRows * kTileRows * kLanes > kManyRows * kFewFilters * kLanes
                             ? kFewRows * kTileRows * kLanes
                             : kManyRows * kFewFilters * kLanes];
  const int64_t top = p * c.rows.stride - c.rows.pad;
  const Taps taps(c.rows, top, top + (rows - 1) * c.rows.stride);
  const int64_t row_products = c.channels * c.columns.taps;
  const int64_t k_begin = taps.begin * row_products, k_end = max(taps.end * row_products, k_begin + 1);
  for (int64_t k = k_begin; k < k_end; k += kBlockProducts) {
    const int64_t products = min(kBlockProducts, taps.end * row_products - k);
    const bool first = k == k_begin, last = k + kBlockProducts >= k_end;
    const bool direct = first && last && y.column == 1 &&
                        (o.activation == AZJ_IDENTITY || o.activation == AZJ_RELU);
    for (int64_t q = 0; q < c.columns.output; q += kLanes) {
      const float* inputs[kManyRows];
      for (int64_t j = 0; j < kManyRows; ++j) {  // beyond the last row it is computed again and not stored
        inputs[j] = copy + (p + min(j, rows - 1)) * c.rows.stride * size.copy.row + q;
      }
      const int64_t count = y.buffered ? kLanes : min(kLanes, c.columns.output - q);
      for (int64_t t = 0; t < size.tiles; ++t) {
        const int64_t filter = t * size.tile_filters, filters = min(size.tile_filters, c.filters - filter);
        const float* weights = packed + (g * size.tiles + t) * size.tile_filters * c.products() + k * filters;
        float* to = y.data + filter * y.plane + q * y.column;
        if (first && q == 0 && !y.buffered) {  // those of the next tile
          prefetch_rows(to + rows * y.row, y.plane, y.row, filters, min(rows, c.rows.output - p - rows),
                        c.columns.output * y.column);
        }
        const float* bias = o.bias == nullptr ? nullptr : o.bias + g * c.filters + filter;
        const Target target{direct ? nullptr : sums, to, y.plane, y.row, rows, count, bias, o.activation == AZJ_RELU};
        kTiles[filters](products, offsets + k, inputs, weights, target);
        if (direct) continue;
        // The last tile may have fewer filters, and so more rows, than the others.
        const int64_t tile_rows = filters <= kFewFilters ? kManyRows : kFewRows;
        for (int64_t i = 0; i < filters; ++i) {
          for (int64_t j = 0; j < rows; ++j) {
            finish(o, sums + (tile_rows * i + j) * kLanes, bias == nullptr ? 0 : bias[i], count, y.column, first, last,
                   to + i * y.plane + j * y.row);
          }
        }
      }
    }
  }
}

// The rows of maxima of output rows p .. p + count - 1, even numbers, of all filters of a group.
struct PooledRows {
  PooledRows(const Pooled& y, int64_t p, int64_t count) : y_(y), p_(p), count_(count) {}

  void prefetch(int64_t filters) const {
    const int64_t at = p_ / 2 * y_.columns;
    prefetch_rows(y_.y + at, y_.plane, y_.columns, filters, count_ / 2, y_.columns);
    if (y_.argmax != nullptr) prefetch_rows(y_.argmax + at, y_.plane, y_.columns, filters, count_ / 2, y_.columns);
  }

  void pool(int64_t filters, const Rows& rows) const {
    for (int64_t i = 0; i < filters; ++i) {
      for (int64_t j = 0; j < count_; j += 2) {
        const float* above = rows.data + i * rows.plane + j * rows.row;
        const int64_t first = (p_ + j) * y_.width, to = i * y_.plane + (p_ + j) / 2 * y_.columns;
        if (y_.argmax != nullptr) {
          halve_rows<true>(above, above + rows.row, first, y_.width, y_.columns, y_.y + to, y_.argmax + to);
        } else {
          halve_rows<false>(above, above + rows.row, first, y_.width, y_.columns, y_.y + to, nullptr);
        }
      }
    }
  }

 private:
  const Pooled& y_;
  int64_t p_, count_;
};

// To y, or to `pooled` instead, unless that is null.
void correlate(Team& team, const Correlation& c, const float* x, const float* w, const Output& o, float* y,
               const Pooled* pooled, float* workspace) {
  const Sizes size(team, c, pooled != nullptr);
  float* packed = workspace;
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace + (size.weights + 15) / 16 * 16);
  float* copies = reinterpret_cast<float*>(offsets) + size.offsets;
  int64_t k = 0;
  for (int64_t r = 0; r < c.rows.taps; ++r) {
    for (int64_t channel = 0; channel < c.channels; ++channel) {
      for (int64_t s = 0; s < c.columns.taps; ++s) offsets[k++] = size.copy.offset(c, channel, r, s);
    }
  }
  const int64_t packed_at_a_time = 1 + 4096 / (size.tile_filters * (c.products() + 1));
  team.parallel(c.groups * size.tiles, packed_at_a_time, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) pack_weights(c, size, w, t, packed);
  });
  const int64_t tiles = (c.rows.output + size.tile_rows - 1) / size.tile_rows;
  const int64_t work = c.filters * (c.products() + 1) * c.columns.output * size.tile_rows;
  team.parallel(c.batch * c.groups * tiles, 1 + 32768 / work, [&](int64_t begin, int64_t end, int thread) {
    float* copy = copies + thread * size.thread_floats;
    for (int64_t i = begin; i < end;) {
      const int64_t n = i / tiles, first = i % tiles;  // n counts the groups of all samples
      const int64_t last = min(tiles, first + end - i);
      const int64_t row_end = min(last * size.tile_rows, c.rows.output);
      if (c.products() > 0) {
        size.copy.fill(c, x + n * c.channels * c.rows.input * c.columns.input, first * size.tile_rows, row_end, copy);
      }
      for (int64_t p = first * size.tile_rows; p < row_end; p += size.tile_rows) {
        const int64_t rows = min(size.tile_rows, row_end - p);
        if (pooled == nullptr) {
          const Rows to{y + n * c.filters * c.plane + c.first + p * c.row_distance, c.plane, c.row_distance,
                        c.column_distance, false};
          tile_of_rows(c, size, o, copy, offsets, packed, n % c.groups, p, rows, to);
        } else {
          const Pooled planes = pooled->from(n * c.filters);
          const PooledRows pooled_rows(planes, p, rows);
          pooled_rows.prefetch(c.filters);
          const Rows to{copy + size.copy_floats, size.tile_rows * size.row, size.row, 1, true};
          tile_of_rows(c, size, o, copy, offsets, packed, n % c.groups, p, rows, to);
          pooled_rows.pool(c.filters, to);
        }
      }
      i += last - first;
    }
  });
}

}  // namespace

uint64_t conv2d_implicit_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  int64_t floats = 0;
  if (conv2d_depthwise_supports(d)) {
    floats = conv2d_depthwise_floats(team, d, pass);
  } else if (pass == AZJ_CONV_GRAD_WEIGHTS) {
    floats = conv2d_implicit_weights_floats(team, d);
  } else if (pass == AZJ_CONV_FORWARD) {
    floats = Sizes(team, Correlation::forward(d), false).total;
  } else {
    for_phases(d, [&](const Correlation& c) { floats = max(floats, Sizes(team, c, false).total); });
  }
  const uint64_t bytes = static_cast<uint64_t>(floats) * sizeof(float);
  const uint64_t samples = conv2d_samples_workspace_bytes(team, d, pass);
  return bytes > samples ? bytes : samples;
}

void conv2d_implicit_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                             float* y, float* workspace) {
  if (conv2d_depthwise_supports(d)) return conv2d_depthwise_forward(team, d, x, w, bias, y, workspace);
  if (conv2d_samples_pays(d, AZJ_CONV_FORWARD)) {
    conv2d_samples_correlate(team, Correlation::forward(d), x, w, bias, d.activation, d.slope, y, workspace);
    return;
  }
  correlate(team, Correlation::forward(d), x, w, {bias, d.activation, d.slope}, y, nullptr, workspace);
}

uint64_t conv2d_implicit_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  const int64_t floats = conv2d_depthwise_supports(d) ? conv2d_depthwise_pool_floats(team, d)
                                                      : Sizes(team, Correlation::pooled(d), true).total;
  const uint64_t bytes = static_cast<uint64_t>(floats) * sizeof(float);
  const uint64_t samples = conv2d_samples_pool_workspace_bytes(team, d);
  return bytes > samples ? bytes : samples;
}

void conv2d_implicit_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                  const float* bias, const Pooled& y, float* workspace) {
  if (conv2d_depthwise_supports(d)) return conv2d_depthwise_pool_forward(team, d, x, w, bias, y, workspace);
  if (conv2d_samples_pays(d, AZJ_CONV_FORWARD)) {
    conv2d_samples_pool(team, Correlation::pooled(d), x, w, bias, d.activation, d.slope, y, workspace);
    return;
  }
  correlate(team, Correlation::pooled(d), x, w, {bias, d.activation, d.slope}, nullptr, &y, workspace);
}

void conv2d_implicit_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                float* grad_x, float* workspace) {
  if (conv2d_depthwise_supports(d)) return conv2d_depthwise_grad_input(team, d, grad_z, w, grad_x, workspace);
  if (conv2d_samples_pays(d, AZJ_CONV_GRAD_INPUT)) {
    conv2d_samples_correlate(team, Correlation::grad_input(d, 0, 0), grad_z, w, nullptr, AZJ_IDENTITY, 0, grad_x,
                             workspace);
    return;
  }
  for_phases(d, [&](const Correlation& c) {
    correlate(team, c, grad_z, w, {nullptr, AZJ_IDENTITY, 0}, grad_x, nullptr, workspace);
  });
}

}  // namespace azj::cpu::AZJ_ISA
