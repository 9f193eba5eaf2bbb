#include "conv2d_hopper.hpp"

#include <algorithm>
#include <string>

#include "bf16.hpp"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// What a tensor map in im2col mode holds.
constexpr int64_t kMaxStep = 8, kMaxTap = 255, kMinCorner = -128, kMaxCorner = 127;

bool skips_pixels(const ConvGather& g) {
  const bool strided = g.step_h > 1 || g.step_w > 1;
  return strided && g.taps_h == 1 && g.taps_w == 1 && g.origin_h == 0 && g.origin_w == 0 && g.groups == 1;
}

// Which way to the gradient to the weights computes less that is not wanted.
bool by_pixels(const azj_conv2d_desc& d, ConvMath math) {
  if (math != ConvMath::BF16 || d.groups > 1) return false;
  const ConvSize s(d);
  int64_t positions = 0;
  const int64_t shifted = shifted_weights_columns(d, s, positions) * positions;
  return pixel_weights_columns(d, s) * s.out_plane <= shifted;
}

}  // namespace

OperandView view_source(const ConvGather& g, int64_t samples) {
  const int64_t plane = int64_t{g.source_h} * g.source_w;
  if (skips_pixels(g)) {  // lines as a batch, samples as groups
    const int64_t line = int64_t{g.step_h} * g.source_w;
    return {g.source, g.pixels_w, g.channels, g.step_w, plane, g.pixels_h, line, samples, g.source_sample, 4};
  }
  return {g.source, plane, g.channels, 1, plane, samples, g.source_sample, g.groups, g.channels * plane, 4};
}

OperandView view_pixels(const azj_bf16* x, int64_t channels, int64_t first, int64_t samples, int64_t plane) {
  const int64_t pitch = bf16_pitch(channels), pixels = samples * plane;
  const int64_t all = pixels * pitch;
  return {x + first * plane * pitch, pixels, channels, pitch, 1, 1, all, 1, all, sizeof(azj_bf16)};
}

ConvGather on_view(ConvGather g) {
  if (!skips_pixels(g)) return g;
  g.source_h = g.pixels_h;
  g.source_w = g.pixels_w;
  g.step_h = g.step_w = 1;
  return g;
}

OperandView view_weights(const ConvGather& g, const float* w, int64_t taps) {
  return {w, g.rows, g.channels, g.weight_row, g.weight_channel, taps, 1, g.groups, g.weight_group, 4};
}

ConvGather forwards(ConvGather g) {
  if (g.tap_h < 0) {
    g.origin_h += (g.taps_h - 1) * g.tap_h;
    g.first_tap += (g.taps_h - 1) * g.weight_tap_h;
    g.tap_h = -g.tap_h;
    g.weight_tap_h = -g.weight_tap_h;
  }
  if (g.tap_w < 0) {
    g.origin_w += (g.taps_w - 1) * g.tap_w;
    g.first_tap += (g.taps_w - 1) * g.weight_tap_w;
    g.tap_w = -g.tap_w;
    g.weight_tap_w = -g.weight_tap_w;
  }
  return g;
}

int64_t steps_of(const ConvGather& g, int bytes, int64_t chunk_bytes) {
  const int64_t of_tap = divide_up(int64_t{g.channels} * bytes, chunk_bytes);
  return divide_up(int64_t{g.taps_h} * g.taps_w * of_tap, 128 / chunk_bytes);
}

bool half_chunks(const std::vector<ConvGather>& phases, int bytes) {
  return std::any_of(phases.begin(), phases.end(),
                     [&](const ConvGather& g) { return steps_of(g, bytes, 64) < steps_of(g, bytes, 128); });
}

std::vector<HopperProduct> products_of(const std::vector<ConvGather>& phases, int bytes, int64_t samples,
                                       TileStore store) {
  std::vector<HopperProduct> products;
  for (const ConvGather& g : phases) {
    const int64_t steps = steps_of(g, bytes, 64);  // no more than of whole chunks
    products.push_back({g.rows, samples * g.pixels_h * g.pixels_w, g.groups, steps, store, true});
  }
  return products;
}

std::vector<ConvGather> phases_of(const azj_conv2d_desc& d, const ConvSize& s, const float* grad_z, const float* w,
                                  float* grad_x) {
  std::vector<ConvGather> phases;
  for_phases(d, s, grad_z, w, grad_x, [&](const ConvGather& phase) {
    if (phase.taps_h > 0 && phase.taps_w > 0) phases.push_back(phase);
  });
  return phases;
}

bool misses_pixels(const azj_conv2d_desc& d, const std::vector<ConvGather>& phases) {
  return static_cast<int64_t>(phases.size()) < std::min(d.stride_h, d.height) * std::min(d.stride_w, d.width);
}

