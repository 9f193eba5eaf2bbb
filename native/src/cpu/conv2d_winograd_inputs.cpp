// Winograd's tiles: how many a thread takes at a time, and their way to the transformed domain, lanes are channels.
#include "conv2d_winograd.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Half of a typical L2 cache: the other half is for the filters, the strips and the outputs.
constexpr int64_t kBlockFloats = 512 * 1024 / sizeof(float);
constexpr int64_t kMostTiles = 8 * kTileRows;

}  // namespace

int64_t wino_block_tiles(int64_t floats_per_tile, int64_t tiles_per_thread) {
  const int64_t fitting = kBlockFloats / floats_per_tile / kTileRows * kTileRows;
  const int64_t wanted = (tiles_per_thread + kTileRows - 1) / kTileRows * kTileRows;
  return max(kTileRows, min(min(fitting, kMostTiles), wanted));
}

void wino_transform_inputs(const WinoGrid& grid, const float* x, int64_t channels, int64_t height, int64_t width,
                           int64_t pad_h, int64_t pad_w, int64_t begin, int64_t end, const WinoBlock& block,
                           float* strip, float* v) {
  const int64_t plane = height * width;
  grid.for_segments(begin, end, [&](int64_t n, int64_t row, int64_t column, int64_t length, int64_t at) {
    const int64_t columns = kWinoOut * length + 2;
    for (int64_t channel = 0; channel < channels; channel += kLanes) {
      load_strip({x + (n * channels + channel) * plane, plane, min(kLanes, channels - channel), height, width},
                 row * kWinoOut - pad_h, column * kWinoOut - pad_w, kWinoIn, columns, strip);
      for (int64_t t = 0; t < length; ++t) {
        const float* from = strip + kWinoOut * t * kLanes;
        float* to = v + (at + t) * block.row + channel;
        wino_both_sides<6, 6>(
            wino_input, [&](int i, int j) { return load(from + (i * columns + j) * kLanes); },
            [&](int i, int j, Vec value) { store(to + (i * kWinoIn + j) * block.point, value); });
      }
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
