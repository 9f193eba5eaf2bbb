// Exponential, sigmoid, tanh and log(1 + z) in plain float arithmetic, so that a loop under `#pragma omp simd` that
// calls them becomes vector code; the C library's would stop the vectoriser. No table, no branch, about 2 ulp; NaN
// stays NaN, infinities and results below the smallest normal float are right.
#pragma once

#include <cstdint>

#define AZJ_ALWAYS_INLINE static inline __attribute__((always_inline))

namespace azj::cpu::AZJ_ISA {

AZJ_ALWAYS_INLINE float float_of_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}
AZJ_ALWAYS_INLINE uint32_t bits_of_float(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

// exp(x) = 2^n * exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2. The polynomial is Cephes' expf (Moshier).
AZJ_ALWAYS_INLINE float exponential(float x) {
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;  // few bits: n * kLn2High is exact
  constexpr float kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves round(x / ln 2) in the low bits
  x = x > 89.0f ? 89.0f : x;             // exp(89) is infinite; a NaN fails both comparisons and stays
  x = x < -104.0f ? -104.0f : x;         // exp(-104) rounds to 0
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^n in two factors: n runs from -150 to 128, beyond what one float exponent holds.
  const int32_t exponent = static_cast<int32_t>(bits_of_float(shifted) - bits_of_float(kRound));
  const int32_t half = exponent >> 1;
  const float first = float_of_bits(static_cast<uint32_t>(half + 127) << 23);
  const float second = float_of_bits(static_cast<uint32_t>(exponent - half + 127) << 23);
  return p * first * second;
}

// 1 / (1 + exp(-x)). Written with exp(-|x|), so that small results keep all their digits.
AZJ_ALWAYS_INLINE float sigmoid(float x) {
  const float z = exponential(-__builtin_fabsf(x));
  return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

// Near 0 the quotient of exponentials would cancel: Cephes' odd polynomial there.
AZJ_ALWAYS_INLINE float hyperbolic_tangent(float x) {
  const float a = __builtin_fabsf(x);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near_zero = x + x * (z * p);
  const float beyond = 1.0f - 2.0f / (exponential(2.0f * a) + 1.0f);
  return a < 0.625f ? near_zero : __builtin_copysignf(beyond, x);
}

// log(1 + z) for 0 <= z <= 1: 2 atanh(s) with s = z / (2 + z) <= 1/3, a series without cancellation.
AZJ_ALWAYS_INLINE float log_one_plus(float z) {
  const float s = z / (2.0f + z);
  const float t = s * s;
  float p = 1.0f / 15;
  p = p * t + 1.0f / 13;
  p = p * t + 1.0f / 11;
  p = p * t + 1.0f / 9;
  p = p * t + 1.0f / 7;
  p = p * t + 1.0f / 5;
  p = p * t + 1.0f / 3;
  return 2.0f * (s + s * (t * p));
}

}  // namespace azj::cpu::AZJ_ISA
