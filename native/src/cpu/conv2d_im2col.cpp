// Convolution as GEMM over an unrolled input, rows T15 and T16:
//   forward        z   = W[M x CRS] * X_unroll[CRS x HW]
//   gradient to x  dX_unroll = W^T * dz, then col2im
//   gradient to w  dW  = dz * X_unroll^T
// One X_unroll of a few samples is reused for the whole batch. Two ways to share the work:
//   - by sample (the default): every thread owns the X_unroll of one sample and takes its part of the batch, no thread
//     waits for another;
//   - by chunk (samples_per_unroll given, or fewer samples than threads): all threads unroll a chunk of samples
//     together, then multiply it together.
// A 1x1 convolution with stride 1 is its own X_unroll: nothing is copied.
#include "conv2d.hpp"
#include "conv2d_pool.hpp"
#include "epilogue.hpp"
#include "lanes.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Columns of the output that one task of a chunk computes.
constexpr int64_t kChunkColumns = 4 * kTileColumns;
// Elements to pool that are worth a second thread.
constexpr int64_t kPooledGrain = 16 * 1024;

struct Plan {
  Plan(const Team& team, const azj_conv2d_desc& d, const ConvSize& s)
      : pointwise(s.kernel == 1 && d.stride_h == 1 && d.stride_w == 1 && d.pad_h == 0 && d.pad_w == 0),
        by_sample(d.samples_per_unroll == 0 && d.batch >= team.threads()),
        samples(by_sample                       ? team.threads()
                : d.samples_per_unroll == 0     ? d.batch
                                                : min(d.samples_per_unroll, d.batch)),
        slot((s.unrolled_sample + 15) / 16 * 16),
        unrolled(pointwise ? 0 : samples * slot),
        // With many filters dW^T is faster: the small dz is transposed while it is packed, instead of X_unroll.
        transposed_weights(s.group_filters >= 16 && s.patch >= 2 * kTileRows) {}

  bool pointwise;
  bool by_sample;
  int64_t samples;   // X_unrolls in the workspace
  int64_t slot;      // floats from one to the next
  int64_t unrolled;  // floats of all of them; sums of the weight gradient follow
  bool transposed_weights;
};

// The X_unroll of sample `index` of a chunk, or the sample itself where that is the same.
const float* unrolled_input(const Plan& plan, const ConvSize& s, const float* x_of_chunk, const float* workspace,
                            int64_t index) {
  return plan.pointwise ? x_of_chunk + index * s.in_sample : workspace + index * plan.slot;
}

void unroll_chunk(Team& team, const Plan& plan, const azj_conv2d_desc& d, const ConvSize& s, const float* x,
                  int64_t samples, float* workspace) {
  if (plan.pointwise) return;
  const int64_t rows = d.channels * s.kernel;
  team.parallel(samples * rows, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / rows, row = i % rows;
      im2col_rows(d, s, x + n * s.in_sample, workspace + n * plan.slot, row, row + 1);
    }
  });
}

// z = W * X_unroll for columns begin..end-1 of one sample, then bias and activation while they are in the cache.
void forward_columns(const azj_conv2d_desc& d, const ConvSize& s, const float* x_unroll, const float* w,
                     const float* bias, float* y, int64_t begin, int64_t end) {
  for (int64_t g = 0; g < d.groups; ++g) {
    float* out = y + g * s.group_filters * s.out_plane + begin;
    gemm_serial(s.group_filters, end - begin, s.patch, 1, Matrix{w + g * s.group_filters * s.patch, s.patch, 1},
                Matrix{x_unroll + g * s.patch * s.out_plane + begin, s.out_plane, 1}, 0, out, s.out_plane);
    for (int64_t m = 0; m < s.group_filters; ++m) {
      const float b = bias ? bias[g * s.group_filters + m] : 0;
      apply_bias_activation_row(out + m * s.out_plane, end - begin, b, d.activation, d.slope);
    }
  }
}

// dX_unroll = W^T * dz for columns begin..end-1 of one sample.
void grad_input_columns(const azj_conv2d_desc& d, const ConvSize& s, const float* grad_z, const float* w,
                        float* grad_unroll, int64_t begin, int64_t end) {
  for (int64_t g = 0; g < d.groups; ++g) {
    gemm_serial(s.patch, end - begin, s.group_filters, 1, Matrix{w + g * s.group_filters * s.patch, 1, s.patch},
                Matrix{grad_z + g * s.group_filters * s.out_plane + begin, s.out_plane, 1}, 0,
                grad_unroll + g * s.patch * s.out_plane + begin, s.out_plane);
  }
}

