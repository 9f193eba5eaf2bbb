// BF16 for tests: conversions that owe nothing to the kernels', and comparison with what the exact result rounds to.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "check.hpp"

inline float from_bf16(azj_bf16 value) {
  const uint32_t bits = uint32_t{value} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

// The nearer of the two neighbours, or of equally near ones the one whose last bit is 0; 2^128 is where infinity lies.
inline azj_bf16 to_bf16(float value) {
  if (std::isnan(value)) return 0x7fff;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const azj_bf16 below = static_cast<azj_bf16>(bits >> 16);
  if (std::isinf(value)) return below;
  const azj_bf16 above = static_cast<azj_bf16>(below + 1);  // away from zero
  const auto magnitude = [](azj_bf16 v) {
    return std::isinf(from_bf16(v)) ? 0x1p128 : std::fabs(double{from_bf16(v)});
  };
  const double exact = std::fabs(double{value});
  const double down = exact - magnitude(below), up = magnitude(above) - exact;
  return down < up || (down == up && below % 2 == 0) ? below : above;
}

inline std::vector<azj_bf16> to_bf16(const std::vector<float>& values) {
  std::vector<azj_bf16> result;
  for (const float v : values) result.push_back(to_bf16(v));
  return result;
}

inline std::vector<float> from_bf16(const std::vector<azj_bf16>& values) {
  std::vector<float> result;
  for (const azj_bf16 v : values) result.push_back(from_bf16(v));
  return result;
}

inline int64_t pitch_of(int64_t channels) { return (channels + 7) / 8 * 8; }

// |actual - expected| is at most half of BF16's last place, and `slack` of expected for what was computed before it was
// rounded; NaN equals NaN only.
#define ROUNDED(actual, expected, slack) check_rounded(__FILE__, __LINE__, #actual, actual, expected, slack)

inline void check_rounded(const char* file, int line, const char* name, const std::vector<azj_bf16>& actual,
                          const std::vector<double>& expected, double slack) {
  CHECK(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = from_bf16(actual[i]), e = expected[i];
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    int exponent;
    std::frexp(e, &exponent);  // |e| in [2^(exponent - 1), 2^exponent): the last of 8 bits is worth 2^(exponent - 8)
    if (std::fabs(a - e) <= std::ldexp(0.5, exponent - 8) + slack * std::fabs(e) + 1e-38) continue;
    ++failures;
    std::printf("%s:%d: %s[%zu of %zu] is %.9g, expected %.9g\n", file, line, name, i, actual.size(), a, e);
    return;
  }
}
