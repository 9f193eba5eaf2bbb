// Convolution, azj_conv2d_*: which algorithm runs, and the gradient to the bias, which all share.
#include "bias_sums.hpp"
#include "conv2d.hpp"

#include "conv2d_depthwise.hpp"
#include "conv2d_samples.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Fewer channels or filters than this leave lanes of Winograd's transforms empty, and too few products to pay for them.
// The gradient to the weights transforms grad_z, not its result, and pays sooner.
constexpr int64_t kWinogradChannels = 16;
constexpr int64_t kWinogradWeightsChannels = 4;
// Transforming the filters costs more than the products of fewer tiles; the gradient to the weights is spared X_unroll.
constexpr int64_t kWinogradTiles = 4;
// With more weights in a filter than this, the GEMM of IM2COL_GEMM outweighs its copies in the gradient to the weights.
constexpr int64_t kImplicitWeightsProducts = 160;
// The gradient to so few channels, from more filters than this, is faster as a GEMM and col2im.
constexpr int64_t kImplicitChannels = 3;
constexpr int64_t kImplicitFilters = 8;

bool winograd_pays(const azj_conv2d_desc& d, const ConvSize& s, int32_t pass) {
  const int64_t channels = pass == AZJ_CONV_GRAD_WEIGHTS ? kWinogradWeightsChannels : kWinogradChannels;
  if (!conv2d_winograd_supports(d) || d.filters < kWinogradChannels || d.channels < channels) return false;
  const int64_t tiles = d.batch * ((s.out_h + 3) / 4) * ((s.out_w + 3) / 4);
  return pass == AZJ_CONV_GRAD_WEIGHTS || tiles >= kWinogradTiles;
}

bool implicit_pays(const azj_conv2d_desc& d, const ConvSize& s, int32_t pass) {
  // 1x1: X_unroll is x itself, and IM2COL_GEMM copies nothing.
  const bool pointwise = d.kernel_h == 1 && d.kernel_w == 1;
  // Lanes are outputs: a row should fill five eighths of its vectors.
  const int64_t width = pass == AZJ_CONV_GRAD_INPUT ? d.width : s.out_w;
  const bool filled = 8 * width >= 5 * ((width + kLanes - 1) / kLanes * kLanes);
  if (!conv2d_implicit_supports(d)) return false;
  if (conv2d_depthwise_supports(d)) return true;  // a GEMM with one row has nothing to reuse
  if (pointwise) return false;
  if (conv2d_samples_pays(d, pass)) return true;
  if (!filled) return false;
  switch (pass) {
    case AZJ_CONV_GRAD_INPUT:
      // The phases of a stride store with gaps; and a tile of few channels loads an input for each multiply-add.
      return d.stride_h == 1 && d.stride_w == 1 &&
             (s.group_channels >= kImplicitChannels || s.group_filters <= kImplicitFilters);
    case AZJ_CONV_GRAD_WEIGHTS: return s.patch <= kImplicitWeightsProducts;
    default: return true;
  }
}

// AUTO, by the shape alone: the same in every run. docs/performance-cpu.md has the measurements behind it.
int32_t choose(const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  if (winograd_pays(d, s, pass)) return AZJ_CONV_WINOGRAD;
  if (implicit_pays(d, s, pass)) return AZJ_CONV_IMPLICIT_GEMM;
  return AZJ_CONV_IM2COL_GEMM;
}

}  // namespace

