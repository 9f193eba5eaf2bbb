// One vector of floats of the instruction set this file is compiled for, with the compiler's vector types: the same
// source serves AVX-512, AVX2 and every other processor.
#pragma once

#include <cstdint>

namespace azj::cpu::AZJ_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * sizeof(float))));
// The same in memory: any alignment, may alias the floats it covers.
typedef float VecInMemory __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

static inline Vec load(const float* p) { return *reinterpret_cast<const VecInMemory*>(p); }
static inline void store(float* p, Vec v) { *reinterpret_cast<VecInMemory*>(p) = v; }
static inline Vec splat(float s) { return s - Vec{}; }  // exact, NaN and -0 included

static inline int64_t min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

// Copies and adds of short rows; calling memcpy for a row of 28 floats costs more than the copy.
static inline void copy_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(src + i));
  for (; i < count; ++i) dst[i] = src[i];
}
static inline void add_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(dst + i) + load(src + i));
  for (; i < count; ++i) dst[i] += src[i];
}
static inline void zero_row(float* dst, int64_t count) {
  for (int64_t i = 0; i < count; ++i) dst[i] = 0;
}

static inline float horizontal_sum(Vec v) {
  float s = 0;
  for (int i = 0; i < kLanes; ++i) s += v[i];
  return s;
}

}  // namespace azj::cpu::AZJ_ISA
