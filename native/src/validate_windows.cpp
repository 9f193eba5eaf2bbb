// Checks of convolution and pooling: windows that move over padded planes.
#include <cinttypes>

#include "validate.hpp"

namespace azj {

namespace {

// The padded input; the window (a dilated kernel or a pooling window) must fit it.
struct Extent {
  int64_t padded, covered;
};

Extent extent(const char* axis, int64_t input, int64_t pad, int64_t window, int64_t dilation) {
  Extent e{};
  int64_t both_pads = 0;
  if (__builtin_mul_overflow(pad, int64_t{2}, &both_pads) || __builtin_add_overflow(input, both_pads, &e.padded)) {
    fail(AZJ_INVALID_ARGUMENT, "the padded %s, %" PRId64 " + 2 * %" PRId64 ", is more than 2^63 - 1", axis, input, pad);
  }
  if (__builtin_mul_overflow(dilation, window - 1, &e.covered) || __builtin_add_overflow(e.covered, 1, &e.covered)) {
    fail(AZJ_INVALID_ARGUMENT, "the dilated kernel's %s, %" PRId64 " * (%" PRId64 " - 1) + 1, is more than 2^63 - 1",
         axis, dilation, window);
  }
  return e;
}

}  // namespace

void check_pool2d(const azj_pool2d_desc* desc) {
  check_pointer("desc", desc);
  const azj_pool2d_desc& d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("channels", d.channels, 1);
  check_at_least("height", d.height, 1);
  check_at_least("width", d.width, 1);
  check_at_least("window_h", d.window_h, 1);
  check_at_least("window_w", d.window_w, 1);
  check_at_least("stride_h", d.stride_h, 1);
  check_at_least("stride_w", d.stride_w, 1);
  check_at_least("pad_h", d.pad_h, 0);
  check_at_least("pad_w", d.pad_w, 0);
  check_range("mode", d.mode, AZJ_POOL_MAX, AZJ_POOL_MEAN, "AZJ_POOL_MAX (0) or AZJ_POOL_MEAN (1)");
  check_range("count_padding", d.count_padding, 0, 1, "0 or 1");
  int64_t plane = 0;
  if (__builtin_mul_overflow(d.height, d.width, &plane) || plane > INT32_MAX) {
    fail(AZJ_INVALID_ARGUMENT,
         "height * width is %" PRId64 " * %" PRId64 "; it must be below 2^31, because argmax is int32_t", d.height,
         d.width);
  }
  if (d.pad_h >= d.window_h || d.pad_w >= d.window_w) {
    fail(AZJ_INVALID_ARGUMENT,
         "padding %" PRId64 "x%" PRId64 " is not smaller than the window %" PRId64 "x%" PRId64
         ", so some windows would lie wholly on the padding",
         d.pad_h, d.pad_w, d.window_h, d.window_w);
  }
  const Extent h = extent("height", d.height, d.pad_h, d.window_h, 1);
  const Extent w = extent("width", d.width, d.pad_w, d.window_w, 1);
  if (h.covered > h.padded || w.covered > w.padded) {
    fail(AZJ_INVALID_ARGUMENT,
         "window %" PRId64 "x%" PRId64 " is larger than the padded input %" PRId64 "x%" PRId64
         "; use a smaller window or more padding",
         d.window_h, d.window_w, h.padded, w.padded);
  }
  check_elements("x", {d.batch, d.channels, d.height, d.width});
  check_elements("y", {d.batch, d.channels, output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h),
                       output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w)});
}