std::vector<std::vector<ConvGather>> launches_of(std::vector<ConvGather> phases, int bytes) {
  std::stable_sort(phases.begin(), phases.end(), [&](const ConvGather& a, const ConvGather& b) {
    return steps_of(a, bytes, 64) > steps_of(b, bytes, 64);
  });
  std::vector<std::vector<ConvGather>> launches;
  for (const ConvGather& phase : phases) {
    if (launches.empty() || launches.back().size() == kMaxPhases) launches.emplace_back();
    launches.back().push_back(forwards(phase));
  }
  return launches;
}

ConvGather upper_pixels(ConvGather g) {
  g.pixels_h /= 2;
  g.pixels_w -= g.pixels_w % 2;
  g.step_h *= 2;
  g.pixels = Divisor(int64_t{g.pixels_h} * g.pixels_w);
  g.pixel_row = Divisor(g.pixels_w);
  return g;
}

PixelView first_pixels(const ConvGather& g, const OperandView& x) {
  const int64_t samples = int64_t{g.samples} * g.groups;
  PixelView view{x.data, x.k, g.source_w, g.source_h, samples, x.row_stride, x.bytes, 0, 0, 0, 0, 0, 0};
  view.origin_w = g.origin_w;
  view.origin_h = g.origin_h;
  view.step_w = g.step_w;
  view.step_h = g.step_h;
  // Where the last step leaves a rest, a corner that is nearer by less than a step holds the same pixels.
  const auto end = [](int origin, int pixels, int step, int source) {
    return std::max(origin + (pixels - 1) * step - (source - 1), static_cast<int>(kMinCorner));
  };
  view.end_w = end(g.origin_w, g.pixels_w, g.step_w, g.source_w);
  view.end_h = end(g.origin_h, g.pixels_h, g.step_h, g.source_h);
  return view;
}

int64_t samples_of_product(const azj_conv2d_desc& d, const ConvSize& s) {
  return std::min(d.batch, kMaxGemmExtent / std::max(s.in_plane, s.out_plane));
}

uint64_t conv2d_hopper_grad_weights_workspace_bytes(const azj_conv2d_desc& d, ConvMath math, const HopperPlan& plan) {
  return by_pixels(d, math) ? pixel_weights_bytes(d, plan) : shifted_weights_bytes(d, math, plan);
}

void conv2d_hopper_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, ConvMath math, const float* x,
                                const float* grad_z, float* grad_w, void* workspace, const HopperPlan& plan) {
  if (by_pixels(d, math)) return pixel_weights(stream, d, x, grad_z, grad_w, workspace, plan);
  shifted_weights(stream, d, math, x, grad_z, grad_w, workspace, plan);
}

bool conv2d_hopper_fits(const azj_conv2d_desc& d, std::string& reason) {
  struct Axis {
    const char* name;
    int64_t stride, pad, span;  // span: from the first tap to the last
  };
  const Axis axes[] = {{"height", d.stride_h, d.pad_h, (d.kernel_h - 1) * d.dilation_h},
                       {"width", d.stride_w, d.pad_w, (d.kernel_w - 1) * d.dilation_w}};
  for (const Axis& axis : axes) {
    if (axis.stride <= kMaxStep && -axis.pad >= kMinCorner && axis.pad - axis.span >= kMinCorner &&
        axis.pad - axis.span <= kMaxCorner && axis.span <= kMaxTap) {
      continue;
    }
    reason = "convolutions by im2col tensor maps have a stride of at most 8, a padding of at most 128 and "
             "(kernel - 1) * dilation of at most 255 and 128 beyond the padding; along the " + std::string(axis.name) +
             " they are " + std::to_string(axis.stride) + ", " + std::to_string(axis.pad) + " and " +
             std::to_string(axis.span);
    return false;
  }
  return true;
}

bool conv2d_hopper_pool_fits(const azj_conv2d_desc& d, std::string& reason) {
  if (!conv2d_hopper_fits(d, reason)) return false;
  const int64_t down = (d.kernel_h - 1) * d.dilation_h, right = (d.kernel_w - 1) * d.dilation_w;
  // The corner may be nearer by what the last step leaves, which is less than a step.
  const bool corner = d.pad_h - down - d.stride_h >= kMinCorner && d.pad_w - right - d.stride_w >= kMinCorner;
  if (2 * d.stride_h <= kMaxStep && down + d.stride_h <= kMaxTap && corner) return true;
  reason = "with max pooling, convolutions by im2col tensor maps have a stride along the height of at most 4, of "
           "(kernel - 1) * dilation + stride along the height at most 255, and along both axes at most 128 beyond the "
           "padding; they are " + std::to_string(d.stride_h) + ", " + std::to_string(down + d.stride_h) + ", " +
           std::to_string(down + d.stride_h - d.pad_h) + " along the height and " +
           std::to_string(right + d.stride_w - d.pad_w) + " along the width";
  return false;
}

bool conv2d_hopper_pools(const azj_conv2d_desc& d) {
  std::string reason;
  // Of pixels that are skipped the packed source has none: there it has no strides.
  return skips_pixels(forward_gather(d, ConvSize(d), nullptr, nullptr, nullptr, nullptr)) ||
         conv2d_hopper_pool_fits(d, reason);
}

}  // namespace azj::cuda
