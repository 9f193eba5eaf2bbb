// Convolution as GEMM over a stored X_unroll, rows T15 and T16 (T4.1, T4.2). For each sample and group:
//   forward             z        = w[filters x patch] * X_unroll[patch x pixels]
//   gradient to input   dX_unroll = w^T * dz, then col2im
//   gradient to weights dw       = sum over samples of dz * X_unroll^T
// with patch = channels / groups * R * S. One X_unroll of a few samples (samples_per_unroll; 1 is the thesis') lies in
// the workspace and serves the whole batch, one chunk after the other. A 1 x 1 convolution with stride 1 is its own
// X_unroll: nothing is copied.
//
// The gradient to the weights adds sample n to part n mod parts, so that `parts` products run at once; the parts are
// then added in their order.
#include "conv2d.hpp"
#include "grid.hpp"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

// Where samples_per_unroll is 0: samples until a product has this many columns, while X_unroll is at most this large.
constexpr int64_t kColumns = 1 << 16;
constexpr int64_t kUnrolledBytes = int64_t{256} << 20;
constexpr int64_t kMaxParts = 32;
constexpr int64_t kPartBytes = int64_t{64} << 20;  // of all parts, unless one is larger

int64_t at_least_one(int64_t value) { return value < 1 ? 1 : value; }
int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

struct Plan {
  Plan(const azj_conv2d_desc& d, const ConvSize& s, int32_t pass) {
    const int64_t sample_bytes = s.unrolled_sample * static_cast<int64_t>(sizeof(float));
    samples = d.samples_per_unroll;
    if (samples == 0) samples = least(divide_up(kColumns, s.out_plane), at_least_one(kUnrolledBytes / sample_bytes));
    if (s.pointwise) samples = d.batch;
    samples = least(samples, d.batch);
    unrolled = s.pointwise ? 0 : samples * s.unrolled_sample;
    if (pass != AZJ_CONV_GRAD_WEIGHTS) return;
    const int64_t part_bytes = s.weights * static_cast<int64_t>(sizeof(float));
    parts = least(least(samples, kMaxParts), at_least_one(kPartBytes / part_bytes));
  }

  int64_t samples;    // of a chunk
  int64_t unrolled;   // floats of the X_unroll of a chunk; the parts follow
  int64_t parts = 1;  // of the gradient to the weights; a single one is the gradient itself
};

// Calls body(first sample, samples) for the chunks of a batch.
template <class Body>
void for_chunks(int64_t batch, int64_t samples, Body&& body) {
  for (int64_t first = 0; first < batch; first += samples) body(first, least(samples, batch - first));
}

}  // namespace

uint64_t conv2d_im2col_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  const Plan plan(d, s, pass);
  const int64_t parts = plan.parts == 1 ? 0 : plan.parts * s.weights;
  return static_cast<uint64_t>(plan.unrolled + parts) * sizeof(float);
}

void conv2d_im2col_forward(cudaStream_t stream, const azj_conv2d_desc& d, GemmRung rung, const float* x,
                           const float* w, const float* bias, float* y, void* workspace) {
  const ConvSize s(d);
  const Plan plan(d, s, AZJ_CONV_FORWARD);
  float* unrolled = static_cast<float*>(workspace);
  GemmProblem p;
  p.m = s.group_filters;
  p.n = s.out_plane;
  p.k = s.patch;
  p.groups = d.groups;
  p.a = GemmMatrix{w, s.patch, 1, 0, s.group_filters * s.patch};
  p.ldc = s.out_plane;
  p.c_batch_stride = s.out_sample;
  p.c_group_stride = s.group_filters * s.out_plane;
  p.epilogue.bias = bias;
  p.epilogue.bias_axis = bias != nullptr ? BiasAxis::ROW : BiasAxis::NONE;
  p.epilogue.bias_group_stride = bias != nullptr ? s.group_filters : 0;
  p.epilogue.activation = d.activation;
  p.epilogue.slope = d.slope;
  for_chunks(d.batch, plan.samples, [&](int64_t first, int64_t samples) {
    const float* input = x + first * s.in_sample;
    if (!s.pointwise) im2col(stream, d, samples, input, unrolled);
    p.b = GemmMatrix{s.pointwise ? input : unrolled, s.out_plane, 1, s.unrolled_sample, s.patch * s.out_plane};
    p.c = y + first * s.out_sample;
    p.batch = samples;
    gemm(stream, rung, p);
  });
}

void conv2d_im2col_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, GemmRung rung, const float* grad_z,
                              const float* w, float* grad_x, void* workspace) {
  const ConvSize s(d);
  const Plan plan(d, s, AZJ_CONV_GRAD_INPUT);
  float* unrolled = static_cast<float*>(workspace);
  GemmProblem p;
  p.m = s.patch;
  p.n = s.out_plane;
  p.k = s.group_filters;
  p.groups = d.groups;
  p.a = GemmMatrix{w, 1, s.patch, 0, s.group_filters * s.patch};
  p.ldc = s.out_plane;
  p.c_batch_stride = s.unrolled_sample;
  p.c_group_stride = s.patch * s.out_plane;
  for_chunks(d.batch, plan.samples, [&](int64_t first, int64_t samples) {
    float* grad = grad_x + first * s.in_sample;
    p.b = GemmMatrix{grad_z + first * s.out_sample, s.out_plane, 1, s.out_sample, s.group_filters * s.out_plane};
    p.c = s.pointwise ? grad : unrolled;
    p.batch = samples;
    gemm(stream, rung, p);
    if (!s.pointwise) col2im(stream, d, samples, unrolled, grad);
  });
}

void conv2d_im2col_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, GemmRung rung, const float* x,
                                const float* grad_z, float* grad_w, void* workspace) {
  const ConvSize s(d);
  const Plan plan(d, s, AZJ_CONV_GRAD_WEIGHTS);
  float* unrolled = static_cast<float*>(workspace);
  float* parts = plan.parts == 1 ? grad_w : unrolled + plan.unrolled;
  GemmProblem p;
  p.m = s.group_filters;
  p.n = s.patch;
  p.k = s.out_plane;
  p.groups = d.groups;
  p.c = parts;
  p.ldc = s.patch;
  p.c_batch_stride = s.weights;
  p.c_group_stride = s.group_filters * s.patch;
  for_chunks(d.batch, plan.samples, [&](int64_t first, int64_t samples) {
    const float* input = x + first * s.in_sample;
    if (!s.pointwise) im2col(stream, d, samples, input, unrolled);
    const float* rows = s.pointwise ? input : unrolled;
    const float* grad = grad_z + first * s.out_sample;
    for_chunks(samples, plan.parts, [&](int64_t sample, int64_t count) {
      p.a = GemmMatrix{grad + sample * s.out_sample, s.out_plane, 1, s.out_sample, s.group_filters * s.out_plane};
      p.b = GemmMatrix{rows + sample * s.unrolled_sample, 1, s.out_plane, s.unrolled_sample, s.patch * s.out_plane};
      p.batch = count;
      p.epilogue.beta = first + sample == 0 ? 0.0f : 1.0f;
      gemm(stream, rung, p);
    });
  });
  if (plan.parts > 1) add_parts(stream, parts, plan.parts, s.weights, grad_w);
}

}  // namespace azj::cuda
