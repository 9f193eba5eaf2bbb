// Gradient to the weights by Winograd: the adjoint of F(4x4, 3x3) in the filter (winograd.hpp),
//   dw = G^T [ sum over tiles (A dz A^T) . (B^T x B) ] G,
// 36 products for each tile and pair of channel and filter, summed over all tiles in the transformed domain:
//   dU[point] += V[point]^T * Z[point], V[tile][channel] of x, Z[tile][filter] of dz.
// Each thread has a dU of its own for its part of the tiles and transforms it back before they are added, in the order
// of the threads: 9 floats of a pair pass from cache to cache instead of 36. Of few tiles (conv2d_winograd.hpp) the
// threads share the filters instead, and a block of dU is transformed back once it is whole.
#include "conv2d_winograd.hpp"
#include "partial_sums.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

struct Sizes {
  Sizes(const Team& team, const azj_conv2d_desc& d, const ConvSize& s)
      : grid(d.batch, s.out_h, s.out_w),
        panels((d.filters + kTileColumns - 1) / kTileColumns),
        few(grid.tiles <= kWinoFewWeightsTiles && panels >= team.threads()),
        tiles(few ? grid.tiles
                  : wino_block_tiles(kWinoPoints * (d.channels + panels * kTileColumns), grid.tiles / team.threads())),
        v(tiles, d.channels),
        z(tiles, kTileColumns),
        point(wino_filter_point(few ? kWinoBlockChannels : d.channels)),
        sums(few ? kWinoPoints * point : panels * kWinoPoints * point),
        shared_floats(few ? v.floats() : 0),
        thread_floats(sums + wino_strip_floats(tiles) + (few ? z.floats() : v.floats() + panels * z.floats()) +
                      (few || team.threads() == 1 ? 0 : s.weights)) {}

  WinoGrid grid;
  int64_t panels;
  bool few;
  int64_t tiles;  // of a block
  WinoBlock v, z;
  int64_t point;  // floats from one point of dU to the next
  int64_t sums;   // floats of dU[panel][point][channel][filter of the panel]
  int64_t shared_floats, thread_floats;
};

// Z = A dz A^T of tiles begin..end-1 for kLanes filters from `filter` on.
void transform_gradients(const Sizes& size, const azj_conv2d_desc& d, const ConvSize& s, const float* grad_z,
                         int64_t begin, int64_t end, int64_t filter, float* strip, float* z) {
  size.grid.for_segments(begin, end, [&](int64_t n, int64_t row, int64_t column, int64_t length, int64_t at) {
    const int64_t columns = kWinoOut * length;
    load_strip({grad_z + n * s.out_sample + filter * s.out_plane, s.out_plane, min(kLanes, d.filters - filter), s.out_h,
                s.out_w},
               row * kWinoOut, column * kWinoOut, kWinoOut, columns, strip);
    for (int64_t t = 0; t < length; ++t) {
      const float* from = strip + kWinoOut * t * kLanes;
      float* to = z + (at + t) * size.z.row;
      wino_both_sides<4, 6>(
          wino_output_adjoint, [&](int i, int j) { return load(from + (i * columns + j) * kLanes); },
          [&](int i, int j, Vec value) { store(to + (i * kWinoIn + j) * size.z.point, value); });
    }
  });
}

// dU[point] (+)= V[point]^T * Z[point] for one panel of filters and `channels` channels, of which v is the first.
void multiply(const Sizes& size, int64_t tiles, int64_t filters, int64_t channels, const float* v, const float* z,
              bool first, float* sums) {
  for (int64_t point = 0; point < kWinoPoints; ++point) {
    gemm_panel(channels, filters > kLanes ? 2 * kLanes : kLanes, tiles, 1,
               Matrix{v + point * size.v.point, 1, size.v.row}, z + point * size.z.point, kTileColumns,
               first ? 0.0f : 1.0f, sums + point * size.point, kTileColumns);
  }
}

