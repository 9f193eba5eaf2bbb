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

}  // namespace

// The bias's sums read a plane when it was just written and is in the cache.
void Stream::conv2d_pool_backward(const azj_conv2d_desc& d, const float* y, const int32_t* argmax, const float* grad_y,
                                  float* grad_z, float* grad_bias) {
  const ConvSize s(d);
  const Gradients from{y, argmax, grad_y, d.slope};
  int stray = 0;
  with_activation(d.activation, [&](auto kind) {
    sum_planes(team_, d.batch, d.filters, rows_per_grain(d.batch * s.out_plane, kGrain), grad_bias,
               [&](int64_t n, int64_t m) {
                 const int64_t plane = n * d.filters + m;
                 float* to = grad_z + plane * s.out_plane;
                 if (!spread_plane<decltype(kind)::kind>(s, from, plane, to)) {
                   __atomic_store_n(&stray, 1, __ATOMIC_RELAXED);
                 }
                 return grad_bias == nullptr ? Vec{} : lane_sums(to, s.out_plane);
               });
  });
  if (stray != 0) {
    fail(AZJ_INVALID_ARGUMENT, "argmax holds an index outside its window; it must be the argmax of the forward pass");
  }
}

}  // namespace azj::cpu::AZJ_ISA
