// One vector of floats of the instruction set this file is compiled for, with the compiler's vector types: the same
// source serves AVX-512, AVX2 and every other processor.
#pragma once

#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

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

// The first `count` lanes, 0..kLanes, of which nothing else is touched in memory; the other lanes are zero.
#if defined(__AVX512F__)
static inline Vec load_first(const float* p, int64_t count) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
}
static inline void store_first(float* p, Vec v, int64_t count) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), v);
}
#elif defined(__AVX2__)
static inline __m256i first_lanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline Vec load_first(const float* p, int64_t count) { return _mm256_maskload_ps(p, first_lanes(count)); }
static inline void store_first(float* p, Vec v, int64_t count) { _mm256_maskstore_ps(p, first_lanes(count), v); }
#else
static inline Vec load_first(const float* p, int64_t count) {
  Vec v{};
  for (int64_t i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
static inline void store_first(float* p, Vec v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) p[i] = v[i];
}
#endif

// Copies and adds of short rows; calling memcpy for a row of 28 floats costs more than the copy.
static inline void copy_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(src + i));
  if (i < count) store_first(dst + i, load_first(src + i, count - i), count - i);
}
static inline void add_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(dst + i) + load(src + i));
  const int64_t rest = count - i;
  if (rest > 0) store_first(dst + i, load_first(dst + i, rest) + load_first(src + i, rest), rest);
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
