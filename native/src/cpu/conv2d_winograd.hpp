// What the passes of the Winograd convolution share: the grid of tiles, the transforms of blocks of tiles, and sizes.
#pragma once

#include "conv2d.hpp"
#include "lanes.hpp"
#include "winograd.hpp"

namespace azj::cpu::AZJ_ISA {

// Planes covered with 4x4 tiles, numbered along the rows of one sample after the other.
struct WinoGrid {
  WinoGrid(int64_t batch, int64_t height, int64_t width)
      : rows((height + kWinoOut - 1) / kWinoOut),
        columns((width + kWinoOut - 1) / kWinoOut),
        tiles(batch * rows * columns) {}

  // Calls body(sample, row, column, tiles, offset) for each piece of a row of tiles in begin..end-1; offset counts the
  // tiles since `begin`.
  template <class Body>
  void for_segments(int64_t begin, int64_t end, Body&& body) const {
    for (int64_t t = begin; t < end;) {
      const int64_t column = t % columns;
      const int64_t length = min(columns - column, end - t);
      body(t / columns / rows, t / columns % rows, column, length, t - begin);
      t += length;
    }
  }

  int64_t rows, columns, tiles;
};

// Transformed tiles of a block: [point][tile][channel].
struct WinoBlock {
  // Channels are padded to whole vectors. A stride of 4 KiB would put rows of a register tile, or the points of a tile,
  // into one set of the L1 cache: one line more avoids it.
  WinoBlock(int64_t tiles, int64_t channels)
      : row((channels + kLanes - 1) / kLanes * kLanes + (channels >= 256 ? 16 : 0)), point(tiles * row + 16) {}

  int64_t floats() const { return kWinoPoints * point; }

  int64_t row;    // floats from one tile to the next
  int64_t point;  // floats from one point to the next
};

// Floats from one point of the transformed filters of a panel to the next; the same line more.
constexpr int64_t wino_filter_point(int64_t channels) { return channels * kTileColumns + 16; }

// Floats of a strip of `tiles` tiles in a row; a strip of outputs is smaller.
constexpr int64_t wino_strip_floats(int64_t tiles) { return kWinoIn * (kWinoOut * tiles + 2) * kLanes; }

// B^T d B of tiles begin..end-1 of `grid`, whose tile (0, 0) begins at row -pad_h and column -pad_w of the planes x.
void wino_transform_inputs(const WinoGrid& grid, const float* x, int64_t channels, int64_t height, int64_t width,
                           int64_t pad_h, int64_t pad_w, int64_t begin, int64_t end, const WinoBlock& block,
                           float* strip, float* v);

// The filters of a correlation.
struct WinoFilters {
  const float* w;
  int64_t filters, channels;
  bool gradient;  // w[channel][filter][3][3], turned by 180 degrees; otherwise w[filter][channel][3][3]
};

// U[point][channel][filter] = G g G^T of panel `panel` for input channels begin..end-1; `point` floats from one point
// to the next.
void wino_transform_filters(const WinoFilters& g, int64_t panel, int64_t begin, int64_t end, int64_t point, float* u);

// Fetches part `part` of `parts` of what the same call would read into the L2 cache.
void wino_prefetch_filters(const WinoFilters& g, int64_t panel, int64_t begin, int64_t end, int64_t part,
                           int64_t parts);

// The adjoint: grad_w[filter][channel][3][3] = G^T U G for `filters` filters of a panel, of which grad_w is the first,
// and `count` channels from first_channel on, of which U begins with the first.
void wino_transform_sums(const float* u, int64_t point, int64_t filters, int64_t channels, int64_t first_channel,
                         int64_t count, float* grad_w);

// With so few tiles that transforming the filters costs as much as multiplying with them, they are transformed a block
// at a time, where they are used, and all transformed tiles are kept instead; the threads share the filters. Large
// filters, 36 floats for 9, would otherwise go through memory twice. The thresholds are measured
// (docs/performance-cpu.md).
//
// Several threads do so of more tiles too where each has as many panels, as long as a panel's products with them stay in
// the L2 cache: then the threads pass each other tiles, not filters.
constexpr int64_t kWinoSharedTiles = 64;
// The largest number of tiles that counts as few.
inline int64_t wino_few_tiles(const Team& team, int64_t channels, int64_t filters) {
  const int64_t few = min(channels, filters) / 4;
  const bool even = team.threads() > 1 && filters % (kTileColumns * team.threads()) == 0;
  return even ? max(few, min(filters, kWinoSharedTiles)) : few;
}

// The gradient to the weights, which then needs no sums for each thread either: as long as the tiles stay in the
// caches.
constexpr int64_t kWinoFewWeightsTiles = 256;
// Channels of a block of filters: with kTileColumns filters it fills a part of the L2 cache.
constexpr int64_t kWinoBlockChannels = 64;

// Tiles of which the threads' shares are multiples: register tiles, but of a few of those the shares would be unequal,
// as 12 and 4 of 16 tiles.
inline int64_t wino_grain(const Team& team, int64_t tiles) {
  return tiles > kTileRows && tiles <= 4 * team.threads() * kTileRows ? 1 : kTileRows;
}

// Channels whose filters are worth a thread: about three microseconds.
constexpr int64_t wino_filter_grain(int64_t filters) { return 1 + 1024 / filters; }

// Tiles that a thread transforms at a time: whole register tiles, and few enough that `floats_per_tile` floats for each
// stay in the L2 cache.
int64_t wino_block_tiles(int64_t floats_per_tile, int64_t tiles_per_thread);

uint64_t conv2d_winograd_weights_workspace_bytes(const Team& team, const azj_conv2d_desc& d);

}  // namespace azj::cpu::AZJ_ISA
