// Max and mean pooling of BF16 with channels last, N(22)-N(24), T(2.9)-T(2.16), and their gradients (azulejo.h).
//
//   x, grad_x [batch][height][width][pitch]; y, grad_y, argmax [batch][out_h][out_w][pitch]
//
// A thread takes a granule of 8 channels, 16 bytes; its neighbours the next ones of the pixel. Forward: of an output.
// Backward: of an element of grad_x, from the windows that cover it, in the order of y, so nothing is added atomically.
// The 2x2 windows with stride 2 of nearly every network ("halves") have loops of constant length and a backward pass by
// output. Counts of Pool are those of granules: a plane is one granule of an image's channels.
//
// The first maximum wins, and a NaN wins over every number. Bound by memory where windows do not overlap.
#include <type_traits>

#include "bf16_taps.cuh"
#include "elements.cuh"
#include "pool2d.cuh"

namespace azj::cuda {

namespace {

template <class Index>
struct GranulePool : Pool<Index> {
  int64_t channels;
  Index granules;  // of a pixel
  PoolDivisor<Index> by_granules;
};

// A granule: which of the pixel's, and where the pixel is.
template <class Index>
struct GranulePlace : PoolPlace<Index> {  // plane: the image
  Index granule;
};

template <class Index>
__device__ __forceinline__ GranulePlace<Index> granule_place(const GranulePool<Index>& pool,
                                                             const PoolGrid<Index>& grid, int64_t element) {
  const Index i = static_cast<Index>(element), pixel = pool.by_granules.quotient(i);
  return {pool_place(grid, pixel), i - pixel * pool.granules};
}

// Elements from the first of an array to a granule of the pixel at a row and column of an image of grid.
template <class Index>
__device__ __forceinline__ int64_t granule_offset(const GranulePool<Index>& pool, const PoolGrid<Index>& grid,
                                                  Index image, Index row, Index column, Index granule) {
  const Index pixel = (image * grid.rows + row) * grid.columns + column;
  return (int64_t{pixel} * pool.granules + granule) * kBf16Granule;
}

// A window's rows and columns, with constants for the loops over halves.
template <bool kHalves, class Index>
__device__ __forceinline__ PoolSpan<Index> window_of(const PoolAxis<Index>& axis, Index position) {
  if constexpr (kHalves) return {2 * position, 2 * position + 2};
  return covered_inputs(axis, position);
}

// Calls body(tap, granule of x) for the taps of an output's window that lie on x, row by row.
template <bool kHalves, class Index, class Body>
__device__ __forceinline__ void for_taps(const GranulePool<Index>& pool, const GranulePlace<Index>& at,
                                         const azj_bf16* x, Body body) {
  const auto rows = window_of<kHalves>(pool.rows, at.row);
  const auto columns = window_of<kHalves>(pool.columns, at.column);
  const int64_t step = int64_t{pool.granules} * kBf16Granule;
  const azj_bf16* line = x + granule_offset(pool, pool.x_grid, at.plane, rows.begin, columns.begin, at.granule);
  const Index top = at.row * pool.rows.stride - pool.rows.pad;
  const Index left = at.column * pool.columns.stride - pool.columns.pad;
  const Index first = (rows.begin - top) * pool.columns.window + columns.begin - left;
#pragma unroll(kHalves ? 2 : 1)
  for (Index r = 0; r < (kHalves ? 2 : rows.end - rows.begin); ++r) {
#pragma unroll(kHalves ? 2 : 1)
    for (Index c = 0; c < (kHalves ? 2 : columns.end - columns.begin); ++c) {
      const Index tap = kHalves ? 2 * r + c : first + r * pool.columns.window + c;
      body(static_cast<int>(tap), load_granule(line + (r * pool.columns.input + c) * step));
    }
  }
}

template <class Index, bool kHalves>
__global__ __launch_bounds__(kElementThreads) void max_forward_kernel(const __grid_constant__ GranulePool<Index> pool,
                                                                      const azj_bf16* x, azj_bf16* y,
                                                                      uint8_t* argmax) {
  for (int64_t i = grid_thread(); i < pool.outputs; i += grid_threads()) {
    const auto at = granule_place(pool, pool.y_grid, i);
    Bf16Granule best{};
    int where[kBf16Granule];
    bool begun = false;
    for_taps<kHalves>(pool, at, x, [&](int tap, const Bf16Granule& value) {
#pragma unroll
      for (int j = 0; j < kBf16Granule; ++j) {
        // A NaN in value replaces, a NaN in best stays.
        if (begun && (value.v[j] <= best.v[j] || best.v[j] != best.v[j])) continue;
        best.v[j] = value.v[j];
        where[j] = tap;
      }
      begun = true;
    });
    const int inside = channels_inside(pool.channels, int64_t{at.granule} * kBf16Granule);
    clear_padding(best, inside);
    store_granule(y + kBf16Granule * i, best);
    if (argmax == nullptr) continue;
#pragma unroll
    for (int j = 0; j < kBf16Granule; ++j) {
      if (j >= inside) where[j] = 0;
    }
    store_taps(argmax + kBf16Granule * i, where);
  }
}

template <class Index, bool kHalves>
__global__ __launch_bounds__(kElementThreads) void mean_forward_kernel(const __grid_constant__ GranulePool<Index> pool,
                                                                       const azj_bf16* x, azj_bf16* y) {
  for (int64_t i = grid_thread(); i < pool.outputs; i += grid_threads()) {
    const auto at = granule_place(pool, pool.y_grid, i);
    Bf16Granule sum{};
    for_taps<kHalves>(pool, at, x, [&](int, const Bf16Granule& value) {
#pragma unroll
      for (int j = 0; j < kBf16Granule; ++j) sum.v[j] += value.v[j];
    });
    const float divisor = mean_divisor(pool, window_of<kHalves>(pool.rows, at.row),
                                       window_of<kHalves>(pool.columns, at.column));
#pragma unroll
    for (float& v : sum.v) v /= divisor;
    clear_padding(sum, channels_inside(pool.channels, int64_t{at.granule} * kBf16Granule));
    store_granule(y + kBf16Granule * i, sum);
  }
}

// Adds what an output gives to the element at `tap` of its window. An argmax beyond the window cannot come from the
// forward pass; a kernel cannot refuse it, so the elements of its window become NaN.
__device__ __forceinline__ void add_max_gradient(Bf16Granule& sum, const Bf16Granule& grad_y, const Taps& argmax,
                                                 int tap, int taps) {
#pragma unroll
  for (int j = 0; j < kBf16Granule; ++j) {
    sum.v[j] += argmax.v[j] == tap ? grad_y.v[j] : argmax.v[j] < taps ? 0.0f : NAN;
  }
}

__device__ __forceinline__ void add_mean_gradient(Bf16Granule& sum, const Bf16Granule& grad_y, float divisor) {
#pragma unroll
  for (int j = 0; j < kBf16Granule; ++j) sum.v[j] += grad_y.v[j] / divisor;
}

template <class Index, bool kMax>
__global__ __launch_bounds__(kElementThreads, kResidentBlocks) void backward_kernel(
    const __grid_constant__ GranulePool<Index> pool, const azj_bf16* grad_y, const uint8_t* argmax, azj_bf16* grad_x) {
  const int taps = kMax ? static_cast<int>(pool.rows.window * pool.columns.window) : 0;
  for (int64_t i = grid_thread(); i < pool.inputs; i += grid_threads()) {
    const auto at = granule_place(pool, pool.x_grid, i);
    const auto rows = covering_outputs(pool.rows, at.row);
    const auto columns = covering_outputs(pool.columns, at.column);
    Bf16Granule sum{};
    for (Index p = rows.begin; p < rows.end; ++p) {
      for (Index q = columns.begin; q < columns.end; ++q) {
        const int64_t output = granule_offset(pool, pool.y_grid, at.plane, p, q, at.granule);
        const Bf16Granule g = load_granule(grad_y + output);
        if constexpr (kMax) {
          const Index row = at.row + pool.rows.pad - p * pool.rows.stride;
          const Index column = at.column + pool.columns.pad - q * pool.columns.stride;
          add_max_gradient(sum, g, load_taps(argmax + output), static_cast<int>(row * pool.columns.window + column),
                           taps);
        } else {
          add_mean_gradient(sum, g, mean_divisor(pool, covered_inputs(pool.rows, p), covered_inputs(pool.columns, q)));
        }
      }
    }
    clear_padding(sum, channels_inside(pool.channels, int64_t{at.granule} * kBf16Granule));
    store_granule(grad_x + kBf16Granule * i, sum);
  }
}

// A thread per cell of two by two pixels of grad_x; the last cells of an odd height or width have no output and reach
// one pixel beyond.
template <bool kMax>
__global__ __launch_bounds__(kElementThreads) void halves_backward_kernel(
    const __grid_constant__ GranulePool<int32_t> pool, const azj_bf16* grad_y, const uint8_t* argmax,
    azj_bf16* grad_x) {
  const int64_t cells = pool.planes * pool.cells.rows * pool.cells.columns;
  for (int64_t i = grid_thread(); i < cells; i += grid_threads()) {
    const auto at = granule_place(pool, pool.cells, i);
    const bool has_output = at.row < pool.rows.output && at.column < pool.columns.output;
    Bf16Granule g{};
    Taps where{};
    if (has_output) {
      const int64_t output = granule_offset(pool, pool.y_grid, at.plane, at.row, at.column, at.granule);
      g = load_granule(grad_y + output);
      if constexpr (kMax) where = load_taps(argmax + output);
    }
    const int inside = channels_inside(pool.channels, int64_t{at.granule} * kBf16Granule);
#pragma unroll
    for (int tap = 0; tap < 4; ++tap) {
      const int32_t row = 2 * at.row + tap / 2, column = 2 * at.column + tap % 2;
      if (row >= pool.rows.input || column >= pool.columns.input) continue;
      Bf16Granule sum{};
      if constexpr (kMax) {
        add_max_gradient(sum, g, where, tap, 4);
      } else {
        add_mean_gradient(sum, g, 4.0f);
      }
      clear_padding(sum, inside);
      store_granule(grad_x + granule_offset(pool, pool.x_grid, at.plane, row, column, at.granule), sum);
    }
  }
}

// With 64-bit indices one kernel takes all windows.
template <class Index>
constexpr bool kHasHalves = std::is_same_v<Index, int32_t>;

// Calls body(pool of granules, whether all windows are halves).
template <class Body>
void with_granules(const azj_pool2d_desc& d, Body&& body) {
  const int64_t granules = bf16_pitch(d.channels) / kBf16Granule;
  const bool halves = d.window_h == 2 && d.window_w == 2 && d.stride_h == 2 && d.stride_w == 2 && d.pad_h == 0 &&
                      d.pad_w == 0;
  with_pool(d, d.batch * granules, [&](const auto& pool) {
    using Index = decltype(pool.plane);
    body(GranulePool<Index>{pool, d.channels, static_cast<Index>(granules), PoolDivisor<Index>(granules)},
         halves && kHasHalves<Index>);
  });
}

}  // namespace

void bf16_pool2d_forward(cudaStream_t stream, const azj_pool2d_desc& d, const azj_bf16* x, azj_bf16* y,
                         uint8_t* argmax) {
  with_granules(d, [&](const auto& pool, bool halves) {
    using Index = decltype(pool.plane);
    constexpr bool kHalves = kHasHalves<Index>;
    const unsigned blocks = element_blocks(pool.outputs);
    if (d.mode == AZJ_POOL_MAX) {
      launch(halves ? max_forward_kernel<Index, kHalves> : max_forward_kernel<Index, false>, blocks, kElementThreads, 0,
             stream, pool, x, y, argmax);
    } else {
      launch(halves ? mean_forward_kernel<Index, kHalves> : mean_forward_kernel<Index, false>, blocks, kElementThreads,
             0, stream, pool, x, y);
    }
  });
}

void bf16_pool2d_backward(cudaStream_t stream, const azj_pool2d_desc& d, const azj_bf16* grad_y,
                          const uint8_t* argmax, azj_bf16* grad_x) {
  const bool max = d.mode == AZJ_POOL_MAX;
  with_granules(d, [&](const auto& pool, bool halves) {
    using Index = decltype(pool.plane);
    if constexpr (kHasHalves<Index>) {
      if (halves) {
        const int64_t cells = pool.planes * pool.cells.rows * pool.cells.columns;
        launch(max ? halves_backward_kernel<true> : halves_backward_kernel<false>, element_blocks(cells),
               kElementThreads, 0, stream, pool, grad_y, argmax, grad_x);
        return;
      }
    }
    launch(max ? backward_kernel<Index, true> : backward_kernel<Index, false>, element_blocks(pool.inputs),
           kElementThreads, 0, stream, pool, grad_y, argmax, grad_x);
  });
}

}  // namespace azj::cuda
