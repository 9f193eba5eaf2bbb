// Copies of planes end to end, see plane_pack.hpp.
//
//   block -> 512 elements of one row, of one channel and image: two neighbours a thread; the blocks of the other
//     images, which read nearly the same elements, come next
//
// Bound by memory: 4 bytes read for each element, and 4 or 2 written for each in an image, zeros between the lines
// written only.
#include "plane_pack.hpp"

#include <algorithm>
#include <numeric>

#include "gemm_pack.hpp"
#include "grid.hpp"
#include "launch.cuh"
#include "ptx.cuh"

namespace azj::cuda {

namespace {

constexpr int kThreads = 256, kElements = 2 * kThreads;
constexpr int64_t kMaxBlocks = 65536;  // of a grid, whose blocks walk over everything

// One channel of one image.
struct Image {
  const float* plane;  // of the first sample
  int offset_h, offset_w, delay;
};

__device__ float element(const PlanePack& p, const Image& image, Divisor plane, Divisor line, int delayed) {
  const int k = delayed - image.delay;
  if (k < 0) return 0;
  const int sample = plane.quotient(k), in_plane = plane.remainder(k, sample);
  const int row = line.quotient(in_plane);
  const int h = row * p.h.stride + image.offset_h;
  const int w = line.remainder(in_plane, row) * p.w.stride + image.offset_w;
  if (sample >= p.samples || h >= p.source_h || w >= p.source_w) return 0;
  return image.plane[sample * p.source_sample + int64_t{h} * p.source_w + w];
}

template <int kBytes>
__global__ __launch_bounds__(kThreads) void pack_planes_kernel(const __grid_constant__ PlanePack p,
                                                              const __grid_constant__ OperandView packed,
                                                              Divisor plane, Divisor line, int64_t blocks_of_row,
                                                              int64_t blocks) {
  const int images = p.h.images * p.w.images;
  for (int64_t index = blockIdx.x; index < blocks; index += gridDim.x) {
    const int64_t piece = index / images, of_all = piece / blocks_of_row;
    const int image = static_cast<int>(index - piece * images), of_w = image % p.w.images;
    const int64_t in_row = (piece - of_all * blocks_of_row) * kElements + 2 * threadIdx.x;
    if (in_row >= packed.row_stride) continue;
    const int64_t group = of_all / p.channels, channel = of_all - group * p.channels;
    const int64_t row = (group * images + image) * p.channels + channel;
    const Image from{p.source + of_all * p.source_h * p.source_w, p.h.offset(image / p.w.images), p.w.offset(of_w),
                     p.w.delay(of_w)};
    const int k = static_cast<int>(in_row);
    const float first = element(p, from, plane, line, k), second = element(p, from, plane, line, k + 1);
    const int64_t at = row * packed.row_stride + in_row;
    void* const data = const_cast<void*>(packed.data);
    if constexpr (kBytes == 2) {
      *reinterpret_cast<uint32_t*>(static_cast<uint16_t*>(data) + at) = cvt_bf16x2(first, second);
    } else {
      *reinterpret_cast<float2*>(static_cast<float*>(data) + at) = make_float2(first, second);
    }
  }
}

int64_t positions(const PlanePack& p) { return int64_t{p.samples} * p.h.pitch * p.w.pitch; }

// The copy before its rows are padded, with room for the longest delay.
OperandView view_of(const PlanePack& p) {
  const int64_t k = positions(p) + p.w.unit - 1, images = int64_t{p.h.images} * p.w.images;
  return {p.source, p.channels, k, k, 1, images, p.channels * k, p.groups, images * p.channels * k, 4};
}

}  // namespace

ImageAxis::ImageAxis(int64_t size, int64_t outputs, int64_t taps, int64_t stride_, int64_t pad_, int64_t dilation_,
                     int64_t unit_)
    : stride(static_cast<int>(stride_)),
      pad(static_cast<int>(pad_)),
      dilation(static_cast<int>(dilation_)),
      unit(static_cast<int>(unit_)) {
  // Taps with the same offset are shifted by a step more each time, which repeats its rest after some times.
  const int common = std::gcd(stride, dilation), step = dilation / common;
  period = stride / common * (unit / std::gcd(unit, step));
  images = static_cast<int>(std::min<int64_t>(taps, period));
  const int64_t elements = divide_up(size, stride);  // of the largest image
  const int64_t before = -shift(0), after = outputs + shift(static_cast<int>(taps - 1)) - elements;
  pitch = static_cast<int>(std::max(outputs, elements + std::max<int64_t>({before, after, 0})));
}

ImageAxis ImageAxis::of_outputs(const ImageAxis& x) {
  ImageAxis axis;
  axis.pitch = x.pitch;
  return axis;
}

OperandView packed_planes(const PlanePack& pack, int bytes, void* memory) {
  return packed_view(view_of(pack), bytes, memory);
}

uint64_t packed_plane_bytes(const PlanePack& pack, int bytes) { return packed_bytes(view_of(pack), bytes); }

void pack_planes(cudaStream_t stream, const PlanePack& pack, const OperandView& packed) {
  const int64_t rows = packed.groups * packed.batch * packed.rows;
  const int64_t blocks_of_row = divide_up(packed.row_stride, kElements), blocks = rows * blocks_of_row;
  const auto kernel = packed.bytes == 2 ? pack_planes_kernel<2> : pack_planes_kernel<4>;
  launch(kernel, dim3(static_cast<unsigned>(std::min(blocks, kMaxBlocks))), dim3(kThreads), 0, stream, pack, packed,
         Divisor(int64_t{pack.h.pitch} * pack.w.pitch), Divisor(pack.w.pitch), blocks_of_row, blocks);
}

}  // namespace azj::cuda