// The threads share the panels of filters.
void grad_weights_few(Team& team, const Sizes& size, const azj_conv2d_desc& d, const ConvSize& s, const float* x,
                      const float* grad_z, float* grad_w, float* workspace) {
  const int64_t tiles = size.grid.tiles;
  float* v = workspace;
  float* own = workspace + size.shared_floats;
  team.parallel(tiles, size.grid.columns, [&](int64_t begin, int64_t end, int thread) {
    wino_transform_inputs(size.grid, x, d.channels, d.height, d.width, d.pad_h, d.pad_w, begin, end, size.v,
                          own + thread * size.thread_floats, v + begin * size.v.row);
  });
  team.parallel(size.panels, 1, [&](int64_t begin, int64_t end, int thread) {
    float* sums = own + thread * size.thread_floats;
    float* z = sums + size.sums;
    float* strip = z + size.z.floats();
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kTileColumns, filters = min(kTileColumns, d.filters - first);
      for (int64_t f = 0; f < filters; f += kLanes) {
        transform_gradients(size, d, s, grad_z, 0, tiles, first + f, strip, z + f);
      }
      for (int64_t c = 0; c < d.channels; c += kWinoBlockChannels) {
        const int64_t channels = min(kWinoBlockChannels, d.channels - c);
        multiply(size, tiles, filters, channels, v + c, z, true, sums);
        wino_transform_sums(sums, size.point, filters, d.channels, c, channels, grad_w + first * s.patch);
      }
    }
  });
}

}  // namespace

uint64_t conv2d_winograd_weights_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  azj_conv2d_desc some = d;
  const ConvSize s(d);
  const auto floats = [&] {
    const Sizes size(team, some, ConvSize(some));
    return size.shared_floats + team.threads() * size.thread_floats;
  };
  const int64_t whole = floats();
  // A smaller batch, whose tiles are few, may need more.
  some.batch = min(d.batch, kWinoFewWeightsTiles / WinoGrid(1, s.out_h, s.out_w).tiles);
  return static_cast<uint64_t>(some.batch > 0 ? max(whole, floats()) : whole) * sizeof(float);
}

void conv2d_winograd_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                  float* grad_w, float* workspace) {
  const ConvSize s(d);
  const Sizes size(team, d, s);
  if (size.few) return grad_weights_few(team, size, d, s, x, grad_z, grad_w, workspace);
  const bool alone = team.threads() == 1;
  bool used[kMostThreads] = {};  // small problems leave threads without tiles
  team.parallel(size.grid.tiles, wino_grain(team, size.grid.tiles), [&](int64_t first, int64_t last, int thread) {
    used[thread] = true;
    float* sums = workspace + thread * size.thread_floats;
    float* v = sums + size.sums;
    float* z = v + size.v.floats();
    float* strip = z + size.panels * size.z.floats();
    float* part = alone ? grad_w : strip + wino_strip_floats(size.tiles);
    for (int64_t begin = first; begin < last; begin += size.tiles) {
      const int64_t end = min(begin + size.tiles, last);
      wino_transform_inputs(size.grid, x, d.channels, d.height, d.width, d.pad_h, d.pad_w, begin, end, size.v, strip,
                            v);
      for (int64_t f = 0; f < d.filters; f += kLanes) {
        float* panel = z + f / kTileColumns * size.z.floats();
        transform_gradients(size, d, s, grad_z, begin, end, f, strip, panel + f % kTileColumns);
      }
      for (int64_t panel = 0; panel < size.panels; ++panel) {
        multiply(size, end - begin, d.filters - panel * kTileColumns, d.channels, v, z + panel * size.z.floats(),
                 begin == first, sums + panel * kWinoPoints * size.point);
      }
    }
    for (int64_t f = 0; f < d.filters; f += kTileColumns) {
      wino_transform_sums(sums + f / kTileColumns * kWinoPoints * size.point, size.point,
                          min(kTileColumns, d.filters - f), d.channels, 0, d.channels, part + f * s.patch);
    }
  });
  if (alone) return;
  add_parts(team, workspace + size.thread_floats - s.weights, size.thread_floats, used, s.weights, grad_w);
}

}  // namespace azj::cpu::AZJ_ISA
