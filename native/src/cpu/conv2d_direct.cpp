// Convolution without X_unroll: for every tap of the kernel, a shifted plane of the input times one weight is added to
// a plane of the output (or the reverse, for the gradients). The plain statement of what the other algorithms compute.
// Taps on the padding are never visited (T14).
#include "conv2d.hpp"
#include "conv2d_pool.hpp"
#include "epilogue.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Output indices o in begin..end-1 have their input index o * stride + offset inside 0..input-1.
struct Range {
  int64_t begin, end, offset;
  Range(int64_t tap, int64_t dilation, int64_t pad, int64_t stride, int64_t input, int64_t output)
      : offset(tap * dilation - pad) {
    begin = offset >= 0 ? 0 : min((-offset + stride - 1) / stride, output);
    end = offset >= input ? 0 : min((input - 1 - offset) / stride + 1, output);
  }
};

// Calls body(row of the output, column range, pointer offset of tap (r, s) in the input row) for every output row that
// the tap touches.
template <class Body>
inline void for_rows(const azj_conv2d_desc& d, const ConvSize& size, int64_t r, int64_t s, Body&& body) {
  const Range rows(r, d.dilation_h, d.pad_h, d.stride_h, d.height, size.out_h);
  const Range columns(s, d.dilation_w, d.pad_w, d.stride_w, d.width, size.out_w);
  for (int64_t p = rows.begin; p < rows.end; ++p) {
    body(p * size.out_w, (p * d.stride_h + rows.offset) * d.width + columns.offset, columns.begin, columns.end);
  }
}

// Plane `index` of the batch's outputs.
void forward_plane(const azj_conv2d_desc& d, const ConvSize& size, const float* x, const float* w, const float* bias,
                   int64_t index, float* out) {
  const int64_t n = index / d.filters, m = index % d.filters;
  const int64_t first_channel = m / size.group_filters * size.group_channels;
  zero_row(out, size.out_plane);
  for (int64_t c = 0; c < size.group_channels; ++c) {
    const float* in = x + n * size.in_sample + (first_channel + c) * size.in_plane;
    const float* weights = w + (m * size.group_channels + c) * size.kernel;
    for (int64_t tap = 0; tap < size.kernel; ++tap) {
      const float weight = weights[tap];
      for_rows(d, size, tap / d.kernel_w, tap % d.kernel_w,
               [&](int64_t to, int64_t from, int64_t q_begin, int64_t q_end) {
                 float* __restrict__ out_row = out + to;
                 const float* __restrict__ in_row = in + from;
                 if (d.stride_w == 1) {
#pragma omp simd
                   for (int64_t q = q_begin; q < q_end; ++q) out_row[q] += weight * in_row[q];
                 } else {
                   for (int64_t q = q_begin; q < q_end; ++q) out_row[q] += weight * in_row[q * d.stride_w];
                 }
               });
    }
  }
  apply_bias_activation_row(out, size.out_plane, bias ? bias[m] : 0, d.activation, d.slope);
}

// Floats of a plane in the workspace, whole cache lines.
int64_t plane_floats(const ConvSize& size) { return (size.out_plane + 15) / 16 * 16; }

}  // namespace

void conv2d_direct_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                           float* y) {
  const ConvSize size(d);
  team.parallel(d.batch * d.filters, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) forward_plane(d, size, x, w, bias, i, y + i * size.out_plane);
  });
}

uint64_t conv2d_direct_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  return static_cast<uint64_t>(team.threads() * plane_floats(ConvSize(d))) * sizeof(float);
}

void conv2d_direct_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                const Pooled& y, float* workspace) {
  const ConvSize size(d);
  team.parallel(d.batch * d.filters, 1, [&](int64_t begin, int64_t end, int thread) {
    float* plane = workspace + thread * plane_floats(size);
    for (int64_t i = begin; i < end; ++i) {
      forward_plane(d, size, x, w, bias, i, plane);
      halve_planes(plane, size.out_plane, 1, y.from(i));
    }
  });
}

void conv2d_direct_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                              float* grad_x) {
  const ConvSize size(d);
  team.parallel(d.batch * d.channels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / d.channels, channel = i % d.channels;
      const int64_t g = channel / size.group_channels, c = channel % size.group_channels;
      float* in = grad_x + i * size.in_plane;
      zero_row(in, size.in_plane);
      for (int64_t m = g * size.group_filters; m < (g + 1) * size.group_filters; ++m) {
        const float* out = grad_z + n * size.out_sample + m * size.out_plane;
        const float* weights = w + (m * size.group_channels + c) * size.kernel;
        for (int64_t tap = 0; tap < size.kernel; ++tap) {
          const float weight = weights[tap];
          for_rows(d, size, tap / d.kernel_w, tap % d.kernel_w,
                   [&](int64_t from, int64_t to, int64_t q_begin, int64_t q_end) {
                     const float* __restrict__ out_row = out + from;
                     float* __restrict__ in_row = in + to;
                     if (d.stride_w == 1) {
#pragma omp simd
                       for (int64_t q = q_begin; q < q_end; ++q) in_row[q] += weight * out_row[q];
                     } else {
                       for (int64_t q = q_begin; q < q_end; ++q) in_row[q * d.stride_w] += weight * out_row[q];
                     }
                   });
        }
      }
    }
  });
}

void conv2d_direct_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w) {
  const ConvSize size(d);
  team.parallel(d.filters * size.group_channels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t m = i / size.group_channels;
      const int64_t channel = m / size.group_filters * size.group_channels + i % size.group_channels;
      for (int64_t tap = 0; tap < size.kernel; ++tap) {
        double total = 0;  // rows are summed in float, the rows of a whole batch in double
        for (int64_t n = 0; n < d.batch; ++n) {
          const float* in = x + n * size.in_sample + channel * size.in_plane;
          const float* out = grad_z + n * size.out_sample + m * size.out_plane;
          for_rows(d, size, tap / d.kernel_w, tap % d.kernel_w,
                   [&](int64_t to, int64_t from, int64_t q_begin, int64_t q_end) {
                     const float* out_row = out + to;
                     const float* in_row = in + from;
                     float sum = 0;
                     if (d.stride_w == 1) {
#pragma omp simd reduction(+ : sum)
                       for (int64_t q = q_begin; q < q_end; ++q) sum += out_row[q] * in_row[q];
                     } else {
                       for (int64_t q = q_begin; q < q_end; ++q) sum += out_row[q] * in_row[q * d.stride_w];
                     }
                     total += sum;
                   });
        }
        grad_w[i * size.kernel + tap] = static_cast<float>(total);
      }
    }
  });
}

}  // namespace azj::cpu::AZJ_ISA