// Adds one sample's part to rows begin..end-1 (of groups * patch) of dW^T, or the same columns of dW.
void grad_weights_rows(const Plan& plan, const ConvSize& s, const float* x_unroll, const float* grad_z, bool first,
                       float* sums, int64_t begin, int64_t end) {
  const float beta = first ? 0 : 1;
  for (int64_t row = begin; row < end;) {
    const int64_t g = row / s.patch;
    const int64_t rows = min(end, (g + 1) * s.patch) - row;
    const Matrix x_rows{x_unroll + row * s.out_plane, s.out_plane, 1};
    const Matrix x_columns{x_unroll + row * s.out_plane, 1, s.out_plane};
    const float* z = grad_z + g * s.group_filters * s.out_plane;
    if (plan.transposed_weights) {
      gemm_broadcast(rows, s.group_filters, s.out_plane, 1, x_rows, Matrix{z, 1, s.out_plane}, beta,
                     sums + row * s.group_filters, s.group_filters);
    } else {
      gemm_dot(s.group_filters, rows, s.out_plane, 1, Matrix{z, s.out_plane, 1}, x_columns, beta,
               sums + g * s.group_filters * s.patch + row % s.patch, s.patch);
    }
    row += rows;
  }
}

// to[column * to_stride + row] = from[row * from_stride + column], by blocks that are transposed in registers.
void transpose_matrix(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float* to,
                      int64_t to_stride) {
  float block[kLanes * kLanes];
  for (int64_t r = 0; r < rows; r += kLanes) {
    const int64_t height = min(kLanes, rows - r);
    for (int64_t c = 0; c < columns; c += kLanes) {
      const int64_t width = min(kLanes, columns - c);
      transpose_to_lanes(from + r * from_stride + c, from_stride, height, width, block);
      for (int64_t i = 0; i < width; ++i) copy_row(to + (c + i) * to_stride + r, block + i * kLanes, height);
    }
  }
}

// grad_w = the sum of the threads' parts in their order, transposed back where they are dW^T.
void gather_weights(Team& team, const Plan& plan, const azj_conv2d_desc& d, const ConvSize& s, float* parts,
                    int64_t count, float* grad_w) {
  team.parallel(s.weights, 16384, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = 1; t < count; ++t) add_row(parts + begin, parts + t * s.weights + begin, end - begin);
    if (!plan.transposed_weights) copy_row(grad_w + begin, parts + begin, end - begin);
  });
  if (!plan.transposed_weights) return;
  team.parallel(d.filters, max(kLanes, 1 + 16384 / s.patch), [&](int64_t begin, int64_t end, int) {
    for (int64_t m = begin; m < end;) {
      const int64_t g = m / s.group_filters, in_group = m % s.group_filters;
      const int64_t columns = min(s.group_filters - in_group, end - m);
      transpose_matrix(parts + g * s.patch * s.group_filters + in_group, s.group_filters, s.patch, columns,
                       grad_w + m * s.patch, s.patch);
      m += columns;
    }
  });
}

}  // namespace

uint64_t conv2d_im2col_workspace_bytes(const Team& team, const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  int64_t floats = plan.unrolled;
  if (pass == AZJ_CONV_GRAD_WEIGHTS) floats += (plan.by_sample ? team.threads() : 1) * s.weights;
  return static_cast<uint64_t>(floats) * sizeof(float);
}

namespace {

// One sample by one thread, its X_unroll in `slot`.
void forward_sample(const Plan& plan, const azj_conv2d_desc& d, const ConvSize& s, const float* x, const float* w,
                    const float* bias, float* slot, float* y) {
  if (!plan.pointwise) im2col_rows(d, s, x, slot, 0, d.channels * s.kernel);
  forward_columns(d, s, plan.pointwise ? x : slot, w, bias, y, 0, s.out_plane);
}

// `samples` samples by all threads, their X_unroll in the workspace.
void forward_chunk(Team& team, const Plan& plan, const azj_conv2d_desc& d, const ConvSize& s, const float* x,
                   int64_t samples, const float* w, const float* bias, float* workspace, float* y) {
  const int64_t blocks = (s.out_plane + kChunkColumns - 1) / kChunkColumns;
  unroll_chunk(team, plan, d, s, x, samples, workspace);
  team.parallel(samples * blocks, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t n = i / blocks, column = i % blocks * kChunkColumns;
      forward_columns(d, s, unrolled_input(plan, s, x, workspace, n), w, bias, y + n * s.out_sample, column,
                      min(column + kChunkColumns, s.out_plane));
    }
  });
}

}  // namespace

void conv2d_im2col_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                           float* y, float* workspace) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  if (plan.by_sample) {
    team.parallel(d.batch, 1, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t n = begin; n < end; ++n) {
        forward_sample(plan, d, s, x + n * s.in_sample, w, bias, workspace + thread * plan.slot, y + n * s.out_sample);
      }
    });
    return;
  }
  for (int64_t base = 0; base < d.batch; base += plan.samples) {
    forward_chunk(team, plan, d, s, x + base * s.in_sample, min(plan.samples, d.batch - base), w, bias, workspace,
                  y + base * s.out_sample);
  }
}

