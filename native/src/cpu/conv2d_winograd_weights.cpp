// Gradient to the weights by Winograd: the adjoint of F(4x4, 3x3) in the filter (winograd.hpp),
//   dw = G^T [ sum over tiles (A dz A^T) . (B^T x B) ] G,
// 36 products for each tile and pair of channel and filter, summed over all tiles in the transformed domain:
//   dU[point] += V[point]^T * Z[point], V[tile][channel] of x, Z[tile][filter] of dz.
// Each thread has a dU of its own for its part of the tiles; they are added in the order of the threads.
#include "conv2d_winograd.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int kMostThreads = 1024;

struct Sizes {
  Sizes(const Team& team, const azj_conv2d_desc& d, const ConvSize& s)
      : grid(d.batch, s.out_h, s.out_w),
        panels((d.filters + kTileColumns - 1) / kTileColumns),
        tiles(wino_block_tiles(kWinoPoints * (d.channels + panels * kTileColumns), grid.tiles / team.threads())),
        v(tiles, d.channels),
        z(tiles, kTileColumns),
        point(wino_filter_point(d.channels)),
        sums(panels * kWinoPoints * point),
        thread_floats(sums + v.floats() + panels * z.floats() + wino_strip_floats(tiles)) {}

  WinoGrid grid;
  int64_t panels;
  int64_t tiles;  // of a block
  WinoBlock v, z;
  int64_t point;  // floats from one point of dU to the next
  int64_t sums;   // floats of dU[panel][point][channel][filter of the panel]
  int64_t thread_floats;
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

// dw = G^T dU G for input channel c, from the sums of the threads.
void transform_sums(const Sizes& size, const azj_conv2d_desc& d, const float* sums, const bool* used, int threads,
                    int64_t c, float* grad_w) {
  constexpr int64_t kTaps = kWinoTaps * kWinoTaps;
  float taps[kTaps * kLanes];
  for (int64_t f = 0; f < d.filters; f += kLanes) {
    const float* from = sums + f / kTileColumns * kWinoPoints * size.point + c * kTileColumns + f % kTileColumns;
    wino_both_sides<6, 3>(
        wino_filter_adjoint,
        [&](int i, int j) {
          Vec sum{};
          for (int t = 0; t < threads; ++t) {
            if (used[t]) sum += load(from + t * size.thread_floats + (i * kWinoIn + j) * size.point);
          }
          return sum;
        },
        [&](int r, int q, Vec value) { store(taps + (r * kWinoTaps + q) * kLanes, value); });
    transpose_from_lanes(taps, kTaps, grad_w + (f * d.channels + c) * kTaps, d.channels * kTaps,
                         min(kLanes, d.filters - f));
  }
}

}  // namespace

uint64_t conv2d_winograd_weights_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  return static_cast<uint64_t>(team.threads() * Sizes(team, d, ConvSize(d)).thread_floats) * sizeof(float);
}

void conv2d_winograd_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                  float* grad_w, float* workspace) {
  const ConvSize s(d);
  const Sizes size(team, d, s);
  bool used[kMostThreads] = {};  // small problems leave threads without tiles
  team.parallel(size.grid.tiles, kTileRows, [&](int64_t first, int64_t last, int thread) {
    used[thread] = true;
    float* sums = workspace + thread * size.thread_floats;
    float* v = sums + size.sums;
    float* z = v + size.v.floats();
    float* strip = z + size.panels * size.z.floats();
    for (int64_t begin = first; begin < last; begin += size.tiles) {
      const int64_t end = min(begin + size.tiles, last);
      const float beta = begin == first ? 0.0f : 1.0f;
      wino_transform_inputs(size.grid, x, d.channels, d.height, d.width, d.pad_h, d.pad_w, begin, end, size.v, strip,
                            v);
      for (int64_t f = 0; f < d.filters; f += kLanes) {
        float* panel = z + f / kTileColumns * size.z.floats();
        transform_gradients(size, d, s, grad_z, begin, end, f, strip, panel + f % kTileColumns);
      }
      for (int64_t panel = 0; panel < size.panels; ++panel) {
        const int64_t columns = d.filters - panel * kTileColumns > kLanes ? 2 * kLanes : kLanes;
        for (int64_t point = 0; point < kWinoPoints; ++point) {
          gemm_panel(d.channels, columns, end - begin, 1, Matrix{v + point * size.v.point, 1, size.v.row},
                     z + panel * size.z.floats() + point * size.z.point, kTileColumns, beta,
                     sums + (panel * kWinoPoints + point) * size.point, kTileColumns);
        }
      }
    }
  });
  team.parallel(d.channels, 1 + 4096 / d.filters, [&](int64_t begin, int64_t end, int) {
    for (int64_t c = begin; c < end; ++c) transform_sums(size, d, workspace, used, team.threads(), c, grad_w);
  });
}

}  // namespace azj::cpu::AZJ_ISA
