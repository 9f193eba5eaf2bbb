// Convolution by Winograd's F(4x4, 3x3) (winograd.hpp), for 3x3 kernels with stride 1: forward, and the gradient to the
// input, which is the same correlation of grad_z with the filters turned by 180 degrees and transposed.
//
// Each thread takes blocks of tiles through three stages that meet in its L2 cache:
//   V[point][tile][channel]  = B^T d B, lanes are channels;
//   M[point][tile][filter]   = V[point] * U[point], 36 matrix products for each panel of kTileColumns filters;
//   y                        = A^T M A + bias, lanes are filters, activation, and back to NCHW.
// U = G g G^T is computed once a call by all threads, or, where there are few tiles, a block at a time between the
// first stage, then of all tiles, and the second (correlate_few). Transposing to lanes and back is one shuffle for four
// elements.
#include "conv2d_winograd.hpp"

#include "epilogue.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Filters x channels up to which each thread transforms all of them for itself: half a megabyte, which it would
// otherwise fetch, in part, from another's cache, and that takes longer.
constexpr int64_t kOwnFilters = 4096;
// Channels summed between two visits of M, so that a panel of U stays in the L1 cache.
constexpr int64_t kBlockChannels = 256;

// The correlation y = x * w with 3x3 filters and stride 1. Padding below 0 crops.
struct Correlation {
  int64_t batch, channels, height, width, filters, out_h, out_w, pad_h, pad_w;
  bool gradient;  // filters transposed and turned
};

Correlation correlation_of(const azj_conv2d_desc& d, const ConvSize& s, int32_t pass) {
  if (pass == AZJ_CONV_FORWARD) {
    return {d.batch, d.channels, d.height, d.width, d.filters, s.out_h, s.out_w, d.pad_h, d.pad_w, false};
  }
  return {d.batch,  d.filters, s.out_h, s.out_w,         d.channels,
          d.height, d.width,   2 - d.pad_h, 2 - d.pad_w, true};
}

struct Sizes {
  Sizes(const Team& team, const Correlation& c)
      : grid(c.batch, c.out_h, c.out_w),
        panels((c.filters + kTileColumns - 1) / kTileColumns),
        few(grid.tiles <= wino_few_tiles(team, c.channels, c.filters)),
        own_filters(!few && c.channels * c.filters <= kOwnFilters),
        tiles(few ? grid.tiles
                  : wino_block_tiles(kWinoPoints * (c.channels + kTileColumns), grid.tiles / team.threads())),
        v(tiles, c.channels),
        m(tiles, kTileColumns),
        u_point(wino_filter_point(few ? kWinoBlockChannels : c.channels)),
        u(panels * kWinoPoints * u_point),
        shared_floats(few ? v.floats() : own_filters ? 0 : u),
        thread_floats(m.floats() + wino_strip_floats(tiles) + (few ? kWinoPoints * u_point : v.floats()) +
                      (own_filters ? u : 0)) {}

  WinoGrid grid;
  int64_t panels;
  bool few, own_filters;
  int64_t tiles;  // of a block
  WinoBlock v, m;
  int64_t u_point;  // floats from one point of U to the next
  int64_t u;        // floats of U of all filters
  int64_t shared_floats, thread_floats;
};

// M[point] (+)= V[point] * U[point] for one panel of filters and `channels` channels, of which v and u are the first.
void multiply(const Sizes& size, int64_t point, int64_t tiles, int64_t filters, int64_t channels, const float* v,
              const float* u, bool first, float* m) {
  for (int64_t k = 0; k < channels; k += kBlockChannels) {
    const Matrix a{v + point * size.v.point + k, size.v.row, 1};
    gemm_panel(tiles, filters > kLanes ? 2 * kLanes : kLanes, min(kBlockChannels, channels - k), 1, a,
               u + point * size.u_point + k * kTileColumns, kTileColumns, first && k == 0 ? 0.0f : 1.0f,
               m + point * size.m.point, kTileColumns);
  }
}

// Where the outputs go: planes of rows x columns, or, unless it is null, `pooled` instead.
struct Output {
  const float* bias;
  int32_t activation;
  float slope;
  float* y;
  const Pooled* pooled;
};

// Pools a strip of outputs to its first row, whose halves are two rows of maxima, with their indices in its second.
void halve_strip(float* strip, int64_t columns, int64_t row, int64_t column, int64_t width) {
  const auto shifted = [](int64_t i) { return splat_int(static_cast<int32_t>(i)); };
  for (int64_t i = 0; i < kWinoOut / 2; ++i) {
    for (int64_t q = 0; q < columns / 2; ++q) {
      const float* above = strip + (2 * i * columns + 2 * q) * kLanes;
      const float* below = above + columns * kLanes;
      const int64_t place = (row + 2 * i) * width + column + 2 * q;
      Best best{load(above), shifted(place)};
      best.offer(load(above + kLanes), shifted(place + 1));
      best.offer(load(below), shifted(place + width));
      best.offer(load(below + kLanes), shifted(place + width + 1));
      float* to = strip + (i * columns / 2 + q) * kLanes;
      store(to, best.value);
      store(to + columns * kLanes, reinterpret_cast<Vec>(best.place));
    }
  }
}

