// grad_bias[m] = sum_{n, p, q} grad_z[n][m][p][q].
//
//   grid: filters; block 1024. The batch's planes of a filter are cut into segments of 1024 elements, the block's 32
//   warps take them in turn, a lane every 32nd element. A segment is summed in float, the segments of a thread in double,
//   the threads by a tree: the order is fixed by the sizes alone.
//
// Bound by memory: each element of grad_z is read once.
#include "conv2d.hpp"
#include "kernels.hpp"
#include "launch.cuh"

namespace azj::cuda {

namespace {

constexpr int kWarps = 32;
constexpr int kSegment = 1024;

__global__ __launch_bounds__(kWarps * 32) void grad_bias_kernel(int64_t batch, int64_t out_sample, int64_t plane,
                                                               int64_t segments, const float* grad_z,
                                                               float* grad_bias) {
  __shared__ double sums[kWarps * 32];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const float* filter = grad_z + int64_t{blockIdx.x} * plane;
  double total = 0;
  for (int64_t item = warp; item < batch * segments; item += kWarps) {
    const int64_t n = item / segments, segment = item - n * segments;
    const float* from = filter + n * out_sample;
    const int64_t begin = segment * kSegment;
    const int64_t end = begin + kSegment < plane ? begin + kSegment : plane;
    float sum = 0;
#pragma unroll 4
    for (int64_t i = begin + lane; i < end; i += 32) sum += from[i];
    total += static_cast<double>(sum);
  }
  sums[threadIdx.x] = total;
  __syncthreads();
  for (unsigned half = kWarps * 16; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) grad_bias[blockIdx.x] = static_cast<float>(sums[0]);
}

}  // namespace

void conv2d_grad_bias(cudaStream_t stream, const azj_conv2d_desc& d, const float* grad_z, float* grad_bias) {
  const ConvSize s(d);
  launch(grad_bias_kernel, dim3(static_cast<unsigned>(d.filters)), dim3(kWarps * 32), 0, stream, d.batch, s.out_sample,
         s.out_plane, (s.out_plane + kSegment - 1) / kSegment, grad_z, grad_bias);
}

}  // namespace azj::cuda
