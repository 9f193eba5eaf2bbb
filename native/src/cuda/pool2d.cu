// Max and mean pooling, N(22)-N(24), T(2.9)-T(2.16), and their gradients (azulejo.h).
//
//   x, grad_x [batch][channels][height][width]; y, grad_y, argmax [batch][channels][out_h][out_w]
//
// Forward: a thread computes an output; where windows are large (kWarpTaps), a warp does. Backward: a thread computes
// an element of grad_x from the windows that cover it, in the order of y, so nothing is added atomically. The 2x2
// windows with stride 2 of nearly every network ("halves") have loops of constant length and a backward pass by output.
//
// The first maximum wins, and a NaN wins over every number. Bound by memory where windows do not overlap.
#include <type_traits>

#include "backend.hpp"
#include "elements.cuh"
#include "kernels.hpp"
#include "pool2d.cuh"
#include "row_team.cuh"

namespace azj::cuda {

namespace {

constexpr int64_t kWarpTaps = 64;  // taps from which a window is worth a warp

// A window's rows and columns, with constants for the loops over halves.
template <bool kHalves, class Index>
__device__ __forceinline__ PoolSpan<Index> window_of(const PoolAxis<Index>& axis, Index position) {
  if constexpr (kHalves) return {2 * position, 2 * position + 2};
  return covered_inputs(axis, position);
}

template <class Index, bool kHalves>
__global__ __launch_bounds__(kElementThreads) void max_forward_kernel(Pool<Index> pool, const float* x, float* y,
                                                                      int32_t* argmax) {
  for (int64_t i = grid_thread(); i < pool.outputs; i += grid_threads()) {
    const auto at = pool_place(pool.y_grid, i);
    const auto rows = window_of<kHalves>(pool.rows, at.row);
    const auto columns = window_of<kHalves>(pool.columns, at.column);
    const float* plane = x + at.plane * pool.plane;
    Index where = rows.begin * pool.columns.input + columns.begin;
    float best = plane[where];
    for (Index r = 0; r < (kHalves ? 2 : rows.end - rows.begin); ++r) {
      for (Index c = 0; c < (kHalves ? 2 : columns.end - columns.begin); ++c) {
        const Index index = (rows.begin + r) * pool.columns.input + columns.begin + c;
        const float value = plane[index];
        if (value <= best || best != best) continue;  // a NaN in value replaces, a NaN in best stays
        best = value;
        where = index;
      }
    }
    y[i] = best;
    if (argmax != nullptr) argmax[i] = static_cast<int32_t>(where);
  }
}

template <class Index, bool kHalves>
__global__ __launch_bounds__(kElementThreads) void mean_forward_kernel(Pool<Index> pool, const float* x, float* y) {
  for (int64_t i = grid_thread(); i < pool.outputs; i += grid_threads()) {
    const auto at = pool_place(pool.y_grid, i);
    const auto rows = window_of<kHalves>(pool.rows, at.row);
    const auto columns = window_of<kHalves>(pool.columns, at.column);
    const float* from = x + (at.plane * pool.plane + rows.begin * pool.columns.input + columns.begin);
    float sum = 0;
    for (Index r = 0; r < (kHalves ? 2 : rows.end - rows.begin); ++r) {
      for (Index c = 0; c < (kHalves ? 2 : columns.end - columns.begin); ++c) sum += from[r * pool.columns.input + c];
    }
    y[i] = sum / mean_divisor(pool, rows, columns);
  }
}

// The lanes of a warp take a window's taps in turn. Sums of many taps are kept in double.
template <class Index, bool kMax>
__global__ __launch_bounds__(kRowThreads) void warp_forward_kernel(Pool<Index> pool, const float* x, float* y,
                                                                   int32_t* argmax) {
  const WarpTeam team;
  for (int64_t i = team.first_row(); i < pool.outputs; i += team.row_step()) {
    const auto at = pool_place(pool.y_grid, i);
    const auto rows = covered_inputs(pool.rows, at.row);
    const auto columns = covered_inputs(pool.columns, at.column);
    const Index width = columns.end - columns.begin;
    const Index taps = (rows.end - rows.begin) * width;
    const float* plane = x + at.plane * pool.plane;
    double sum = 0;
    unsigned long long best = 0;
    for (Index t = team.rank(); t < taps; t += WarpTeam::kSize) {
      const Index r = t / width;
      const Index index = (rows.begin + r) * pool.columns.input + columns.begin + (t - r * width);
      if constexpr (kMax) {
        best = Largest{}(best, argmax_key(plane[index], static_cast<uint32_t>(index)));
      } else {
        sum += plane[index];
      }
    }
    if constexpr (kMax) {
      const uint32_t where = argmax_index(team.reduce(best, Largest{}));
      if (team.rank() == 0) y[i] = plane[where];
      if (team.rank() == 0 && argmax != nullptr) argmax[i] = static_cast<int32_t>(where);
    } else {
      sum = team.reduce(sum, Add{});
      if (team.rank() == 0) y[i] = static_cast<float>(sum / mean_divisor(pool, rows, columns));
    }
  }
}

// What an output gives to the element of x at `index` of its plane. An argmax outside the plane cannot come from the
// forward pass; a kernel cannot refuse it, so the elements of its window become NaN.
template <class Index>
__device__ __forceinline__ float max_gradient(const Pool<Index>& pool, float grad_y, int32_t argmax, Index index) {
  if (argmax < 0 || argmax >= pool.plane) return NAN;
  return argmax == index ? grad_y : 0.0f;
}

template <class Index, bool kMax>
__global__ __launch_bounds__(kElementThreads, kResidentBlocks) void backward_kernel(Pool<Index> pool,
                                                                                    const float* grad_y,
                                                                                    const int32_t* argmax,
                                                                                    float* grad_x) {
  for (int64_t i = grid_thread(); i < pool.inputs; i += grid_threads()) {
    const auto at = pool_place(pool.x_grid, i);
    const auto rows = covering_outputs(pool.rows, at.row);
    const auto columns = covering_outputs(pool.columns, at.column);
    const Index index = at.row * pool.columns.input + at.column;
    float sum = 0;
    for (Index p = rows.begin; p < rows.end; ++p) {
      const Index line = (at.plane * pool.rows.output + p) * pool.columns.output;
      for (Index q = columns.begin; q < columns.end; ++q) {
        if constexpr (kMax) {
          sum += max_gradient(pool, grad_y[line + q], argmax[line + q], index);
        } else {
          sum += grad_y[line + q] /
                 mean_divisor(pool, covered_inputs(pool.rows, p), covered_inputs(pool.columns, q));
        }
      }
    }
    grad_x[i] = sum;
  }
}

// A thread per cell of two by two elements of grad_x; the last cells of an odd height or width have no output and reach
// one element beyond.
template <bool kMax>
__global__ __launch_bounds__(kElementThreads) void halves_backward_kernel(Pool<int32_t> pool, const float* grad_y,
                                                                          const int32_t* argmax, float* grad_x) {
  const int32_t height = pool.rows.input, width = pool.columns.input;
  const int64_t cells = pool.planes * pool.cells.rows * pool.cells.columns;
  for (int64_t i = grid_thread(); i < cells; i += grid_threads()) {
    const auto at = pool_place(pool.cells, i);
    const bool has_output = at.row < pool.rows.output && at.column < pool.columns.output;
    float g = 0;
    int32_t where = 0;
    if (has_output) {
      const int32_t output = (at.plane * pool.rows.output + at.row) * pool.columns.output + at.column;
      g = grad_y[output];
      if constexpr (kMax) where = argmax[output];
    }
    for (int32_t r = 2 * at.row; r < 2 * at.row + 2 && r < height; ++r) {
      for (int32_t c = 2 * at.column; c < 2 * at.column + 2 && c < width; ++c) {
        const int32_t index = r * width + c;
        float value = kMax ? max_gradient(pool, g, where, index) : g * 0.25f;
        if (!has_output) value = 0;
        grad_x[at.plane * pool.plane + index] = value;
      }
    }
  }
}

int64_t taps_inside(const azj_pool2d_desc& d) {
  return (d.window_h < d.height ? d.window_h : d.height) * (d.window_w < d.width ? d.window_w : d.width);
}

// With 64-bit indices one kernel takes all windows.
template <class Index>
constexpr bool kHasHalves = std::is_same_v<Index, int32_t>;

template <class Index>
bool halves(const azj_pool2d_desc& d) {
  return kHasHalves<Index> && d.window_h == 2 && d.window_w == 2 && d.stride_h == 2 && d.stride_w == 2 &&
         d.pad_h == 0 && d.pad_w == 0;
}

template <class Index>
void forward(cudaStream_t stream, const azj_pool2d_desc& d, const Pool<Index>& pool, const float* x, float* y,
             int32_t* argmax) {
  constexpr bool kHalves = kHasHalves<Index>;
  const bool max = d.mode == AZJ_POOL_MAX;
  const unsigned blocks = element_blocks(pool.outputs);
  if (taps_inside(d) >= kWarpTaps) {
    const int64_t warps = (pool.outputs + WarpTeam::kTeamsPerBlock - 1) / WarpTeam::kTeamsPerBlock;
    launch(max ? warp_forward_kernel<Index, true> : warp_forward_kernel<Index, false>,
           static_cast<unsigned>(warps < kRowBlocks ? warps : kRowBlocks), kRowThreads, 0, stream, pool, x, y, argmax);
  } else if (max) {
    launch(halves<Index>(d) ? max_forward_kernel<Index, kHalves> : max_forward_kernel<Index, false>, blocks,
           kElementThreads, 0, stream, pool, x, y, argmax);
  } else {
    launch(halves<Index>(d) ? mean_forward_kernel<Index, kHalves> : mean_forward_kernel<Index, false>, blocks,
           kElementThreads, 0, stream, pool, x, y);
  }
}

template <class Index>
void backward(cudaStream_t stream, const azj_pool2d_desc& d, const Pool<Index>& pool, const float* grad_y,
              const int32_t* argmax, float* grad_x) {
  const bool max = d.mode == AZJ_POOL_MAX;
  if constexpr (kHasHalves<Index>) {
    if (halves<Index>(d)) {
      const int64_t cells = pool.planes * pool.cells.rows * pool.cells.columns;
      launch(max ? halves_backward_kernel<true> : halves_backward_kernel<false>, element_blocks(cells), kElementThreads,
             0, stream, pool, grad_y, argmax, grad_x);
      return;
    }
  }
  launch(max ? backward_kernel<Index, true> : backward_kernel<Index, false>, element_blocks(pool.inputs),
         kElementThreads, 0, stream, pool, grad_y, argmax, grad_x);
}

}  // namespace

void pool2d_forward(cudaStream_t stream, const azj_pool2d_desc& desc, const float* x, float* y, int32_t* argmax) {
  with_pool(desc, desc.batch * desc.channels,
            [&](const auto& pool) { forward(stream, desc, pool, x, y, argmax); });
}

void pool2d_backward(cudaStream_t stream, const azj_pool2d_desc& desc, const float* grad_y, const int32_t* argmax,
                     float* grad_x) {
  with_pool(desc, desc.batch * desc.channels,
            [&](const auto& pool) { backward(stream, desc, pool, grad_y, argmax, grad_x); });
}

}  // namespace azj::cuda
