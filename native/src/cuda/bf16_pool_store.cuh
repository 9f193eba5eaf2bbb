// The way of a consumer's sums to a BF16 tensor with channels last whose pixels are the maxima of 2x2 windows.
//
// The first half of a tile's columns are pixels of even rows, the second half those below them (Result::kRows of
// conv2d_hopper.cuh), so that the four sums of a window are a thread's own: columns 2 w, 2 w + 1 of either half. They are
// activated and rounded before they are compared: the maxima, and which of equal ones is the first, are those of the
// convolution and the pooling one after the other.
#pragma once

#include "bf16_store.cuh"
#include "bf16_taps.cuh"
#include "window_maximum.cuh"

namespace azj::cuda {

// y and argmax [windows][pitch]; argmax may be null.
struct PooledOutput {
  azj_bf16* y;
  uint8_t* argmax;
  int pitch, channels, windows;
  GemmEpilogue epilogue;
};

__device__ __forceinline__ float lower_bf16(uint32_t pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float upper_bf16(uint32_t pair) { return __uint_as_float(pair & 0xffff0000u); }

// The maximum of a window from its pairs of neighbours, above and below.
__device__ __forceinline__ WindowMaximum maximum_of(uint32_t above, uint32_t below) {
  WindowMaximum best(lower_bf16(above));
  best.meet(upper_bf16(above), 1);
  best.meet(lower_bf16(below), 2);
  best.meet(upper_bf16(below), 3);
  return best;
}

// The lower bytes of eight elements of 16 bits.
__device__ __forceinline__ uint2 lower_bytes(const uint4& words) {
  const auto two = [](uint32_t word) { return (word | word >> 8) & 0xffff; };
  return make_uint2(two(words.x) | two(words.y) << 16, two(words.z) | two(words.w) << 16);
}

// Eight channels of a window, from `channel` on, if it is one.
__device__ __forceinline__ void store_window(const PooledOutput& out, int window, int channel, const uint4& values,
                                             const uint2& taps) {
  if (window >= out.windows || channel >= out.channels) return;
  const int64_t at = int64_t{window} * out.pitch + channel;
  *reinterpret_cast<uint4*>(out.y + at) = values;
  if (out.argmax != nullptr) *reinterpret_cast<uint2*>(out.argmax + at) = taps;
}

// One warp's maxima in registers; stmatrix turns 8 channels x 8 windows at a time, whose order in its matrix is that of
// the lanes: window 4 (c % 2) + c / 2 in column c. A window's two granules change places every 4 windows, as in
// store_turned().
template <class Tile>
__device__ __forceinline__ void pool_turned(const float (&sums)[Tile::kSums], float* staging, const PooledOutput& out,
                                            int first_channel, int first_window) {
  constexpr int kWindows = 32, kGranuleBytes = 16;  // staged at a time, values and taps
  static_assert(2 * kWindows * 2 * kGranuleBytes <= int{sizeof(float)} * Tile::kStoreFloats, "they fit");
  const int lane = threadIdx.x % 32, g = lane / 4;
  unsigned char* const bytes = reinterpret_cast<unsigned char*>(staging);
  const auto granule = [&](int window, int half) {
    return bytes + (2 * window + (half ^ (window / 4 & 1))) * kGranuleBytes;
  };
  constexpr int kTaps = kWindows * 2 * kGranuleBytes;  // behind the values
  const BentLine activation(out.epilogue);
  bool inside[2];  // this lane's two channels
  float bias[2];
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int channel = first_channel + g + 8 * i;
    inside[i] = channel < out.channels;
    bias[i] = inside[i] ? row_bias(out.epilogue, channel) : 0.0f;
  }
  const auto finished = [&](const float* sum, int half) {
    float low = sum[0] + bias[half], high = sum[1] + bias[half];
    if (activation.bends) {
      low = activation(low);
      high = activation(high);
    }
    return inside[half] ? cvt_bf16x2(low, high) : 0;
  };
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / 4 / kWindows; ++part) {
    __syncwarp();  // the part before has been read
#pragma unroll
    for (int i = 0; i < kWindows / 16; ++i) {
      uint32_t values[4], taps[4];
#pragma unroll
      for (int m = 0; m < 4; ++m) {  // 8 windows, of the lower and the upper channels, and the next 8
        const int half = m % 2;
        const float* const sum = sums + part * kWindows + 16 * i + 8 * (m / 2) + 2 * half;
        const WindowMaximum first = maximum_of(finished(sum, half), finished(sum + Tile::kSums / 2, half));
        const WindowMaximum second = maximum_of(finished(sum + 4, half), finished(sum + Tile::kSums / 2 + 4, half));
        values[m] = __float_as_uint(first.value) >> 16 | __float_as_uint(second.value);
        taps[m] = static_cast<uint32_t>(first.tap | second.tap << 16);
      }
      const int row = lane % 8, window = 16 * i + lane / 16 * 8 + 4 * (row % 2) + row / 2;
      unsigned char* const to = granule(window, lane / 8 % 2);
      stmatrix_x4_trans(to, values);
      stmatrix_x4_trans(to + kTaps, taps);
    }
    __syncwarp();
#pragma unroll
    for (int i = 0; i < kWindows / 16; ++i) {
      const int window = 16 * i + lane / 2, half = lane % 2;
      const unsigned char* const from = granule(window, half);
      store_window(out, first_window + part * kWindows + window, first_channel + half * kBf16Granule,
                   *reinterpret_cast<const uint4*>(from),
                   lower_bytes(*reinterpret_cast<const uint4*>(from + kTaps)));
    }
  }
}

