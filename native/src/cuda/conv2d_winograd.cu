// Convolution by Winograd's F(4x4, 3x3) or F(2x2, 3x3) (winograd.cuh), for 3x3 kernels with stride 1: forward, and the
// gradient to the input, which is the same correlation of grad_z with the filters turned by 180 degrees and transposed.
//
//   U[point][channel][filter] = G w G^T                once a call
//   V[point][channel][tile]   = B^T x B
//   M[point][filter][tile]    = U[point]^T V[point]     36 or 16 products of GEMM rung 5
//   y                         = activation(A^T M A + bias)
//
// FUSED does the last three in one kernel (conv2d_winograd_fused.cu). STAGED keeps V and M in the workspace, for a part
// of the batch at a time: each is 9/4 of its planes, or four times, and is written and read once, which many channels
// repay.
#include <string>

#include "conv2d_winograd.cuh"
#include "error.hpp"

namespace azj::cuda {

namespace {

constexpr int64_t kStagedBytes = int64_t{512} << 20;  // of V and M, unless one sample needs more
// STAGED from channels * filters / (channels + filters) on: see docs/performance-gpu.md, where the two are equal.
constexpr int64_t kStagedChannels = 160;

template <class F>
int64_t tiles_of_sample(const WinogradProblem& p) {
  return divide_up(p.out_h, F::kOut) * divide_up(p.out_w, F::kOut);
}

// ---- the stages

// grid (filters, channels): a thread transforms one filter of one channel.
template <class F>
__global__ __launch_bounds__(kWinogradThreads) void filters_kernel(const __grid_constant__ WinogradProblem p,
                                                          const __grid_constant__ WinogradFilters layout, float* u) {
  const int filter = static_cast<int>(blockIdx.x * kWinogradThreads + threadIdx.x);
  if (filter >= layout.panels * layout.width) return;
  for (int channel = blockIdx.y; channel < layout.channels; channel += gridDim.y) {
    const bool inside = filter < p.filters && channel < p.channels;
    const float* const w = p.w + (inside ? int64_t{filter} * p.w_filter + int64_t{channel} * p.w_channel : 0);
    const int last = p.turned ? kWinogradTaps * kWinogradTaps - 1 : 0;
    float* const to = u + filter / layout.width * layout.panel + channel * layout.channel + filter % layout.width;
    winograd_both_sides<typename F::Filter>(
        [&](int r, int s) {
          const int tap = r * kWinogradTaps + s;
          return inside ? w[p.turned ? last - tap : tap] : 0.0f;
        },
        [&](int i, int j, float value) { to[(i * F::kIn + j) * layout.point] = value; });
  }
}

// grid (tiles, channels): a thread transforms one tile of one channel. v_row: floats of a channel of a point.
template <class F>
__global__ __launch_bounds__(kWinogradThreads) void inputs_kernel(const __grid_constant__ WinogradProblem p,
                                                         const __grid_constant__ WinogradTiles tiles, int64_t v_row,
                                                         float* v) {
  const int index = static_cast<int>(blockIdx.x * kWinogradThreads + threadIdx.x);
  if (index >= v_row) return;
  const bool inside = index < tiles.count;
  const WinogradTile tile(tiles, inside ? index : 0);
  const PlaneWindow<F::kIn> window(tile.row - p.pad_h, tile.column - p.pad_w, inside ? p.height : 0, p.width);
  const int64_t plane = int64_t{p.height} * p.width, v_point = p.channels * v_row;
  for (int channel = blockIdx.y; channel < p.channels; channel += gridDim.y) {
    const float* const from = p.x + (tile.sample * p.channels + channel) * plane;
    float* const to = v + channel * v_row + index;
    winograd_both_sides<typename F::Input>(
        [&](int i, int j) { return window.load(from, i, j); },
        [&](int i, int j, float value) { to[(i * F::kIn + j) * v_point] = value; });
  }
}

// grid (tiles, filters): a thread stores one tile of one filter.
template <class F, bool kPools>
__global__ __launch_bounds__(kWinogradThreads) void outputs_kernel(const __grid_constant__ WinogradProblem p,
                                                          const __grid_constant__ WinogradTiles tiles, int64_t m_row,
                                                          const float* m, bool vectors) {
  const int index = static_cast<int>(blockIdx.x * kWinogradThreads + threadIdx.x);
  if (index >= tiles.count) return;
  const WinogradTile tile(tiles, index);
  const int64_t m_point = p.filters * m_row;
  for (int filter = blockIdx.y; filter < p.filters; filter += gridDim.y) {
    const float* const from = m + filter * m_row + index;
    winograd_store<F, kPools>(p, tile, filter, vectors, [&](int point) { return from[point * m_point]; });
  }
}

// U = G w G^T.
template <class F>
void transform_filters(cudaStream_t stream, const WinogradProblem& p, const WinogradFilters& layout, float* u) {
  launch(filters_kernel<F>, winograd_grid(int64_t{layout.panels} * layout.width, layout.channels),
         dim3(kWinogradThreads), 0, stream, p, layout, u);
}

// ---- STAGED

// One panel of all filters; a whole number of words of 16 bytes a row, so that GEMM copies them so.
template <class F>
WinogradFilters staged_filters(const WinogradProblem& p) {
  WinogradFilters f{};
  f.width = static_cast<int>(divide_up(p.filters, 4) * 4);
  f.panels = 1;
  f.channels = p.channels;
  f.channel = f.width;
  f.point = int64_t{p.channels} * f.width;
  f.panel = F::kPoints * f.point;
  return f;
}

int64_t staged_row(int64_t tiles) { return divide_up(tiles, 4) * 4; }
template <class F>
int64_t staged_v_floats(const WinogradProblem& p, int64_t tiles) {
  return F::kPoints * p.channels * staged_row(tiles);
}
template <class F>
int64_t staged_m_floats(const WinogradProblem& p, int64_t tiles) {
  return F::kPoints * p.filters * staged_row(tiles);
}

// Samples of a part of the batch.
template <class F>
int64_t staged_samples(const WinogradProblem& p) {
  const int64_t floats = F::kPoints * (int64_t{p.channels} + p.filters) * tiles_of_sample<F>(p);
  const int64_t bytes = floats * int64_t{sizeof(float)};
  const int64_t most = kStagedBytes / bytes < 1 ? 1 : kStagedBytes / bytes;
  return p.samples < most ? p.samples : most;
}

template <class F>
void run_staged(cudaStream_t stream, const WinogradProblem& p, const float* u, float* v) {
  const WinogradTiles tiles(F::kOut, p.samples, p.out_h, p.out_w);
  const int64_t row = staged_row(tiles.count);
  float* const m = v + staged_v_floats<F>(p, tiles.count);
  winograd_transform_inputs<F>(stream, p, tiles, row, v);
  const WinogradFilters filters = staged_filters<F>(p);
  GemmProblem g;
  g.m = p.filters;
  g.n = tiles.count;
  g.k = p.channels;
  g.batch = F::kPoints;
  g.a = GemmMatrix{u, 1, filters.channel, filters.point, 0};
  g.b = GemmMatrix{v, row, 1, p.channels * row, 0};
  g.c = m;
  g.ldc = row;
  g.c_batch_stride = p.filters * row;
  gemm(stream, GemmRung::REGISTER, g);
  launch(p.pools ? outputs_kernel<F, true> : outputs_kernel<F, false>, winograd_grid(tiles.count, p.filters),
         dim3(kWinogradThreads), 0, stream, p, tiles, row, m, winograd_vectors<F>(p));
}

// ---- both

template <class F>
bool has_fused() {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "cudaDeviceGetAttribute");
  return bytes >= static_cast<int>(kWinogradFusedSharedBytes<F>);
}

template <class F>
bool is_fused(const WinogradProblem& p, WinogradForm form) {
  if (form != WinogradForm::AUTO) return form == WinogradForm::FUSED;
  return has_fused<F>() && int64_t{p.channels} * p.filters < kStagedChannels * (int64_t{p.channels} + p.filters);
}

template <class F>
uint64_t workspace_bytes(const WinogradProblem& p, WinogradForm form) {
  if (is_fused<F>(p, form)) return static_cast<uint64_t>(winograd_fused_filters<F>(p).floats()) * sizeof(float);
  const int64_t tiles = staged_samples<F>(p) * tiles_of_sample<F>(p);
  const int64_t floats = staged_filters<F>(p).floats() + staged_v_floats<F>(p, tiles) + staged_m_floats<F>(p, tiles);
  return static_cast<uint64_t>(floats) * sizeof(float);
}

template <class F>
void run(cudaStream_t stream, const WinogradProblem& p, WinogradForm form, float* workspace) {
  const bool fused = is_fused<F>(p, form);
  const WinogradFilters filters = fused ? winograd_fused_filters<F>(p) : staged_filters<F>(p);
  transform_filters<F>(stream, p, filters, workspace);
  const int64_t most = fused ? kMaxGemmExtent / tiles_of_sample<F>(p) : staged_samples<F>(p);
  for (int64_t first = 0; first < p.samples; first += most) {
    WinogradProblem part = p;
    part.samples = p.samples - first < most ? p.samples - first : most;
    part.x += first * p.channels * p.height * p.width;
    const int64_t outputs = first * p.filters * p.out_h * p.out_w / (p.pools ? 4 : 1);
    part.y += outputs;
    if (p.argmax != nullptr) part.argmax += outputs;
    if (fused) {
      winograd_fused<F>(stream, part, workspace);
    } else {
      run_staged<F>(stream, part, workspace, workspace + filters.floats());
    }
  }
}

// The forward pass, of as many rows and columns of outputs as the windows cover.
WinogradProblem pooled_problem(const azj_conv2d_desc& d) {
  WinogradProblem p = winograd_problem(d, AZJ_CONV_FORWARD);
  p.pools = true;
  p.z_width = p.out_w;
  p.out_h -= p.out_h % 2;
  p.out_w -= p.out_w % 2;
  return p;
}

WinogradProblem with_operands(WinogradProblem p, const azj_conv2d_desc& d, const float* x, const float* w,
                              const float* bias, float* y) {
  p.x = x;
  p.w = w;
  p.y = y;
  p.epilogue.bias = bias;
  p.epilogue.bias_axis = bias != nullptr ? BiasAxis::ROW : BiasAxis::NONE;
  p.epilogue.activation = d.activation;
  p.epilogue.slope = d.slope;
  return p;
}

}  // namespace

