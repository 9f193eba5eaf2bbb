// Philox4x32-10: random numbers by counting (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A block of four random words is a function of its number and a seed and of nothing else, so any
// thread computes any part of a sequence, and a repeated launch repeats it. The same numbers as cpu/random.cpp's.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace azj::cuda {

__device__ inline uint4 philox_rounds(uint4 counter, uint2 key) {
  constexpr uint32_t kMultiplier0 = 0xd2511f53u, kMultiplier1 = 0xcd9e8d57u;
  constexpr uint32_t kWeyl0 = 0x9e3779b9u, kWeyl1 = 0xbb67ae85u;  // added to the key after each round
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    const uint32_t high0 = __umulhi(kMultiplier0, counter.x), low0 = kMultiplier0 * counter.x;
    const uint32_t high1 = __umulhi(kMultiplier1, counter.z), low1 = kMultiplier1 * counter.z;
    counter = make_uint4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key.x += kWeyl0;
    key.y += kWeyl1;
  }
  return counter;
}

// Block `number` of the sequence of a seed.
__device__ inline uint4 philox(uint64_t seed, uint64_t number) {
  return philox_rounds(make_uint4(static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), 0, 0),
                       make_uint2(static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)));
}

// 0 <= u < 1, a multiple of 2^-24.
__device__ inline float unit_float(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

// Two words give two independent normally distributed numbers, mean 0 and deviation 1 (Box and Muller 1958); |n| < 5.8.
__device__ inline float2 normal_pair(uint32_t first, uint32_t second) {
  const float u = static_cast<float>((first >> 8) + 1) * 0x1p-24f;  // never 0, whose logarithm is infinite
  const float radius = sqrtf(-2.0f * logf(u));
  float sine, cosine;
  sincospif(2.0f * unit_float(second), &sine, &cosine);
  return make_float2(radius * cosine, radius * sine);
}

}  // namespace azj::cuda
