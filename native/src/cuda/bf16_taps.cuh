// Where in its window the maximum of each of eight neighbouring channels is (azj_bf16_pool2d_forward()): a byte for each
// BF16 of a granule.
#pragma once

#include "bf16.cuh"

namespace azj::cuda {

struct Taps {
  uint8_t v[kBf16Granule];
};

__device__ __forceinline__ Taps load_taps(const uint8_t* from) {
  const uint2 words = *reinterpret_cast<const uint2*>(from);
  Taps taps;
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) taps.v[i] = static_cast<uint8_t>((i < 4 ? words.x : words.y) >> (8 * (i % 4)));
  return taps;
}

__device__ __forceinline__ void store_taps(uint8_t* to, const int (&taps)[kBf16Granule]) {
  uint32_t words[2] = {0, 0};
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) words[i / 4] |= static_cast<uint32_t>(taps[i]) << (8 * (i % 4));
  *reinterpret_cast<uint2*>(to) = make_uint2(words[0], words[1]);
}

}  // namespace azj::cuda
