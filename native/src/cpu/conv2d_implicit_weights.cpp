// Gradient to the weights without X_unroll: every weight is the dot product of a filter's grad_z and the input shifted
// by its tap, over all outputs of the batch; lanes are outputs. A register tile is up to kTileFilters filters by
// kTileTaps taps, each a vector of partial sums. The sums stay in memory between samples and their lanes are added at
// the very end, so small planes do not pay for adding lanes. Right for few products (first layers, few channels): the
// lanes of a vector are full where rows of outputs are long, whatever the number of filters and channels.
#include "conv2d_depthwise.hpp"
#include "conv2d_samples.hpp"
#include "partial_sums.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int kTileTaps = 3;
constexpr int kTileFilters = kLanes == 16 ? 8 : 4;
// Vectors of outputs that a tile sums before it returns to memory, with several samples at a time where they are small.
constexpr int64_t kVectorsPerVisit = 64;
constexpr int64_t kMostSamples = 8;

struct Sizes {
  Sizes(const Team& team, const Correlation& c)
      : filter_tiles((c.filters + kTileFilters - 1) / kTileFilters),
        tile_filters((c.filters + filter_tiles - 1) / filter_tiles),
        tap_tiles((c.products() + kTileTaps - 1) / kTileTaps),
        copy(c),
        copy_floats((copy.floats + 15) / 16 * 16),
        vectors(c.rows.output * ((c.columns.output + kLanes - 1) / kLanes)),
        samples(max(1, min(kMostSamples, kVectorsPerVisit / vectors))),
        sums((c.groups * filter_tiles * tap_tiles * tile_filters * kTileTaps + kLanes - 1) / kLanes * kLanes),
        offsets((tap_tiles * kTileTaps + 15) / 16 * 16),
        thread_floats(sums * kLanes + samples * copy_floats),
        total(offsets + team.threads() * thread_floats) {}

  int64_t filter_tiles, tile_filters, tap_tiles;
  PaddedCopy copy;
  int64_t copy_floats;
  int64_t vectors;  // of a plane of outputs
  int64_t samples;  // taken together
  int64_t sums;     // vectors [group][filter tile][tap tile][filter][tap]
  int64_t offsets, thread_floats, total;  // floats
};

// Rows of outputs and of the inputs under them: `rows` rows of `columns` outputs in each of `samples` samples.
struct Span {
  int64_t samples, rows, columns;
  int64_t z_sample, z_plane, x_sample, x_row;
};

// sums[i * kTileTaps + j] += grad_z of filter i times x of tap j, lane by lane.
template <int Filters>
void tile(const Span& span, const float* grad_z, const float* x, const int32_t* offsets, float* sums) {
  Vec s[Filters][kTileTaps];
#pragma GCC unroll 8
  for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < kTileTaps; ++j) s[i][j] = load(sums + (i * kTileTaps + j) * kLanes);
  }
  const int64_t whole = span.columns / kLanes * kLanes, rest = span.columns - whole;
  for (int64_t n = 0; n < span.samples; ++n) {
    for (int64_t p = 0; p < span.rows; ++p) {
      const float* z = grad_z + n * span.z_sample + p * span.columns;
      const float* in = x + n * span.x_sample + p * span.x_row;
      auto add = [&](auto&& loaded) __attribute__((always_inline)) {
        Vec tap[kTileTaps];
#pragma GCC unroll 3
        for (int j = 0; j < kTileTaps; ++j) tap[j] = loaded(in + offsets[j]);
#pragma GCC unroll 8
        for (int i = 0; i < Filters; ++i) {
          const Vec g = in_register(loaded(z + i * span.z_plane));
#pragma GCC unroll 3
          for (int j = 0; j < kTileTaps; ++j) s[i][j] += g * tap[j];
        }
      };
      for (int64_t q = 0; q < whole; q += kLanes) add([q](const float* from) { return load(from + q); });
      if (rest > 0) add([whole, rest](const float* from) { return load_first(from + whole, rest); });
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Filters; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < kTileTaps; ++j) store(sums + (i * kTileTaps + j) * kLanes, s[i][j]);
  }
}

using Tile = void (*)(const Span&, const float*, const float*, const int32_t*, float*);
#define AZJ_TILE(F) tile<(kTileFilters >= F ? F : 1)>
constexpr Tile kTiles[9] = {nullptr,     AZJ_TILE(1), AZJ_TILE(2), AZJ_TILE(3), AZJ_TILE(4),
                            AZJ_TILE(5), AZJ_TILE(6), AZJ_TILE(7), AZJ_TILE(8)};
#undef AZJ_TILE

