// The way of a consumer's sums, rows of channels x columns of pixels, to a BF16 tensor with channels last.
#pragma once

#include "bf16.cuh"
#include "hopper_store.cuh"

namespace azj::cuda {

// activation(sum + bias) of one channel, and 0 for those that only fill a pixel up.
__device__ inline float finish_channel(const GemmEpilogue& epilogue, float sum, int channel, int channels) {
  if (channel >= channels) return 0.0f;
  return activate(epilogue.activation, epilogue.slope, sum + row_bias(epilogue, channel));
}

// One warp's sums from (first channel, first pixel). Of each pixel its 16 channels are 32 bytes, a sector, which two
// lanes write at once. Output: pixel(j), where the channels of column j are.
template <class Tile, class Output>
__device__ __forceinline__ void store_pixels(const float (&sums)[Tile::kSums], float* staging, const Output& out,
                                             const GemmEpilogue& epilogue, int first_channel, int first_pixel,
                                             int channels, int pixels) {
  constexpr int kPitch = Tile::kStorePitch;
  const int lane = threadIdx.x % 32, half = lane % 2;
  const int granule = first_channel + half * kBf16Granule;  // that this lane writes
  for_staged_columns<Tile>(sums, staging, [&](int first) {
    // Pairs of channels over what has been read, in place: row r is of channels 2 r and 2 r + 1. The lower rows change
    // sides, so that a pixel's two lanes find their words in different banks.
#pragma unroll 1
    for (int side = 0; side < 2; ++side) {
#pragma unroll 1
      for (int r = 4 * side; r < 4 * side + 4; ++r) {
        const int channel = first_channel + 2 * r;
        const float low = finish_channel(epilogue, staging[2 * r * kPitch + lane], channel, channels);
        const float high = finish_channel(epilogue, staging[(2 * r + 1) * kPitch + lane], channel + 1, channels);
        staging[r * kPitch + (lane ^ 16 * side)] = __uint_as_float(cvt_bf16x2(low, high));
      }
      __syncwarp();
    }
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int pixel = 16 * i + lane / 2, column = first_pixel + first + pixel;
      if (column >= pixels || granule >= channels) continue;
      const float* const from = staging + 4 * half * kPitch + (pixel ^ 16 * half);
      *reinterpret_cast<float4*>(out.pixel(column) + granule) =
          make_float4(from[0], from[kPitch], from[2 * kPitch], from[3 * kPitch]);
    }
  });
}

}  // namespace azj::cuda