azj_conv2d_desc checked_conv2d(const azj_conv2d_desc* desc) {
  check_pointer("desc", desc);
  azj_conv2d_desc d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("channels", d.channels, 1);
  check_at_least("height", d.height, 1);
  check_at_least("width", d.width, 1);
  check_at_least("filters", d.filters, 1);
  check_at_least("kernel_h", d.kernel_h, 1);
  check_at_least("kernel_w", d.kernel_w, 1);
  check_at_least("stride_h", d.stride_h, 1);
  check_at_least("stride_w", d.stride_w, 1);
  check_at_least("pad_h", d.pad_h, 0);
  check_at_least("pad_w", d.pad_w, 0);
  check_at_least("dilation_h", d.dilation_h, 1);
  check_at_least("dilation_w", d.dilation_w, 1);
  check_at_least("groups", d.groups, 1);
  check_at_least("samples_per_unroll", d.samples_per_unroll, 0);
  check_range("algorithm", d.algorithm, AZJ_CONV_AUTO, AZJ_CONV_WINOGRAD_2X2,
              "AZJ_CONV_AUTO (0) or an algorithm up to AZJ_CONV_WINOGRAD_2X2 (9)");
  check_activation(d.activation, d.slope);
  check_precision(d.precision);
  if (d.channels % d.groups != 0 || d.filters % d.groups != 0) {
    fail(AZJ_INVALID_ARGUMENT,
         "groups is %" PRId64 "; it must divide the %" PRId64 " channels and the %" PRId64 " filters", d.groups,
         d.channels, d.filters);
  }
  const Extent h = extent("height", d.height, d.pad_h, d.kernel_h, d.dilation_h);
  const Extent w = extent("width", d.width, d.pad_w, d.kernel_w, d.dilation_w);
  if (h.covered > h.padded || w.covered > w.padded) {
    const bool dilated = d.dilation_h > 1 || d.dilation_w > 1;
    fail(AZJ_INVALID_ARGUMENT,
         "kernel %" PRId64 "x%" PRId64 "%s is larger than the padded input %" PRId64 "x%" PRId64
         "; use a smaller kernel or dilation, or more padding than %" PRId64 "x%" PRId64,
         h.covered, w.covered, dilated ? " (dilated)" : "", h.padded, w.padded, d.pad_h, d.pad_w);
  }
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  check_elements("x", {d.batch, d.channels, d.height, d.width});
  check_elements("w", {d.filters, d.channels / d.groups, d.kernel_h, d.kernel_w});
  check_elements("y", {d.batch, d.filters, out_h, out_w});
  check_elements("x_unroll", {d.batch, d.channels, d.kernel_h, d.kernel_w, out_h, out_w});
  if (d.samples_per_unroll > d.batch) d.samples_per_unroll = d.batch;
  return d;
}

void check_halves(const azj_conv2d_desc& d) {
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  if (out_h < 2 || out_w < 2) {
    fail(AZJ_INVALID_ARGUMENT,
         "the convolution's output is %" PRId64 "x%" PRId64 "; a 2x2 window needs at least two rows and two columns",
         out_h, out_w);
  }
}

void check_conv2d_pool(const azj_conv2d_desc& d) {
  check_halves(d);
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  if (out_h > INT32_MAX / out_w) {
    fail(AZJ_INVALID_ARGUMENT,
         "the convolution's output is %" PRId64 "x%" PRId64 "; it must have fewer than 2^31 elements, because argmax "
         "is int32_t", out_h, out_w);
  }
}

namespace {

void check_needed(uint64_t needed, const char* query, const void* workspace, uint64_t workspace_bytes) {
  if (workspace_bytes < needed) {
    fail(AZJ_WORKSPACE_TOO_SMALL, "workspace_bytes is %" PRIu64 "; this pass needs %" PRIu64 ", see %s()",
         workspace_bytes, needed, query);
  }
  if (needed > 0) check_pointer("workspace", static_cast<const float*>(workspace));
}

}  // namespace

void check_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                     uint64_t workspace_bytes) {
  check_needed(stream.conv2d_workspace_bytes(desc, pass), "azj_conv2d_workspace_bytes", workspace, workspace_bytes);
}

void check_bf16_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                          uint64_t workspace_bytes) {
  check_needed(stream.bf16_conv2d_workspace_bytes(desc, pass), "azj_bf16_conv2d_workspace_bytes", workspace,
               workspace_bytes);
}

void check_bf16_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                               uint64_t workspace_bytes) {
  check_needed(stream.bf16_conv2d_pool_workspace_bytes(desc), "azj_bf16_conv2d_pool_workspace_bytes", workspace,
               workspace_bytes);
}

void check_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                          uint64_t workspace_bytes) {
  check_needed(stream.conv2d_pool_workspace_bytes(desc), "azj_conv2d_pool_workspace_bytes", workspace,
               workspace_bytes);
}

}  // namespace azj