// Output rows begin..end-1 (of a sample) of group g of `samples` samples from x and grad_z on.
void accumulate(const Correlation& c, const Sizes& size, const float* x, const float* grad_z, int64_t samples,
                int64_t g, int64_t begin, int64_t end, const int32_t* offsets, float* sums, float* copies) {
  const int64_t in_group = c.channels * c.rows.input * c.columns.input;
  const int64_t out_plane = c.rows.output * c.columns.output;
  for (int64_t n = 0; n < samples; ++n) {
    size.copy.fill(c, x + (n * c.groups + g) * in_group, begin, end, copies + n * size.copy_floats);
  }
  const Span span{samples,   end - begin,      c.columns.output,           c.groups * c.filters * out_plane,
                  out_plane, size.copy_floats, c.rows.stride * size.copy.row};
  const float* z = grad_z + g * c.filters * out_plane + begin * c.columns.output;
  const float* in = copies + begin * span.x_row;
  for (int64_t f = 0; f < size.filter_tiles; ++f) {
    const int64_t filters = min(size.tile_filters, c.filters - f * size.tile_filters);
    for (int64_t t = 0; t < size.tap_tiles; ++t) {
      const int64_t at = ((g * size.filter_tiles + f) * size.tap_tiles + t) * size.tile_filters * kTileTaps;
      kTiles[filters](span, z + f * size.tile_filters * out_plane, in, offsets + t * kTileTaps, sums + at * kLanes);
    }
  }
}

}  // namespace

int64_t conv2d_implicit_weights_floats(const Team& team, const azj_conv2d_desc& d) {
  return Sizes(team, Correlation::forward(d)).total;
}

void conv2d_implicit_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                  float* grad_w, float* workspace) {
  if (conv2d_depthwise_supports(d)) return conv2d_depthwise_grad_weights(team, d, x, grad_z, grad_w, workspace);
  if (conv2d_samples_pays(d, AZJ_CONV_GRAD_WEIGHTS)) {
    return conv2d_samples_grad_weights(team, d, x, grad_z, grad_w, workspace);
  }
  const Correlation c = Correlation::forward(d);
  const Sizes size(team, c);
  int32_t* offsets = reinterpret_cast<int32_t*>(workspace);
  float* sums = workspace + size.offsets;  // of the first thread
  for (int64_t k = 0; k < size.tap_tiles * kTileTaps; ++k) {
    const int64_t tap = min(k, c.products() - 1);  // beyond the last tap it is computed again and not used
    offsets[k] = size.copy.offset(c, tap / (c.rows.taps * c.columns.taps), tap / c.columns.taps % c.rows.taps,
                                  tap % c.columns.taps);
  }
  bool used[kMostThreads] = {};  // small problems leave threads without rows
  const int64_t in_sample = c.groups * c.channels * c.rows.input * c.columns.input;
  const int64_t out_sample = c.groups * c.filters * c.rows.output * c.columns.output;
  const int64_t work = c.groups * c.filters * c.products() * c.columns.output;
  team.parallel(c.batch * c.rows.output, 1 + 16384 / work, [&](int64_t begin, int64_t end, int thread) {
    used[thread] = true;
    float* own = sums + thread * size.thread_floats;
    float* copies = own + size.sums * kLanes;
    zero_row(own, size.sums * kLanes);
    for (int64_t i = begin; i < end;) {
      // Whole samples together where there are several, otherwise rows of one.
      const int64_t n = i / c.rows.output, row = i % c.rows.output;
      const int64_t samples = row == 0 ? max(1, min(size.samples, (end - i) / c.rows.output)) : 1;
      const int64_t row_end = samples > 1 ? c.rows.output : min(c.rows.output, row + end - i);
      for (int64_t g = 0; g < c.groups; ++g) {
        accumulate(c, size, x + n * in_sample, grad_z + n * out_sample, samples, g, row, row_end, offsets, own, copies);
      }
      i += samples > 1 ? samples * c.rows.output : row_end - row;
    }
    sum_lanes(own, size.sums);
  });
  add_parts(team, sums, size.thread_floats, used, size.sums, sums);
  // From the order of the tiles to that of w.
  const int64_t tile_sums = size.tile_filters * kTileTaps;
  for (int64_t g = 0; g < c.groups; ++g) {
    for (int64_t m = 0; m < c.filters; ++m) {
      const int64_t row = (g * size.filter_tiles + m / size.tile_filters) * size.tap_tiles * tile_sums +
                          m % size.tile_filters * kTileTaps;
      float* to = grad_w + (g * c.filters + m) * c.products();
      for (int64_t t = 0; t < size.tap_tiles; ++t) {
        for (int64_t k = t * kTileTaps; k < min((t + 1) * kTileTaps, c.products()); ++k) {
          to[k] = sums[row + t * tile_sums + k - t * kTileTaps];
        }
      }
    }
  }
}

}  // namespace azj::cpu::AZJ_ISA
