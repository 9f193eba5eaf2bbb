// Convolution and max pooling in one operation, azj_conv2d_pool_*: which algorithm runs forward, and the way back.
#include "bias_sums.hpp"
#include "conv2d.hpp"
#include "epilogue.hpp"
#include "grain.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

uint64_t Stream::conv2d_pool_workspace_bytes(const azj_conv2d_desc& d) {
  switch (conv2d_algorithm(d, AZJ_CONV_FORWARD)) {
    case AZJ_CONV_DIRECT: return conv2d_direct_pool_workspace_bytes(team_, d);
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_pool_workspace_bytes(team_, d);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_pool_workspace_bytes(team_, d);
    default: return conv2d_im2col_pool_workspace_bytes(team_, d);
  }
}

void Stream::conv2d_pool_forward(const azj_conv2d_desc& d, const float* x, const float* w, const float* bias, float* y,
                                 int32_t* argmax, void* workspace) {
  const Pooled pooled(ConvSize(d), y, argmax);
  float* scratch = static_cast<float*>(workspace);
  switch (conv2d_algorithm(d, AZJ_CONV_FORWARD)) {
    case AZJ_CONV_DIRECT: return conv2d_direct_pool_forward(team_, d, x, w, bias, pooled, scratch);
    case AZJ_CONV_IMPLICIT_GEMM: return conv2d_implicit_pool_forward(team_, d, x, w, bias, pooled, scratch);
    case AZJ_CONV_WINOGRAD: return conv2d_winograd_pool_forward(team_, d, x, w, bias, pooled, scratch);
    default: return conv2d_im2col_pool_forward(team_, d, x, w, bias, pooled, scratch);
  }
}

namespace {

struct Gradients {
  const float* y;
  const int32_t* argmax;
  const float* grad_y;
  float slope;
};

// A plane of grad_z from the plane of outputs `index`; false where an argmax lies outside its window.
template <int32_t kActivation>
bool spread_plane(const ConvSize& s, const Gradients& from, int64_t index, float* grad_z) {
  const int64_t rows = s.out_h / 2, columns = s.out_w / 2;
  bool good = true;
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t start = (index * rows + row) * columns;
    good &= spread_row(from.argmax + start, s.out_w, row, columns, grad_z, [&](int64_t q, int64_t lanes) {
      // In the lanes beyond, y and the gradient are 0, and so is every activation's gradient.
      return activation_gradient_each<kActivation>(load_first(from.y + start + q, lanes),
                                                   load_first(from.grad_y + start + q, lanes), from.slope);
    });
  }
  const int64_t covered = 2 * rows * s.out_w;  // an odd height's last row
  zero_row(grad_z + covered, s.out_plane - covered);
  return good;
}

// The first element of each window of a plane whose rows of windows are short.
struct Windows {
  static constexpr int64_t kMost = 256;

  // Whether rows of `columns` windows would leave at least half of the lanes empty.
  static bool are_short(int64_t rows, int64_t columns) { return columns <= 8 && rows * columns <= kMost; }

  Windows() = default;
  explicit Windows(const ConvSize& s) {
    for (int64_t row = 0; row < s.out_h / 2; ++row) {
      for (int64_t column = 0; column < s.out_w / 2; ++column) {
        first[count++] = static_cast<int32_t>(2 * (row * s.out_w + column));
      }
    }
    for (int64_t i = count; i % kLanes != 0; ++i) first[i] = 0;
  }

  int64_t count = 0;
  int32_t first[kMost];
};

// As spread_plane(), for short rows: gradients of as many windows as there are lanes, then each to where it belongs.
template <int32_t kActivation>
bool scatter_plane(const ConvSize& s, const Gradients& from, const Windows& windows, int64_t index, float* grad_z) {
  const int32_t below = static_cast<int32_t>(s.out_w);
  const int64_t start = index * windows.count;
  zero_row(grad_z, s.out_plane);
  for (int64_t at = 0; at < windows.count; at += kLanes) {
    const int64_t lanes = min(kLanes, windows.count - at);
    const Vec y = load_first(from.y + start + at, lanes), grad_y = load_first(from.grad_y + start + at, lanes);
    const float* argmax = reinterpret_cast<const float*>(from.argmax + start + at);
    const Ints places = reinterpret_cast<Ints>(load_first(argmax, lanes));
    const Ints step = places - reinterpret_cast<Ints>(load(reinterpret_cast<const float*>(windows.first + at)));
    const Ints strays = ((step & ~1) != 0) & (((step - below) & ~1) != 0);
    float values[kLanes];
    store(values, activation_gradient_each<kActivation>(y, grad_y, from.slope));
    for (int64_t i = 0; i < lanes; ++i) {
      if (strays[i] != 0) return false;
      grad_z[places[i]] = values[i];
    }
  }
  return true;
}

}  // namespace

void Stream::conv2d_pool_backward(const azj_conv2d_desc& d, const float* y, const int32_t* argmax, const float* grad_y,
                                  float* grad_z, float* grad_bias) {
  const ConvSize s(d);
  const Gradients from{y, argmax, grad_y, d.slope};
  const bool scatters = Windows::are_short(s.out_h / 2, s.out_w / 2);
  const Windows windows = scatters ? Windows(s) : Windows();
  int stray = 0;
  with_activation(d.activation, [&](auto kind) {
    constexpr int32_t kActivation = decltype(kind)::kind;
    const auto write = [&](int64_t n, int64_t m) {
      const int64_t plane = n * d.filters + m;
      float* to = grad_z + plane * s.out_plane;
      const bool good = scatters ? scatter_plane<kActivation>(s, from, windows, plane, to)
                                 : spread_plane<kActivation>(s, from, plane, to);
      if (!good) __atomic_store_n(&stray, 1, __ATOMIC_RELAXED);
    };
    const auto sum = [&](int64_t n, int64_t m) {
      return lane_sums(grad_z + (n * d.filters + m) * s.out_plane, s.out_plane);
    };
    sum_planes(team_, plane_sums_, d.batch, d.filters, s.out_plane, grad_bias, write, sum);
  });
  if (stray != 0) {
    fail(AZJ_INVALID_ARGUMENT, "argmax holds an index outside its window; it must be the argmax of the forward pass");
  }
}

}  // namespace azj::cpu::AZJ_ISA
