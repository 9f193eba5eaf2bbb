// The way of a consumer's sums to float32 planes, channels outside, of the maxima of 2x2 windows.
//
// The first half of a tile's columns are pixels of even rows, the second half those below them (Result::kRows of
// conv2d_hopper.cuh), so that the four sums of a window are a thread's own: columns 2 w, 2 w + 1 of either half. They are
// activated before they are compared: the maxima, and which of equal ones is the first, are those of the convolution and
// the pooling one after the other.
#pragma once

#include "epilogue.cuh"
#include "hopper_tile.cuh"
#include "window_maximum.cuh"

namespace azj::cuda {

// y and argmax [sample][channel][plane] of one launch; argmax may be null. Channels are those of all groups.
struct PooledPlanes {
  float* y;
  int32_t* argmax;
  int windows, plane;  // of all samples, and of a channel of one
  int64_t sample;      // elements
  int width;           // columns of the convolution's output
  Divisor in_plane, in_row;
  GemmEpilogue epilogue;
};

// Where the maximum of channel 0 goes, and the place of its first tap in the convolution's output.
struct WindowPlace {
  int64_t at;
  int corner;

  __device__ __forceinline__ WindowPlace(const PooledPlanes& out, int window) {
    const int sample = out.in_plane.quotient(window), in_sample = out.in_plane.remainder(window, sample);
    const int row = out.in_row.quotient(in_sample), column = out.in_row.remainder(in_sample, row);
    at = sample * out.sample + in_sample;
    corner = 2 * (row * out.width + column);
  }
};

__device__ __forceinline__ void store_maximum(const PooledPlanes& out, const WindowPlace& place, int channel,
                                              float value, int tap) {
  const int64_t at = place.at + channel * int64_t{out.plane};
  out.y[at] = value;
  if (out.argmax != nullptr) out.argmax[at] = place.corner + tap / 2 * out.width + tap % 2;
}

// What store_sums() adds to a sum, also without a bias, which makes +0 of a sum of -0.
__device__ __forceinline__ float channel_bias(const GemmEpilogue& epilogue, int channel) {
  return 0.0f + row_bias(epilogue, channel);
}

// activate() on registers, of the activations without a transcendental function, whose code would be there for each sum.
struct BentSum {
  bool cuts;
  float slope;  // 0 <= slope < 1, or 1

  __device__ explicit BentSum(const GemmEpilogue& e)
      : cuts(e.activation == AZJ_RELU), slope(e.activation == AZJ_LEAKY_RELU ? e.slope : 1.0f) {}
  __device__ static bool describes(int32_t activation) {
    return activation == AZJ_IDENTITY || activation == AZJ_RELU || activation == AZJ_LEAKY_RELU;
  }
  __device__ __forceinline__ float operator()(float z) const {
    const float below = cuts ? 0.0f : slope * z;
    return z < 0.0f ? below : z;
  }
};

// One warp's maxima from (first channel, first window), of a group that has so many channels from there on. 8 windows at
// a time go through shared memory; a lane then has every fourth of the 16 channels of one of them, half a warp those of
// rows that are two apart, which lie in other banks.
template <class Tile>
__device__ __forceinline__ void store_maxima(const float (&sums)[Tile::kSums], float* staging, const PooledPlanes& out,
                                             int first_channel, int channels, int first_window) {
  constexpr int kPitch = Tile::kStorePitch, kWindows = 8;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const float bias[] = {g < channels ? channel_bias(out.epilogue, first_channel + g) : 0.0f,
                        g + 8 < channels ? channel_bias(out.epilogue, first_channel + g + 8) : 0.0f};
  const int first_row = lane / 16 + lane / 8 % 2 * 2;
  const float* const from = staging + first_row * kPitch + 2 * (lane % kWindows);
#pragma unroll
  for (int part = 0; part < Tile::kBlockN / 4 / kWindows; ++part) {
    __syncwarp();  // the part before has been read
#pragma unroll
    for (int i = 0; i < 4; ++i) {  // 8 pixels above, the next 8, and those below them
      const float* const sum = sums + i / 2 * (Tile::kSums / 2) + part * kWindows + i % 2 * 4;
      float* const to = staging + g * kPitch + 8 * i + 2 * t;
      *reinterpret_cast<float2*>(to) = make_float2(sum[0] + bias[0], sum[1] + bias[0]);
      *reinterpret_cast<float2*>(to + 8 * kPitch) = make_float2(sum[2] + bias[1], sum[3] + bias[1]);
    }
    __syncwarp();
    const int window = first_window + part * kWindows + lane % kWindows;
    if (window >= out.windows) continue;
    const WindowPlace place(out, window);
    if (BentSum::describes(out.epilogue.activation)) {
      const BentSum activation(out.epilogue);
#pragma unroll
      for (int r = 0; r < 16; r += 4) {
        const float2 above = *reinterpret_cast<const float2*>(from + r * kPitch);
        const float2 below = *reinterpret_cast<const float2*>(from + r * kPitch + 16);
        WindowMaximum best(activation(above.x));
        best.meet(activation(above.y), 1);
        best.meet(activation(below.x), 2);
        best.meet(activation(below.y), 3);
        if (first_row + r < channels) store_maximum(out, place, first_channel + first_row + r, best.value, best.tap);
      }
    } else {
#pragma unroll 1
      for (int r = 0; r < 16 && first_row + r < channels; r += 4) {
        WindowMaximum best(0);
#pragma unroll 1
        for (int tap = 0; tap < 4; ++tap) {
          const float value = activate(out.epilogue.activation, out.epilogue.slope,
                                       from[r * kPitch + tap / 2 * 16 + tap % 2]);
          if (tap == 0) {
            best = WindowMaximum(value);
          } else {
            best.meet(value, tap);
          }
        }
        store_maximum(out, place, first_channel + first_row + r, best.value, best.tap);
      }
    }
  }
}

}  // namespace azj::cuda
