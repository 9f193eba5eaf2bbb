// The convolution passes of each algorithm, and the sizes they share. conv2d.cpp chooses between them.
#pragma once

#include "gemm.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

struct ConvSize {
  explicit ConvSize(const azj_conv2d_desc& d)
      : out_h(output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h)),
        out_w(output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w)),
        in_plane(d.height * d.width),
        out_plane(out_h * out_w),
        kernel(d.kernel_h * d.kernel_w),
        group_channels(d.channels / d.groups),
        group_filters(d.filters / d.groups),
        patch(group_channels * kernel),
        in_sample(d.channels * in_plane),
        out_sample(d.filters * out_plane),
        unrolled_sample(d.channels * kernel * out_plane),
        weights(d.filters * patch) {}

  int64_t out_h, out_w, in_plane, out_plane, kernel;
  int64_t group_channels, group_filters;
  int64_t patch;            // rows of one group's X_unroll: C/groups * R * S
  int64_t in_sample, out_sample, unrolled_sample;
  int64_t weights;
};

// The result of a forward pass that ends in max pooling by 2x2 windows, azj_conv2d_pool_forward(): y and, unless it is
// null, argmax, both [batch][filters][rows][columns].
struct Pooled {
  Pooled(const ConvSize& s, float* values, int32_t* indices)
      : y(values), argmax(indices), rows(s.out_h / 2), columns(s.out_w / 2), width(s.out_w), plane(rows * columns) {}

  // The same from plane `index` on.
  Pooled from(int64_t index) const {
    Pooled p = *this;
    p.y += index * plane;
    if (argmax != nullptr) p.argmax += index * plane;
    return p;
  }

  float* y;
  int32_t* argmax;
  int64_t rows, columns;
  int64_t width;  // columns of the convolution's output
  int64_t plane;
};

// Rows row_begin..row_end-1 of one sample's X_unroll [C*R*S][out_h*out_w].
void im2col_rows(const azj_conv2d_desc& d, const ConvSize& s, const float* x, float* x_unroll, int64_t row_begin,
                 int64_t row_end);

// Channels channel_begin..channel_end-1 of one sample, overwritten with the sums of their unrolled elements.
void col2im_channels(const azj_conv2d_desc& d, const ConvSize& s, const float* x_unroll, float* x,
                     int64_t channel_begin, int64_t channel_end);

void conv2d_direct_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                           float* y);
uint64_t conv2d_direct_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_direct_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                const Pooled& y, float* workspace);
void conv2d_direct_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                              float* grad_x);
void conv2d_direct_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w);

uint64_t conv2d_im2col_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass);
void conv2d_im2col_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                           float* y, float* workspace);
uint64_t conv2d_im2col_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_im2col_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                const Pooled& y, float* workspace);
void conv2d_im2col_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w, float* grad_x,
                              float* workspace);
void conv2d_im2col_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w, float* workspace);

// As long as the padded copy of a sample and the phases of the stride are of a sensible number.
bool conv2d_implicit_supports(const azj_conv2d_desc& d);
uint64_t conv2d_implicit_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass);
void conv2d_implicit_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                             float* y, float* workspace);
uint64_t conv2d_implicit_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_implicit_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                  const float* bias, const Pooled& y, float* workspace);
void conv2d_implicit_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                float* grad_x, float* workspace);
void conv2d_implicit_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                  float* grad_w, float* workspace);

// 3x3 kernels with stride 1, dilation 1 and one group.
bool conv2d_winograd_supports(const azj_conv2d_desc& d);
uint64_t conv2d_winograd_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass);
void conv2d_winograd_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                             float* y, float* workspace);
uint64_t conv2d_winograd_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d);
void conv2d_winograd_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                  const float* bias, const Pooled& y, float* workspace);
void conv2d_winograd_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                float* grad_x, float* workspace);
void conv2d_winograd_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                  float* grad_w, float* workspace);

}  // namespace azj::cpu::AZJ_ISA
