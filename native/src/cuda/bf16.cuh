// Eight neighbouring BF16, loaded and stored as 16 bytes, and computed with as floats.
#pragma once

#include "bf16.hpp"
#include "ptx.cuh"

namespace azj::cuda {

struct Bf16Granule {
  float v[kBf16Granule];
};

__device__ __forceinline__ Bf16Granule load_granule(const azj_bf16* from) {
  const uint4 words = *reinterpret_cast<const uint4*>(from);
  const uint32_t word[4] = {words.x, words.y, words.z, words.w};
  Bf16Granule granule;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    granule.v[2 * i] = __uint_as_float(word[i] << 16);
    granule.v[2 * i + 1] = __uint_as_float(word[i] & 0xffff0000u);
  }
  return granule;
}

__device__ __forceinline__ void store_granule(azj_bf16* to, const Bf16Granule& granule) {
  const float(&v)[kBf16Granule] = granule.v;
  *reinterpret_cast<uint4*>(to) = make_uint4(cvt_bf16x2(v[0], v[1]), cvt_bf16x2(v[2], v[3]), cvt_bf16x2(v[4], v[5]),
                                             cvt_bf16x2(v[6], v[7]));
}

// How many of the eight channels from `channel` on there are; the others only fill the granule.
__device__ __forceinline__ int channels_inside(int64_t channels, int64_t channel) {
  return channels - channel < kBf16Granule ? static_cast<int>(channels - channel) : kBf16Granule;
}

__device__ __forceinline__ void clear_padding(Bf16Granule& granule, int inside) {
#pragma unroll
  for (int i = 0; i < kBf16Granule; ++i) {
    if (i >= inside) granule.v[i] = 0.0f;
  }
}

}  // namespace azj::cuda
