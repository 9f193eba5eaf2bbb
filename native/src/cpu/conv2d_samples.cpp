#include "conv2d_samples.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {
// What the inputs of a band may take, a quarter of a typical L2 cache, and its outputs, which are touched twice only.
constexpr int64_t kBandInputs = 256 * 1024 / sizeof(float);
constexpr int64_t kBandOutputs = 2 * 1024 * 1024 / sizeof(float);

// Sums of the gradient to the weights, each a vector, outgrow the caches beyond this.
constexpr int64_t kMostWeights = 64 * 1024;
// Products for one output that pay for laying it into lanes and back where rows of outputs fill their vectors anyway.
constexpr int64_t kFewProducts = 32;

// The gradient to fewer channels than this pays up to so many filters.
constexpr int64_t kFewChannels = 4;
constexpr int64_t kFewFilters = 8;

// Three quarters of the lanes are used.
bool fills_lanes(int64_t batch) { return 4 * batch >= 3 * ((batch + kLanes - 1) / kLanes * kLanes); }

bool shape_pays(const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  // A 1x1 kernel has one tap to pair with each load: it is a product of matrices.
  if (s.kernel == 1 || !conv2d_implicit_supports(d)) return false;
  switch (pass) {
    case AZJ_CONV_GRAD_WEIGHTS:
      return s.weights <= kMostWeights && (s.patch > kFewProducts || s.out_w % kLanes != 0);
    case AZJ_CONV_GRAD_INPUT:
      // The phases of a stride store with gaps; few channels do not pay for laying many filters into lanes.
      return d.stride_h == 1 && d.stride_w == 1 && (s.group_channels >= kFewChannels || s.group_filters <= kFewFilters) &&
             (s.group_filters * s.kernel > kFewProducts || d.width % kLanes != 0);
    default: return s.patch > kFewProducts || s.out_w % kLanes != 0;
  }
}

}  // namespace

void SampleStrip::load_rows(const float* x, int64_t sample_distance, int64_t samples, int64_t first, int64_t last,
                            float* strip) const {
  const int64_t begin = min(max(-origin, 0), columns), end = max(begin, min(columns, width - origin));
  for (int64_t p = 0; p < planes; ++p) {
    const float* from = x + (p * height + first) * width;
    float* to = strip + p * plane;
    if (origin == 0 && columns == width) {
      transpose_to_lanes(from, sample_distance, samples, (last - first) * width, to);
      continue;
    }
    for (int64_t r = first; r < last; ++r, from += width, to += row) {
      zero_row(to, begin * kLanes);
      transpose_to_lanes(from + origin + begin, sample_distance, samples, end - begin, to + begin * kLanes);
      zero_row(to + end * kLanes, (columns - end) * kLanes);
    }
  }
}

SampleGrid::SampleGrid(const Team& team, const Correlation& c, int64_t unit) : blocks((c.batch + kLanes - 1) / kLanes) {
  const int64_t rows = c.rows.output / unit;  // in units, as most_rows and band_rows meanwhile
  const int64_t input_row = c.channels * (c.columns.last_read() + 1) * kLanes;
  const int64_t halo = max(0, (c.rows.taps - 1) * c.rows.dilation + 1 - c.rows.stride) * input_row;
  const int64_t output_row = c.filters * c.columns.output * kLanes;
  const int64_t fitting = min((kBandInputs - halo) / (c.rows.stride * input_row), kBandOutputs / output_row);
  most_rows = min(rows, max(1, fitting / unit));
  int64_t wanted = (rows + most_rows - 1) / most_rows;
  // Enough bands that all threads have the same work, within an eighth.
  const int64_t whole = blocks * c.groups;
  while (wanted < rows && whole * wanted % team.threads() != 0 && whole * wanted < 8 * team.threads()) ++wanted;
  band_rows = (rows + wanted - 1) / wanted;
  bands = (rows + band_rows - 1) / band_rows;
  units = whole * bands;
  most_rows *= unit;
  band_rows *= unit;
}

SampleUnit::SampleUnit(const Correlation& c, const SampleGrid& grid, int64_t unit)
    : g(unit / grid.bands % c.groups),
      sample(unit / grid.bands / c.groups * kLanes),
      samples(min(kLanes, c.batch - sample)),
      row(unit % grid.bands * grid.band_rows),
      row_end(min(row + grid.band_rows, c.rows.output)) {}

InputRows::InputRows(const Axis& rows, int64_t begin, int64_t end)
    : first(min(max(begin * rows.stride - rows.pad, 0), rows.input)),
      last(max(first, min((end - 1) * rows.stride - rows.pad + (rows.taps - 1) * rows.dilation + 1, rows.input))) {}

bool conv2d_samples_pays(const azj_conv2d_desc& d, int32_t pass) { return fills_lanes(d.batch) && shape_pays(d, pass); }

uint64_t conv2d_samples_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  if (4 * d.batch < 3 * kLanes || !shape_pays(d, pass)) return 0;
  if (pass == AZJ_CONV_GRAD_WEIGHTS) return conv2d_samples_weights_workspace_bytes(team, d);
  return conv2d_samples_correlate_workspace_bytes(
      team, pass == AZJ_CONV_FORWARD ? Correlation::forward(d) : Correlation::grad_input(d, 0, 0));
}

uint64_t conv2d_samples_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  if (4 * d.batch < 3 * kLanes || !shape_pays(d, AZJ_CONV_FORWARD)) return 0;
  return conv2d_samples_correlate_pool_workspace_bytes(team, Correlation::pooled(d));
}

}  // namespace azj::cpu::AZJ_ISA
