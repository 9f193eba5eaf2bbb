// The way of a consumer's sums, rows of channels x columns of pixels, to a BF16 tensor with channels last. Of each
// pixel a warp's 16 channels are 32 bytes, a sector, which two lanes write at once.
#pragma once

#include "bf16.cuh"
#include "hopper_store.cuh"

namespace azj::cuda {

// activation(sum + bias) of one channel, and 0 for those that only fill a pixel up.
__device__ inline float finish_channel(const GemmEpilogue& epilogue, float sum, int channel, int channels) {
  if (channel >= channels) return 0.0f;
  return activate(epilogue.activation, epilogue.slope, sum + row_bias(epilogue, channel));
}

// 16 bytes of shared memory to the channels from `channel` on of a column's pixel. Output: pixel(j), where the channels
// of column j are.
template <class Output>
__device__ __forceinline__ void copy_granule(const Output& out, int column, int pixels, int channel, int channels,
                                             const uint4& words) {
  if (column < pixels && channel < channels) *reinterpret_cast<uint4*>(out.pixel(column) + channel) = words;
}

// What the activations without a transcendental function are on registers: z, or below 0 slope * z.
struct BentLine {
  bool bends;
  float slope;

  __device__ explicit BentLine(const GemmEpilogue& e)
      : bends(e.activation != AZJ_IDENTITY), slope(e.activation == AZJ_LEAKY_RELU ? e.slope : 0.0f) {}
  __device__ static bool describes(int32_t activation) {
    return activation == AZJ_IDENTITY || activation == AZJ_RELU || activation == AZJ_LEAKY_RELU;
  }
  // -inf * 0 would be a NaN.
  __device__ float operator()(float z) const { return z < 0.0f ? (slope == 0.0f ? 0.0f : slope * z) : z; }
};

// One warp's sums, activated and rounded in registers; stmatrix turns 8 channels x 8 pixels at a time. A pixel's two
// granules change places every 4 pixels, so that neither way meets a bank twice.
template <class Tile, class Output>
__device__ __forceinline__ void store_turned(const float (&sums)[Tile::kSums], float* staging, const Output& out,
                                             const GemmEpilogue& epilogue, int first_channel, int first_pixel,
                                             int channels, int pixels) {
  constexpr int kPixels = 64, kGranuleBytes = 16;  // staged at a time
  static_assert(kPixels * 2 * kGranuleBytes <= int{sizeof(float)} * Tile::kStoreFloats, "they fit");
  const int lane = threadIdx.x % 32, g = lane / 4;
  unsigned char* const bytes = reinterpret_cast<unsigned char*>(staging);
  const auto granule = [&](int pixel, int half) {
    return bytes + (2 * pixel + (half ^ (pixel / 4 & 1))) * kGranuleBytes;
  };
  const BentLine activation(epilogue);
  bool inside[2];  // this lane's two channels
  float bias[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int channel = first_channel + g + 8 * i;
    inside[i] = channel < channels;
    bias[i] = inside[i] ? row_bias(epilogue, channel) : 0.0f;
  }
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / kPixels; ++part) {
    __syncwarp();  // the part before has been read
#pragma unroll
    for (int i = 0; i < kPixels / 16; ++i) {
      uint32_t words[4];
#pragma unroll
      for (int m = 0; m < 4; ++m) {  // 8 pixels, of the lower and the upper channels, and the next 8
        const float* const sum = sums + part * kPixels / 2 + 8 * i + 2 * m;
        float low = sum[0] + bias[m % 2], high = sum[1] + bias[m % 2];
        if (activation.bends) {
          low = activation(low);
          high = activation(high);
        }
        words[m] = inside[m % 2] ? cvt_bf16x2(low, high) : 0;
      }
      stmatrix_x4_trans(granule(16 * i + lane / 16 * 8 + lane % 8, lane / 8 % 2), words);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < kPixels / 16; ++i) {
      const int pixel = 16 * i + lane / 2, half = lane % 2;
      copy_granule(out, first_pixel + part * kPixels + pixel, pixels, first_channel + half * kBf16Granule, channels,
                   *reinterpret_cast<const uint4*>(granule(pixel, half)));
    }
  }
}

// The same for any activation, whose code is not repeated for each sum: pairs of channels are rounded over what has
// been read, in place, row r of channels 2 r and 2 r + 1. The lower rows change sides, so that a pixel's two lanes find
// their words in different banks.
template <class Tile, class Output>
__device__ __forceinline__ void store_staged(const float (&sums)[Tile::kSums], float* staging, const Output& out,
                                             const GemmEpilogue& epilogue, int first_channel, int first_pixel,
                                             int channels, int pixels) {
  constexpr int kPitch = Tile::kStorePitch;
  const int lane = threadIdx.x % 32, half = lane % 2;
  for_staged_columns<Tile>(sums, staging, [&](int first) {
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
      const int pixel = 16 * i + lane / 2;
      const float* const from = staging + 4 * half * kPitch + (pixel ^ 16 * half);
      copy_granule(out, first_pixel + first + pixel, pixels, first_channel + half * kBf16Granule, channels,
                   make_uint4(__float_as_uint(from[0]), __float_as_uint(from[kPitch]),
                              __float_as_uint(from[2 * kPitch]), __float_as_uint(from[3 * kPitch])));
    }
  });
}

// One warp's sums from (first channel, first pixel).
template <class Tile, class Output>
__device__ __forceinline__ void store_pixels(const float (&sums)[Tile::kSums], float* staging, const Output& out,
                                             const GemmEpilogue& epilogue, int first_channel, int first_pixel,
                                             int channels, int pixels) {
  if (BentLine::describes(epilogue.activation)) {
    store_turned<Tile>(sums, staging, out, epilogue, first_channel, first_pixel, channels, pixels);
  } else {
    store_staged<Tile>(sums, staging, out, epilogue, first_channel, first_pixel, channels, pixels);
  }
}

}  // namespace azj::cuda