// Rows of many planes are too many streams for the processor to foresee.
void prefetch_rows(const Planes<float>& planes, int64_t row, int64_t column, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < planes.count; ++i) {
    for (int64_t r = row; r < min(planes.height, row + rows); ++r) {
      const float* p = planes.data + i * planes.distance + r * planes.width + column;
      for (int64_t q = 0; q < columns; q += 16) __builtin_prefetch(p + q, 1, 2);
    }
  }
}

// y = activation(A^T M A + bias) for kLanes filters from `filter` on.
template <int32_t kActivation>
void transform_outputs(const Sizes& size, const Correlation& c, const float* m, int64_t begin, int64_t end,
                       int64_t filter, const Output& o, float* strip) {
  const int64_t filters = min(kLanes, c.filters - filter);
  const Vec offset = o.bias == nullptr ? Vec{} : load_first(o.bias + filter, filters);
  size.grid.for_segments(begin, end, [&](int64_t n, int64_t row, int64_t column, int64_t length, int64_t at) {
    const int64_t columns = kWinoOut * length;
    const int64_t first = n * c.filters + filter;  // plane
    const int64_t shrink = o.pooled == nullptr ? 1 : 2;
    const int64_t to_row = row * kWinoOut / shrink, to_column = column * kWinoOut / shrink;
    const auto planes = [&](float* data) {
      const int64_t height = c.out_h / shrink, width = c.out_w / shrink;
      return Planes<float>{data + first * height * width, height * width, filters, height, width};
    };
    const auto each = [&](auto&& body) {  // body(planes, their strip)
      if (o.pooled == nullptr) return body(planes(o.y), strip);
      body(planes(o.pooled->y), strip);
      if (o.pooled->argmax != nullptr) {
        body(planes(reinterpret_cast<float*>(o.pooled->argmax)), strip + columns * kLanes);
      }
    };
    each([&](const Planes<float>& to, float*) {
      prefetch_rows(to, to_row, to_column, kWinoOut / shrink, columns / shrink);
    });
    for (int64_t t = 0; t < length; ++t) {
      const float* from = m + (at + t) * size.m.row;
      float* to = strip + kWinoOut * t * kLanes;
      wino_both_sides<6, 4>(
          wino_output, [&](int i, int j) { return load(from + (i * kWinoIn + j) * size.m.point); },
          [&](int i, int j, Vec z) {
            store(to + (i * columns + j) * kLanes, activate_each<kActivation>(z + offset, o.slope));
          });
    }
    if (o.pooled != nullptr) halve_strip(strip, columns, row * kWinoOut, column * kWinoOut, o.pooled->width);
    each([&](const Planes<float>& to, const float* from) {
      store_strip(from, to_row, to_column, kWinoOut / shrink, columns / shrink, to);
    });
  });
}

// The outputs of one panel of filters.
void transform_panel(const Sizes& size, const Correlation& c, const float* m, int64_t begin, int64_t end, int64_t panel,
                     const Output& o, float* strip) {
  for (int64_t f = panel * kTileColumns; f < min(c.filters, (panel + 1) * kTileColumns); f += kLanes) {
    with_activation(o.activation, [&](auto kind) {
      transform_outputs<decltype(kind)::kind>(size, c, m + f % kTileColumns, begin, end, f, o, strip);
    });
  }
}

// The threads share the panels of filters.
void correlate_few(Team& team, const Sizes& size, const Correlation& c, const float* x, const float* w,
                   const Output& o, float* workspace) {
  const WinoFilters g{w, c.filters, c.channels, c.gradient};
  const int64_t tiles = size.grid.tiles;
  float* v = workspace;
  float* own = workspace + size.shared_floats;
  team.parallel(tiles, size.grid.columns, [&](int64_t begin, int64_t end, int thread) {
    wino_transform_inputs(size.grid, x, c.channels, c.height, c.width, c.pad_h, c.pad_w, begin, end, size.v,
                          own + thread * size.thread_floats, v + begin * size.v.row);
  });
  team.parallel(size.panels, 1, [&](int64_t begin, int64_t end, int thread) {
    float* m = own + thread * size.thread_floats;
    float* u = m + size.m.floats();
    float* strip = u + kWinoPoints * size.u_point;
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t filters = min(kTileColumns, c.filters - panel * kTileColumns);
      for (int64_t k = 0; k < c.channels; k += kWinoBlockChannels) {
        const int64_t channels = min(kWinoBlockChannels, c.channels - k);
        wino_transform_filters(g, panel, k, k + channels, size.u_point, u);
        // Meanwhile the next block of w comes from memory.
        const bool last = k + channels == c.channels;
        const int64_t next = last ? 0 : k + channels, next_panel = last ? panel + 1 : panel;
        for (int64_t point = 0; point < kWinoPoints; ++point) {
          if (next_panel < end) {
            wino_prefetch_filters(g, next_panel, next, min(next + kWinoBlockChannels, c.channels), point, kWinoPoints);
          }
          multiply(size, point, tiles, filters, channels, v + k, u, k == 0, m);
        }
      }
      transform_panel(size, c, m, 0, tiles, panel, o, strip);
    }
  });
}