WinogradProblem winograd_problem(const azj_conv2d_desc& d, int32_t pass) {
  const ConvSize s(d);
  WinogradProblem p{};
  const bool forward = pass == AZJ_CONV_FORWARD;
  p.samples = d.batch;
  p.channels = static_cast<int>(forward ? d.channels : d.filters);
  p.height = static_cast<int>(forward ? d.height : s.out_h);
  p.width = static_cast<int>(forward ? d.width : s.out_w);
  p.filters = static_cast<int>(forward ? d.filters : d.channels);
  p.out_h = static_cast<int>(forward ? s.out_h : d.height);
  p.out_w = static_cast<int>(forward ? s.out_w : d.width);
  p.pad_h = static_cast<int>(forward ? d.pad_h : kWinogradTaps - 1 - d.pad_h);
  p.pad_w = static_cast<int>(forward ? d.pad_w : kWinogradTaps - 1 - d.pad_w);
  const int of_filter = static_cast<int>(s.patch), of_channel = static_cast<int>(s.taps);
  p.w_filter = forward ? of_filter : of_channel;
  p.w_channel = forward ? of_channel : of_filter;
  p.turned = !forward;
  return p;
}

template <class F>
void winograd_transform_inputs(cudaStream_t stream, const WinogradProblem& p, const WinogradTiles& tiles, int64_t row,
                               float* v) {
  launch(inputs_kernel<F>, winograd_grid(row, p.channels), dim3(kWinogradThreads), 0, stream, p, tiles, row, v);
}

