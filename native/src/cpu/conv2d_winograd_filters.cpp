// Winograd's filters, to the transformed domain and back: w[filter][channel][3][3] in memory, a panel of kTileColumns
// filters as U[point][channel][filter of the panel], lanes are filters.
#include "conv2d_winograd.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

constexpr int64_t kTaps = kWinoTaps * kWinoTaps;
// Channels whose taps are transposed at a time: with those of the lanes they fill half an L1 cache.
constexpr int64_t kChannels = 32;
constexpr int64_t kLineFloats = 16;  // of a cache line

// Where the taps of filter f and channel k lie, in floats.
struct Strides {
  explicit Strides(const WinoFilters& g)
      : filter(g.gradient ? kTaps : g.channels * kTaps), channel(g.gradient ? g.filters * kTaps : kTaps) {}
  int64_t filter, channel;
};

// taps[tap][lane] = from[lane][tap] for kLanes filters whose taps lie side by side. With the number of columns known,
// the compiler leaves out what a transposition does for the others.
void taps_to_lanes(const float* from, float* taps) {
#pragma GCC unroll 3
  for (int64_t c = 0; c < kTaps; c += kLanes) {
    const int64_t width = min(kLanes, kTaps - c);
    Vec v[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {  // the next filter follows each but the last
      v[i] = i + 1 < kLanes ? load(from + i * kTaps + c) : load_first(from + i * kTaps + c, width);
    }
    transpose(v);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      if (i < width) store(taps + (c + i) * kLanes, v[i]);
    }
  }
}

}  // namespace

void wino_transform_filters(const WinoFilters& g, int64_t panel, int64_t begin, int64_t end, int64_t point, float* u) {
  alignas(64) float taps[kChannels * kTaps * kLanes];
  const Strides stride(g);
  const int64_t last = min(g.filters, (panel + 1) * kTileColumns);
  // A filter's taps lie side by side, those of the gradient's filters, w's channels, channel by channel.
  const int64_t at_a_time = g.gradient ? 1 : kChannels;
  const int64_t first = g.gradient ? kTaps - 1 : 0, step = g.gradient ? -1 : 1;  // turned by 180 degrees
  for (int64_t k = begin; k < end; k += at_a_time) {
    const int64_t channels = min(at_a_time, end - k);
    for (int64_t f = panel * kTileColumns; f < last; f += kLanes) {
      const float* from = g.w + k * stride.channel + f * stride.filter;
      if (g.gradient && last - f >= kLanes) {
        taps_to_lanes(from, taps);
      } else {
        transpose_to_lanes(from, stride.filter, min(kLanes, last - f), channels * kTaps, taps);
      }
      for (int64_t c = 0; c < channels; ++c) {
        const float* tap = taps + c * kTaps * kLanes;
        float* to = u + (k - begin + c) * kTileColumns + f % kTileColumns;
        wino_both_sides<3, 6>(
            wino_filter, [&](int r, int s) { return load(tap + (first + step * (r * kWinoTaps + s)) * kLanes); },
            [&](int i, int j, Vec value) { store(to + (i * kWinoIn + j) * point, value); });
      }
    }
  }
}

void wino_prefetch_filters(const WinoFilters& g, int64_t panel, int64_t begin, int64_t end, int64_t part,
                           int64_t parts) {
  const Strides stride(g);
  const int64_t first = panel * kTileColumns, filters = min(kTileColumns, g.filters - first);
  const int64_t rows = g.gradient ? end - begin : filters, columns = g.gradient ? filters : end - begin;
  const float* from = g.w + first * stride.filter + begin * stride.channel;
  for (int64_t row = rows * part / parts; row < rows * (part + 1) / parts; ++row) {
    const float* line = from + row * (g.gradient ? stride.channel : stride.filter);
    for (int64_t i = 0; i < columns * kTaps; i += kLineFloats) __builtin_prefetch(line + i, 0, 2);
  }
}

void wino_transform_sums(const float* u, int64_t point, int64_t filters, int64_t channels, int64_t first_channel,
                         int64_t count, float* grad_w) {
  alignas(64) float taps[kChannels * kTaps * kLanes];
  for (int64_t c = 0; c < count; c += kChannels) {
    const int64_t at_a_time = min(kChannels, count - c);
    for (int64_t f = 0; f < filters; f += kLanes) {
      for (int64_t i = 0; i < at_a_time; ++i) {
        const float* from = u + (c + i) * kTileColumns + f;
        float* tap = taps + i * kTaps * kLanes;
        wino_both_sides<6, 3>(
            wino_filter_adjoint, [&](int p, int q) { return load(from + (p * kWinoIn + q) * point); },
            [&](int r, int q, Vec value) { store(tap + (r * kWinoTaps + q) * kLanes, value); });
      }
      transpose_from_lanes(taps, at_a_time * kTaps, grad_w + (f * channels + first_channel + c) * kTaps,
                           channels * kTaps, min(kLanes, filters - f));
    }
  }
}

}  // namespace azj::cpu::AZJ_ISA