int32_t Stream::conv2d_algorithm(const azj_conv2d_desc& d, int32_t pass) {
  switch (d.algorithm) {
    case AZJ_CONV_AUTO: return choose(d, pass);
    case AZJ_CONV_DIRECT:
    case AZJ_CONV_IM2COL_GEMM: return d.algorithm;
    case AZJ_CONV_IMPLICIT_GEMM:
      if (conv2d_implicit_supports(d)) return d.algorithm;
      fail(AZJ_UNSUPPORTED,
           "AZJ_CONV_IMPLICIT_GEMM on the CPU wants a group of a sample, with its padding, below 2^29 elements, its "
           "filters below 2^24 and stride_h * stride_w up to 256; AZJ_CONV_IM2COL_GEMM (2) computes all");
    case AZJ_CONV_WINOGRAD:
      if (conv2d_winograd_supports(d)) return d.algorithm;
      fail(AZJ_UNSUPPORTED,
           "AZJ_CONV_WINOGRAD is F(4x4, 3x3): it needs a 3x3 kernel, stride 1, dilation 1 and one group; this is a "
           "%lldx%lld kernel, stride %lldx%lld, dilation %lldx%lld, %lld groups",
           static_cast<long long>(d.kernel_h), static_cast<long long>(d.kernel_w), static_cast<long long>(d.stride_h),
           static_cast<long long>(d.stride_w), static_cast<long long>(d.dilation_h),
           static_cast<long long>(d.dilation_w), static_cast<long long>(d.groups));
    default:
      fail(AZJ_UNSUPPORTED,
           "convolution algorithm %d is a CUDA kernel; the CPU has AZJ_CONV_DIRECT (1), AZJ_CONV_IM2COL_GEMM (2), "
           "AZJ_CONV_IMPLICIT_GEMM (3) and AZJ_CONV_WINOGRAD (6)",
           d.algorithm);
  }
}

uint64_t Stream::conv2d_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  switch (conv2d_algorithm(d, pass)) {
    case AZJ_CONV_DIRECT: return 0;
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_workspace_bytes(team_, d, pass);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_workspace_bytes(team_, d, pass);
    default: return conv2d_im2col_workspace_bytes(team_, d, pass);
  }
}

void Stream::conv2d_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias, float* y,
                            void* workspace) {
  float* scratch = static_cast<float*>(workspace);
  switch (conv2d_algorithm(d, AZJ_CONV_FORWARD)) {
    case AZJ_CONV_DIRECT: return conv2d_direct_forward(team_, d, x, w, bias, y);
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_forward(team_, d, x, w, bias, y, scratch);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_forward(team_, d, x, w, bias, y, scratch);
    default: return conv2d_im2col_forward(team_, d, x, w, bias, y, scratch);
  }
}

void Stream::conv2d_grad_input(const azj_conv2d_desc& d, const float* grad_z, const float* w, float* grad_x,
                               void* workspace) {
  float* scratch = static_cast<float*>(workspace);
  switch (conv2d_algorithm(d, AZJ_CONV_GRAD_INPUT)) {
    case AZJ_CONV_DIRECT: return conv2d_direct_grad_input(team_, d, grad_z, w, grad_x);
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_grad_input(team_, d, grad_z, w, grad_x, scratch);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_grad_input(team_, d, grad_z, w, grad_x, scratch);
    default: return conv2d_im2col_grad_input(team_, d, grad_z, w, grad_x, scratch);
  }
}

void Stream::conv2d_grad_weights(const azj_conv2d_desc& d, const float* x, const float* grad_z, float* grad_w,
                                 void* workspace) {
  float* scratch = static_cast<float*>(workspace);
  switch (conv2d_algorithm(d, AZJ_CONV_GRAD_WEIGHTS)) {
    case AZJ_CONV_DIRECT: return conv2d_direct_grad_weights(team_, d, x, grad_z, grad_w);
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_grad_weights(team_, d, x, grad_z, grad_w, scratch);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_grad_weights(team_, d, x, grad_z, grad_w, scratch);
    default: return conv2d_im2col_grad_weights(team_, d, x, grad_z, grad_w, scratch);
  }
}

void Stream::conv2d_grad_bias(const azj_conv2d_desc& d, const float* grad_z, float* grad_bias) {
  const ConvSize s(d);
  sum_planes(
      team_, plane_sums_, d.batch, d.filters, s.out_plane, grad_bias, [](int64_t, int64_t) {},
      [&](int64_t n, int64_t m) { return lane_sums(grad_z + n * s.out_sample + m * s.out_plane, s.out_plane); });
}

}  // namespace azj::cpu::AZJ_ISA