template void winograd_transform_inputs<Winograd4x4>(cudaStream_t, const WinogradProblem&, const WinogradTiles&,
                                                     int64_t, float*);
template void winograd_transform_inputs<Winograd2x2>(cudaStream_t, const WinogradProblem&, const WinogradTiles&,
                                                     int64_t, float*);

bool conv2d_winograd_supports(const azj_conv2d_desc& d) {
  return d.kernel_h == kWinogradTaps && d.kernel_w == kWinogradTaps && d.stride_h == 1 && d.stride_w == 1 &&
         d.dilation_h == 1 && d.dilation_w == 1 && d.groups == 1;
}

uint64_t conv2d_winograd_workspace_bytes(const azj_conv2d_desc& d, WinogradSize size, int32_t pass, WinogradForm form) {
  if (pass == AZJ_CONV_GRAD_WEIGHTS) return winograd_grad_weights_workspace_bytes(d, size);
  return with_winograd(size, [&](auto f) { return workspace_bytes<decltype(f)>(winograd_problem(d, pass), form); });
}

void conv2d_winograd_forward(cudaStream_t stream, const azj_conv2d_desc& d, WinogradSize size, const float* x,
                             const float* w, const float* bias, float* y, void* workspace, WinogradForm form) {
  const WinogradProblem p = with_operands(winograd_problem(d, AZJ_CONV_FORWARD), d, x, w, bias, y);
  with_winograd(size, [&](auto f) { run<decltype(f)>(stream, p, form, static_cast<float*>(workspace)); });
}

uint64_t conv2d_winograd_pool_workspace_bytes(const azj_conv2d_desc& d, WinogradSize size, WinogradForm form) {
  return with_winograd(size, [&](auto f) { return workspace_bytes<decltype(f)>(pooled_problem(d), form); });
}

void conv2d_winograd_pool_forward(cudaStream_t stream, const azj_conv2d_desc& d, WinogradSize size, const float* x,
                                  const float* w, const float* bias, float* y, int32_t* argmax, void* workspace,
                                  WinogradForm form) {
  WinogradProblem p = with_operands(pooled_problem(d), d, x, w, bias, y);
  p.argmax = argmax;
  with_winograd(size, [&](auto f) { run<decltype(f)>(stream, p, form, static_cast<float*>(workspace)); });
}

void conv2d_winograd_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, WinogradSize size, const float* grad_z,
                                const float* w, float* grad_x, void* workspace, WinogradForm form) {
  WinogradProblem p = winograd_problem(d, AZJ_CONV_GRAD_INPUT);
  p.x = grad_z;
  p.w = w;
  p.y = grad_x;
  with_winograd(size, [&](auto f) { run<decltype(f)>(stream, p, form, static_cast<float*>(workspace)); });
}

}  // namespace azj::cuda
