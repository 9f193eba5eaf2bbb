// Checks of the operations on BF16.
#include <cinttypes>

#include "validate.hpp"

namespace azj {

namespace {

constexpr int64_t kGranule = 8;  // elements that are read and written at once

int64_t pitch_of(const char* name, int64_t channels) {
  if (channels > INT64_MAX - (kGranule - 1)) {
    fail(AZJ_INVALID_ARGUMENT, "%s is %" PRId64 "; rounded up to a multiple of 8 it does not fit 63 bits", name,
         channels);
  }
  return (channels + kGranule - 1) / kGranule * kGranule;
}

void check_granules(const char* name, int64_t leading) {
  if (leading % kGranule == 0) return;
  fail(AZJ_INVALID_ARGUMENT,
       "%s is %" PRId64 "; rows of BF16 are at a distance of a multiple of 8 elements, 16 bytes: the next is %" PRId64,
       name, leading, leading / kGranule * kGranule + kGranule);
}

}  // namespace

void check_bf16(const char* name, const azj_bf16* pointer) {
  constexpr size_t kBytes = kGranule * sizeof(azj_bf16);
  if (pointer == nullptr) fail_null(name);
  if (reinterpret_cast<uintptr_t>(pointer) % kBytes != 0) fail_misaligned(name, pointer, kBytes);
}

void check_bf16_argmax(const uint8_t* argmax) {
  if (reinterpret_cast<uintptr_t>(argmax) % kGranule != 0) fail_misaligned("argmax", argmax, kGranule);
}

void check_packed(int64_t rows, int64_t channels, int64_t positions) {
  check_at_least("rows", rows, 1);
  check_at_least("channels", channels, 1);
  check_at_least("positions", positions, 1);
  check_elements("packed", {rows, positions, pitch_of("channels", channels)});
}

void check_pixels(int64_t pixels, int64_t channels) {
  check_at_least("pixels", pixels, 1);
  check_at_least("channels", channels, 1);
  check_elements("y", {pixels, pitch_of("channels", channels)});
}

void check_bf16_gemm(const azj_gemm_desc* desc) {
  check_gemm(desc);
  check_granules("lda", desc->lda);
  check_granules("ldb", desc->ldb);
  check_granules("ldc", desc->ldc);
}

void check_bf16_pool2d(const azj_pool2d_desc* desc) {
  check_pool2d(desc);
  const azj_pool2d_desc& d = *desc;
  check_elements("x", {d.batch, d.height, d.width, pitch_of("channels", d.channels)});
  if (d.mode == AZJ_POOL_MAX && d.window_h > 256 / d.window_w) {
    fail(AZJ_UNSUPPORTED,
         "a window of %" PRId64 "x%" PRId64 " has more than 256 taps, and argmax is a byte", d.window_h, d.window_w);
  }
}

azj_conv2d_desc checked_bf16_conv2d(const azj_conv2d_desc* desc) {
  const azj_conv2d_desc d = checked_conv2d(desc);
  if (d.groups != 1) {
    fail(AZJ_UNSUPPORTED, "a convolution on BF16 has one group; this one has %" PRId64, d.groups);
  }
  if (d.algorithm != AZJ_CONV_AUTO && d.algorithm != AZJ_CONV_HOPPER_BF16) {
    fail(AZJ_UNSUPPORTED,
         "algorithm %d has no form for BF16 with channels last; AZJ_CONV_AUTO (0) and AZJ_CONV_HOPPER_BF16 (8) do",
         d.algorithm);
  }
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  const int64_t channels = pitch_of("channels", d.channels);
  check_elements("x", {d.batch, d.height, d.width, channels});
  check_elements("w", {d.filters, d.kernel_h, d.kernel_w, channels});
  check_elements("y", {d.batch, out_h, out_w, pitch_of("filters", d.filters)});
  return d;
}

azj_conv2d_desc checked_bf16_conv2d_pool(const azj_conv2d_desc* desc) {
  const azj_conv2d_desc d = checked_bf16_conv2d(desc);
  check_halves(d);
  return d;
}

}  // namespace azj
