// A convolution in double, and what its tests need around it.
#pragma once

#include <cinttypes>

#include "backend.hpp"
#include "cuda_gemm_conv.hpp"

namespace conv_passes {

constexpr size_t at(int64_t index) { return static_cast<size_t>(index); }

inline azj_conv2d_desc conv(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t filters,
                            int64_t kernel_h, int64_t kernel_w, int64_t stride_h, int64_t stride_w, int64_t pad_h,
                            int64_t pad_w, int64_t dilation_h, int64_t dilation_w, int64_t groups) {
  azj_conv2d_desc d{};
  d.batch = batch;
  d.channels = channels;
  d.height = height;
  d.width = width;
  d.filters = filters;
  d.kernel_h = kernel_h;
  d.kernel_w = kernel_w;
  d.stride_h = stride_h;
  d.stride_w = stride_w;
  d.pad_h = pad_h;
  d.pad_w = pad_w;
  d.dilation_h = dilation_h;
  d.dilation_w = dilation_w;
  d.groups = groups;
  return d;
}

inline std::string describe(const azj_conv2d_desc& d) {
  char text[300];
  std::snprintf(text, sizeof text,
                "N%" PRId64 " C%" PRId64 " %" PRId64 "x%" PRId64 " M%" PRId64 " %" PRId64 "x%" PRId64 " stride %" PRId64
                "x%" PRId64 " pad %" PRId64 "x%" PRId64 " dilation %" PRId64 "x%" PRId64 " groups %" PRId64
                " unroll %" PRId64,
                d.batch, d.channels, d.height, d.width, d.filters, d.kernel_h, d.kernel_w, d.stride_h, d.stride_w,
                d.pad_h, d.pad_w, d.dilation_h, d.dilation_w, d.groups, d.samples_per_unroll);
  return text;
}

// The plain statement of azulejo.h: calls body(index in x, index in w, index in z) for every product of the convolution.
struct Reference {
  explicit Reference(const azj_conv2d_desc& desc)
      : d(desc),
        out_h(azj::output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h)),
        out_w(azj::output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w)),
        x(d.batch * d.channels * d.height * d.width),
        w(d.filters * (d.channels / d.groups) * d.kernel_h * d.kernel_w),
        z(d.batch * d.filters * out_h * out_w) {}

  template <class Body>
  void products(Body&& body) const {
    const int64_t group_channels = d.channels / d.groups, group_filters = d.filters / d.groups;
    for (int64_t i = 0; i < z; ++i) {
      const int64_t q = i % out_w, p = i / out_w % out_h, m = i / (out_w * out_h) % d.filters;
      const int64_t n = i / (out_w * out_h * d.filters);
      for (int64_t j = 0; j < group_channels * d.kernel_h * d.kernel_w; ++j) {
        const int64_t s = j % d.kernel_w, r = j / d.kernel_w % d.kernel_h, c = j / (d.kernel_w * d.kernel_h);
        const int64_t row = p * d.stride_h - d.pad_h + r * d.dilation_h;
        const int64_t column = q * d.stride_w - d.pad_w + s * d.dilation_w;
        if (row < 0 || row >= d.height || column < 0 || column >= d.width) continue;
        const int64_t channel = m / group_filters * group_channels + c;
        body(at(((n * d.channels + channel) * d.height + row) * d.width + column),
             at(m * group_channels * d.kernel_h * d.kernel_w + j), at(i));
      }
    }
  }

  int64_t filter_of(size_t i) const { return static_cast<int64_t>(i) / (out_w * out_h) % d.filters; }

  azj_conv2d_desc d;
  int64_t out_h, out_w, x, w, z;  // sizes
};

struct Workspace {
  explicit Workspace(uint64_t bytes) : memory(bytes / sizeof(float), 0), used(bytes > 0) {}
  void* data() { return used ? memory.data() : nullptr; }
  DeviceArray<float> memory;
  bool used;
};

}  // namespace conv_passes