void correlate(Team& team, const Correlation& c, const float* x, const float* w, const Output& o, float* workspace) {
  const Sizes size(team, c);
  if (size.few) return correlate_few(team, size, c, x, w, o, workspace);
  const WinoFilters g{w, c.filters, c.channels, c.gradient};
  const int64_t panel_floats = kWinoPoints * size.u_point;
  const auto transform_filters = [&](int64_t begin, int64_t end, float* u) {
    for (int64_t panel = 0; panel < size.panels; ++panel) {
      wino_transform_filters(g, panel, begin, end, size.u_point, u + panel * panel_floats + begin * kTileColumns);
    }
  };
  if (!size.own_filters) {
    team.parallel(c.channels, wino_filter_grain(c.filters),
                  [&](int64_t begin, int64_t end, int) { transform_filters(begin, end, workspace); });
  }
  const int64_t tiles = size.grid.tiles;
  team.parallel(tiles, wino_grain(team, tiles), [&](int64_t first, int64_t last, int thread) {
    float* v = workspace + size.shared_floats + thread * size.thread_floats;
    float* m = v + size.v.floats();
    float* strip = m + size.m.floats();
    float* u = size.own_filters ? strip + wino_strip_floats(size.tiles) : workspace;
    if (size.own_filters) transform_filters(0, c.channels, u);
    for (int64_t begin = first; begin < last; begin += size.tiles) {
      const int64_t end = min(begin + size.tiles, last);
      wino_transform_inputs(size.grid, x, c.channels, c.height, c.width, c.pad_h, c.pad_w, begin, end, size.v, strip,
                            v);
      for (int64_t panel = 0; panel < size.panels; ++panel) {
        const int64_t filters = min(kTileColumns, c.filters - panel * kTileColumns);
        for (int64_t point = 0; point < kWinoPoints; ++point) {
          multiply(size, point, end - begin, filters, c.channels, v, u + panel * panel_floats, true, m);
        }
        transform_panel(size, c, m, begin, end, panel, o, strip);
      }
    }
  });
}

}  // namespace

bool conv2d_winograd_supports(const azj_conv2d_desc& d) {
  return d.kernel_h == kWinoTaps && d.kernel_w == kWinoTaps && d.stride_h == 1 && d.stride_w == 1 &&
         d.dilation_h == 1 && d.dilation_w == 1 && d.groups == 1;
}

uint64_t conv2d_winograd_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  if (pass == AZJ_CONV_GRAD_WEIGHTS) return conv2d_winograd_weights_workspace_bytes(team, d);
  Correlation c = correlation_of(d, ConvSize(d), pass);
  const auto floats = [&](const Correlation& correlation) {
    const Sizes size(team, correlation);
    return size.shared_floats + team.threads() * size.thread_floats;
  };
  const int64_t whole = floats(c);
  // A smaller batch, whose tiles are few, may need more.
  c.batch = min(c.batch, wino_few_tiles(team, c.channels, c.filters) / WinoGrid(1, c.out_h, c.out_w).tiles);
  return static_cast<uint64_t>(c.batch > 0 ? max(whole, floats(c)) : whole) * sizeof(float);
}

void conv2d_winograd_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                             float* y, float* workspace) {
  correlate(team, correlation_of(d, ConvSize(d), AZJ_CONV_FORWARD), x, w, {bias, d.activation, d.slope, y, nullptr},
            workspace);
}

uint64_t conv2d_winograd_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  return conv2d_winograd_workspace_bytes(team, d, AZJ_CONV_FORWARD);
}

void conv2d_winograd_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                  const float* bias, const Pooled& y, float* workspace) {
  correlate(team, correlation_of(d, ConvSize(d), AZJ_CONV_FORWARD), x, w, {bias, d.activation, d.slope, nullptr, &y},
            workspace);
}

void conv2d_winograd_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                float* grad_x, float* workspace) {
  correlate(team, correlation_of(d, ConvSize(d), AZJ_CONV_GRAD_INPUT), grad_z, w,
            {nullptr, AZJ_IDENTITY, 0, grad_x, nullptr}, workspace);
}

}  // namespace azj::cpu::AZJ_ISA
