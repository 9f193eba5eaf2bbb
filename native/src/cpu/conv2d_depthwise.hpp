// Depthwise convolution: the part of the implicit GEMM with one filter for each channel. conv2d_implicit_*() call it.
#pragma once

#include "conv2d_implicit.hpp"

namespace azj::cpu::AZJ_ISA {

// As many filters as channels, each with a group of its own.
bool conv2d_depthwise_supports(const azj_conv2d_desc& d);

int64_t conv2d_depthwise_floats(const Team& team, const azj_conv2d_desc& d, int32_t pass);
int64_t conv2d_depthwise_weights_floats(const Team& team, const azj_conv2d_desc& d);
void conv2d_depthwise_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                              float* y, float* workspace);
int64_t conv2d_depthwise_pool_floats(const Team& team, const azj_conv2d_desc& d);
void conv2d_depthwise_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w,
                                   const float* bias, const Pooled& y, float* workspace);
void conv2d_depthwise_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                                 float* grad_x, float* workspace);
void conv2d_depthwise_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                   float* grad_w, float* workspace);

// Rows of a band: the planes of the usual networks, 112 to 7 rows, are multiples of seven.
constexpr int kBandRows = 7;
constexpr int64_t kLineFloats = 16;  // of a cache line

// Whether the elements under a window lie side by side and its rows one below the other.
inline bool has_windows(const Correlation& c) {
  return c.rows.stride == 1 && c.rows.dilation == 1 && c.columns.stride == 1 && c.columns.dilation == 1;
}

inline int64_t whole_lines(int64_t floats) { return (floats + kLineFloats - 1) / kLineFloats * kLineFloats; }

// Fetches what the next band works on.
inline void prefetch_to_read(const float* from, int64_t floats) {
  for (int64_t i = 0; i < floats; i += kLineFloats) __builtin_prefetch(from + i, 0, 2);
}
inline void prefetch_to_write(const float* from, int64_t floats) {
  for (int64_t i = 0; i < floats; i += kLineFloats) __builtin_prefetch(from + i, 1, 3);
}

// Where the inputs of output (0, 0) for all taps of a plane lie, in the order of the taps.
inline void find_offsets(const Correlation& c, const PaddedCopy& copy, int32_t* offsets) {
  for (int64_t r = 0; r < c.rows.taps; ++r) {
    for (int64_t s = 0; s < c.columns.taps; ++s) *offsets++ = copy.offset(c, 0, r, s);
  }
}

}  // namespace azj::cpu::AZJ_ISA
