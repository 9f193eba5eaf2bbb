// Packs matrices along k: float -> float or BF16, transposed where the rows lie the other way.
//
//   block -> a tile of 32 rows x 64 of k, by 8 warps, through shared memory: read along whichever axis is contiguous,
//   written along k, two elements a thread
//
// Bound by memory: 4 bytes read and 4 or 2 written for each element.
#include "gemm_pack.hpp"

#include "grid.hpp"
#include "launch.cuh"
#include "ptx.cuh"

namespace azj::cuda {

namespace {

constexpr int kRows = 32, kDepth = 64, kWarps = 8;
constexpr int kPackAlignment = 16;       // of a row's bytes
constexpr uint64_t kBufferAlignment = 256;
constexpr int64_t kMaxBlocks = 65536;    // of a grid, whose blocks walk over all tiles

// Where the matrix of product (batch, group) begins.
template <class T>
__device__ T* matrix_of(const OperandView& v, int64_t batch, int64_t group) {
  return const_cast<T*>(static_cast<const T*>(v.data)) + batch * v.batch_stride + group * v.group_stride;
}

__device__ void read_tile(float (&tile)[kRows][kDepth + 1], const OperandView& v, const float* from, int64_t row,
                          int64_t k) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (v.k_stride == 1) {
    for (int r = warp; r < kRows; r += kWarps) {
      for (int i = lane; i < kDepth; i += 32) {
        const bool inside = row + r < v.rows && k + i < v.k;
        tile[r][i] = inside ? from[(row + r) * v.row_stride + k + i] : 0.0f;
      }
    }
  } else {
    for (int i = warp; i < kDepth; i += kWarps) {
      const bool inside = row + lane < v.rows && k + i < v.k;
      tile[lane][i] = inside ? from[(row + lane) * v.row_stride + (k + i) * v.k_stride] : 0.0f;
    }
  }
}

template <int kBytes>
__device__ void write_tile(const float (&tile)[kRows][kDepth + 1], const OperandView& packed, int64_t row, int64_t k,
                           int64_t batch, int64_t group) {
  const int i = threadIdx.x % 32 * 2;
  if (k + i >= packed.row_stride) return;
  for (int r = threadIdx.x / 32; r < kRows && row + r < packed.rows; r += kWarps) {
    const int64_t at = (row + r) * packed.row_stride + k + i;
    if constexpr (kBytes == 2) {
      auto* const to = matrix_of<uint16_t>(packed, batch, group) + at;
      *reinterpret_cast<uint32_t*>(to) = cvt_bf16x2(tile[r][i], tile[r][i + 1]);
    } else {
      *reinterpret_cast<float2*>(matrix_of<float>(packed, batch, group) + at) = make_float2(tile[r][i], tile[r][i + 1]);
    }
  }
}

// The tiles of one packing.
struct Tiles {
  Packing of;
  int64_t along_k, along_rows, count;

  explicit Tiles(const Packing& packing)
      : of(packing),
        along_k(divide_up(packing.packed.row_stride, kDepth)),
        along_rows(divide_up(packing.view.rows, kRows)),
        count(packing.packed.batch * packing.packed.groups * along_k * along_rows) {}
};

template <int kBytes>
__device__ void pack_tile(float (&tile)[kRows][kDepth + 1], const Tiles& tiles, int64_t index) {
  const OperandView &v = tiles.of.view, &packed = tiles.of.packed;
  const int64_t of_matrix = tiles.along_k * tiles.along_rows;
  const int64_t matrix = index / of_matrix, in_matrix = index - matrix * of_matrix;
  const int64_t k = in_matrix % tiles.along_k * kDepth, row = in_matrix / tiles.along_k * kRows;
  const int64_t batch = matrix % packed.batch, group = matrix / packed.batch;
  read_tile(tile, v, matrix_of<float>(v, batch, group), row, k);
  __syncthreads();
  write_tile<kBytes>(tile, packed, row, k, batch, group);
  __syncthreads();  // the next tile is read over this one
}

template <int kBytes>
__global__ __launch_bounds__(32 * kWarps) void pack_kernel(const __grid_constant__ Tiles first,
                                                           const __grid_constant__ Tiles second) {
  __shared__ float tile[kRows][kDepth + 1];
  int64_t index = blockIdx.x;
  for (; index < first.count; index += gridDim.x) pack_tile<kBytes>(tile, first, index);
  for (index -= first.count; index < second.count; index += gridDim.x) pack_tile<kBytes>(tile, second, index);
}

void pack(cudaStream_t stream, const Tiles& first, const Tiles& second) {
  const int64_t tiles = first.count + second.count;
  const unsigned blocks = static_cast<unsigned>(tiles < kMaxBlocks ? tiles : kMaxBlocks);
  const auto kernel = first.of.packed.bytes == 2 ? pack_kernel<2> : pack_kernel<4>;
  launch(kernel, dim3(blocks), dim3(32 * kWarps), 0, stream, first, second);
}

}  // namespace

OperandView packed_view(const OperandView& view, int bytes, void* memory) {
  OperandView packed = view;
  packed.data = memory;
  packed.bytes = bytes;
  packed.k_stride = 1;
  const int64_t unit = kPackAlignment / bytes;
  packed.row_stride = divide_up(view.k, unit) * unit;
  if (view.batch_stride == 0) packed.batch = 1;
  if (view.group_stride == 0) packed.groups = 1;
  packed.batch_stride = view.batch_stride == 0 ? 0 : packed.rows * packed.row_stride;
  packed.group_stride = view.group_stride == 0 ? 0 : packed.batch * packed.rows * packed.row_stride;
  return packed;
}

uint64_t packed_bytes(const OperandView& view, int bytes) {
  const OperandView packed = packed_view(view, bytes, nullptr);
  const int64_t elements = packed.groups * packed.batch * packed.rows * packed.row_stride;
  return (static_cast<uint64_t>(elements * bytes) + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

void gemm_pack(cudaStream_t stream, const OperandView& view, const OperandView& packed) {
  Tiles none(Packing{view, packed});
  none.count = 0;
  pack(stream, Tiles(Packing{view, packed}), none);
}

void gemm_pack(cudaStream_t stream, const Packing& first, const Packing& second) {
  pack(stream, Tiles(first), Tiles(second));
}

}  // namespace azj::cuda
