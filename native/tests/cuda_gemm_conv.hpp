// The parts of cuda_gemm_conv_test, and how their results are compared.
#pragma once

#include <cuda_runtime.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "device_array.hpp"

void test_gemm_ladder(cudaStream_t stream);
void test_gemm_limits(cudaStream_t stream);
void test_im2col(cudaStream_t stream);
void test_conv2d(cudaStream_t stream);
void test_conv2d_large(cudaStream_t stream);
void test_conv2d_contract(cudaStream_t stream);
void test_conv2d_depthwise(cudaStream_t stream);
void test_conv2d_few_channels(cudaStream_t stream);
void test_conv2d_winograd(cudaStream_t stream);
void test_conv2d_pointwise(cudaStream_t stream);
void test_dense(cudaStream_t stream);

// A sum in double with the sum of its terms' sizes: the error of a float sum is a share of that.
struct Exact {
  double sum = 0, size = 0;
  void add(double term) {
    sum += term;
    size += std::fabs(term);
  }
};

// What the tensor cores see of an input. TF32_COPIED: rounded by the copy engine, ties to even.
enum class Rounding { NONE, TF32, BF16, TF32_COPIED };

inline float rounded(float value, Rounding rounding) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (rounding == Rounding::TF32) bits = (bits + 0x1000u) & ~0x1fffu;                                // ties away
  if (rounding == Rounding::TF32_COPIED) bits = (bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu;
  if (rounding == Rounding::BF16) bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) & ~0xffffu;          // ties to even
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline std::vector<float> rounded(std::vector<float> values, Rounding rounding) {
  for (float& v : values) v = rounded(v, rounding);
  return values;
}

inline double activated(int32_t activation, double slope, double z) {
  switch (activation) {
    case AZJ_RELU: return z < 0 ? 0 : z;
    case AZJ_LEAKY_RELU: return z > 0 ? z : slope * z;
    case AZJ_SIGMOID: return 1 / (1 + std::exp(-z));
    case AZJ_TANH: return std::tanh(z);
    default: return z;
  }
}

constexpr double kRounding = 2e-6;  // of float sums, as a share of their terms' sizes

// Every element within `share` of the sum of its terms' sizes. A NaN is a failure.
inline void compare(const std::string& what, const std::vector<float>& actual, const std::vector<Exact>& expected,
                    double share = kRounding) {
  if (actual.size() != expected.size()) {
    ++failures;
    std::printf("%s: %zu elements, expected %zu\n", what.c_str(), actual.size(), expected.size());
    return;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::fabs(actual[i] - expected[i].sum) <= share * expected[i].size + 1e-6) continue;
    ++failures;
    std::printf("%s: element %zu of %zu is %.9g, expected %.9g\n", what.c_str(), i, actual.size(),
                static_cast<double>(actual[i]), expected[i].sum);
    return;
  }
}