// The same for any activation, whose code is not repeated for each sum: 16 pixels of either half are staged, and a lane
// leaves a window's maximum and tap in place of its upper two.
template <class Tile>
__device__ __forceinline__ void pool_staged(const float (&sums)[Tile::kSums], float* staging, const PooledOutput& out,
                                            int first_channel, int first_window) {
  constexpr int kPitch = Tile::kStorePitch, kWindows = 8;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / 4 / kWindows; ++part) {
    __syncwarp();  // the part before has been read
#pragma unroll
    for (int i = 0; i < 4; ++i) {  // 8 pixels above, the next 8, and those below them
      const float* const sum = sums + i / 2 * (Tile::kSums / 2) + part * kWindows + i % 2 * 4;
      float* const to = staging + g * kPitch + 8 * i + 2 * t;
      *reinterpret_cast<float2*>(to) = make_float2(sum[0], sum[1]);
      *reinterpret_cast<float2*>(to + 8 * kPitch) = make_float2(sum[2], sum[3]);
    }
    __syncwarp();
#pragma unroll 1
    for (int r = lane / kWindows; r < 2 * kBf16Granule; r += 32 / kWindows) {
      float* const upper = staging + r * kPitch + 2 * (lane % kWindows);
      WindowMaximum best(0);
#pragma unroll 1
      for (int tap = 0; tap < 4; ++tap) {
        const float sum = upper[tap / 2 * 16 + tap % 2];
        const float value = upper_bf16(cvt_bf16x2(0.0f, finish_channel(out.epilogue, sum, first_channel + r,
                                                                       out.channels)));
        if (tap == 0) {
          best = WindowMaximum(value);
        } else {
          best.meet(value, tap);
        }
      }
      *reinterpret_cast<float2*>(upper) = make_float2(best.value, __uint_as_float(static_cast<uint32_t>(best.tap)));
    }
    __syncwarp();
    if (lane < 2 * kWindows) {
      const int half = lane % 2;
      const float* const from = staging + half * kBf16Granule * kPitch + lane / 2 * 2;
      uint32_t values[4], taps[2] = {0, 0};
#pragma unroll
      for (int i = 0; i < kBf16Granule; ++i) {
        const uint32_t value = __float_as_uint(from[i * kPitch]), tap = __float_as_uint(from[i * kPitch + 1]);
        values[i / 2] = i % 2 == 0 ? value >> 16 : values[i / 2] | value;
        taps[i / 4] |= tap << (8 * (i % 4));
      }
      store_window(out, first_window + part * kWindows + lane / 2, first_channel + half * kBf16Granule,
                   make_uint4(values[0], values[1], values[2], values[3]), make_uint2(taps[0], taps[1]));
    }
  }
}

// One warp's maxima from (first channel, first window).
template <class Tile>
__device__ __forceinline__ void store_maxima(const float (&sums)[Tile::kSums], float* staging, const PooledOutput& out,
                                             int first_channel, int first_window) {
  if (BentLine::describes(out.epilogue.activation)) {
    pool_turned<Tile>(sums, staging, out, first_channel, first_window);
  } else {
    pool_staged<Tile>(sums, staging, out, first_channel, first_window);
  }
}

}  // namespace azj::cuda