uint64_t conv2d_im2col_pool_workspace_bytes(const Team& team, const azj_conv2d_desc& d) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  return static_cast<uint64_t>(plan.unrolled + plan.samples * s.out_sample) * sizeof(float);
}

void conv2d_im2col_pool_forward(Team& team, const azj_conv2d_desc& d, const float* x, const float* w, const float* bias,
                                const Pooled& y, float* workspace) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  float* outputs = workspace + plan.unrolled;  // of the convolution, plan.samples samples
  if (plan.by_sample) {
    team.parallel(d.batch, 1, [&](int64_t begin, int64_t end, int thread) {
      float* sample = outputs + thread * s.out_sample;
      for (int64_t n = begin; n < end; ++n) {
        forward_sample(plan, d, s, x + n * s.in_sample, w, bias, workspace + thread * plan.slot, sample);
        halve_planes(sample, s.out_plane, d.filters, y.from(n * d.filters));
      }
    });
    return;
  }
  for (int64_t base = 0; base < d.batch; base += plan.samples) {
    const int64_t samples = min(plan.samples, d.batch - base);
    forward_chunk(team, plan, d, s, x + base * s.in_sample, samples, w, bias, workspace, outputs);
    team.parallel(samples * d.filters, 1 + kPooledGrain / s.out_plane, [&](int64_t begin, int64_t end, int) {
      halve_planes(outputs + begin * s.out_plane, s.out_plane, end - begin, y.from(base * d.filters + begin));
    });
  }
}

void conv2d_im2col_grad_input(Team& team, const azj_conv2d_desc& d, const float* grad_z, const float* w, float* grad_x,
                              float* workspace) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  if (plan.by_sample) {
    team.parallel(d.batch, 1, [&](int64_t begin, int64_t end, int thread) {
      float* slot = workspace + thread * plan.slot;
      for (int64_t n = begin; n < end; ++n) {
        float* sample = grad_x + n * s.in_sample;
        grad_input_columns(d, s, grad_z + n * s.out_sample, w, plan.pointwise ? sample : slot, 0, s.out_plane);
        if (!plan.pointwise) col2im_channels(d, s, slot, sample, 0, d.channels);
      }
    });
    return;
  }
  const int64_t blocks = (s.out_plane + kChunkColumns - 1) / kChunkColumns;
  for (int64_t base = 0; base < d.batch; base += plan.samples) {
    const int64_t samples = min(plan.samples, d.batch - base);
    float* grad_of_chunk = grad_x + base * s.in_sample;
    team.parallel(samples * blocks, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / blocks, column = i % blocks * kChunkColumns;
        float* unrolled = plan.pointwise ? grad_of_chunk + n * s.in_sample : workspace + n * plan.slot;
        grad_input_columns(d, s, grad_z + (base + n) * s.out_sample, w, unrolled, column,
                           min(column + kChunkColumns, s.out_plane));
      }
    });
    if (plan.pointwise) continue;
    team.parallel(samples * d.channels, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t n = i / d.channels, c = i % d.channels;
        col2im_channels(d, s, workspace + n * plan.slot, grad_of_chunk + n * s.in_sample, c, c + 1);
      }
    });
  }
}

void conv2d_im2col_grad_weights(Team& team, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w, float* workspace) {
  const ConvSize s(d);
  const Plan plan(team, d, s);
  const int64_t rows = d.groups * s.patch;
  float* sums = workspace + plan.unrolled;
  if (plan.by_sample) {
    team.parallel(d.batch, 1, [&](int64_t begin, int64_t end, int thread) {
      float* slot = workspace + thread * plan.slot;
      for (int64_t n = begin; n < end; ++n) {
        const float* sample = x + n * s.in_sample;
        if (!plan.pointwise) im2col_rows(d, s, sample, slot, 0, d.channels * s.kernel);
        grad_weights_rows(plan, s, plan.pointwise ? sample : slot, grad_z + n * s.out_sample, n == begin,
                          sums + thread * s.weights, 0, rows);
      }
    });
    gather_weights(team, plan, d, s, sums, team.threads(), grad_w);
    return;
  }
  for (int64_t base = 0; base < d.batch; base += plan.samples) {
    const int64_t samples = min(plan.samples, d.batch - base);
    const float* x_of_chunk = x + base * s.in_sample;
    unroll_chunk(team, plan, d, s, x_of_chunk, samples, workspace);
    team.parallel(rows, kTileRows, [&](int64_t begin, int64_t end, int) {
      for (int64_t n = 0; n < samples; ++n) {
        grad_weights_rows(plan, s, unrolled_input(plan, s, x_of_chunk, workspace, n),
                          grad_z + (base + n) * s.out_sample, base + n == 0, sums, begin, end);
      }
    });
  }
  gather_weights(team, plan, d, s, sums, 1, grad_w);
}

}  // namespace azj::cpu::AZJ_ISA
