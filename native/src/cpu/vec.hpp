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

// v, loaded once: GCC would rather read memory again for every multiply-add, and one load a cycle is all there is.
#if defined(__AVX512F__)
static inline Vec in_register(Vec v) {
  asm("" : "+v"(v));
  return v;
}
#else
static inline Vec in_register(Vec v) { return v; }
#endif

// Integers in the lanes of a Vec: masks of comparisons, and indices.
typedef int32_t Ints __attribute__((vector_size(kLanes * sizeof(int32_t))));

static inline Ints splat_int(int32_t s) { return s - Ints{}; }
static inline Ints lane_numbers() {
  Ints v;
  for (int i = 0; i < kLanes; ++i) v[i] = i;
  return v;
}

// Elements 0, 2, 4, ... and 1, 3, 5, ... of a followed by b; and the reverse, a0 b0 a1 b1 ... in two halves.
#if defined(__AVX512F__)
#define AZJ_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define AZJ_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define AZJ_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define AZJ_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define AZJ_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define AZJ_ODD 1, 3, 5, 7, 9, 11, 13, 15
#define AZJ_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define AZJ_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define AZJ_EVEN 0, 2, 4, 6
#define AZJ_ODD 1, 3, 5, 7
#define AZJ_LOW 0, 4, 1, 5
#define AZJ_HIGH 2, 6, 3, 7
#endif
static inline Vec evens(Vec a, Vec b) { return __builtin_shufflevector(a, b, AZJ_EVEN); }
static inline Vec odds(Vec a, Vec b) { return __builtin_shufflevector(a, b, AZJ_ODD); }
static inline Vec interleave_low(Vec a, Vec b) { return __builtin_shufflevector(a, b, AZJ_LOW); }
static inline Vec interleave_high(Vec a, Vec b) { return __builtin_shufflevector(a, b, AZJ_HIGH); }
#undef AZJ_EVEN
#undef AZJ_ODD
#undef AZJ_LOW
#undef AZJ_HIGH

// Lane i of the result is the sum of the lanes of sums[i]: a tree of pairwise sums, each halving the vectors.
static inline Vec sum_each(Vec (&sums)[kLanes]) {
#pragma GCC unroll 4
  for (int width = kLanes; width > 1; width /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < width / 2; ++i) {
      sums[i] = evens(sums[2 * i], sums[2 * i + 1]) + odds(sums[2 * i], sums[2 * i + 1]);
    }
  }
  return sums[0];
}

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
// AMD's processors take a masked store apart into dozens of steps.
static inline void store_first(float* p, Vec v, int64_t count) {
  if (count == kLanes) return store(p, v);
  _mm256_maskstore_ps(p, first_lanes(count), v);
}
#else
// Four lanes. Constant positions: a loop over `count` would go through memory.
static inline Vec load_first(const float* p, int64_t count) {
  switch (count) {
    case 0: return Vec{};
    case 1: return Vec{p[0]};
    case 2: return Vec{p[0], p[1]};
    case 3: return Vec{p[0], p[1], p[2]};
    default: return load(p);
  }
}
static inline void store_first(float* p, Vec v, int64_t count) {
  if (count >= kLanes) return store(p, v);
  if (count > 0) p[0] = v[0];
  if (count > 1) p[1] = v[1];
  if (count > 2) p[2] = v[2];
}
#endif

// Copies and adds of short rows; calling memcpy for a row of 28 floats costs more than the copy.
static inline void copy_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(src + i));
  if (i < count) store_first(dst + i, load_first(src + i, count - i), count - i);
}
// dst[i] = src[2 * i]; nothing behind the last of them is read.
static inline void copy_even_row(float* __restrict__ dst, const float* __restrict__ src, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes < count; i += kLanes) store(dst + i, evens(load(src + 2 * i), load(src + 2 * i + kLanes)));
  if (i < count) {
    const int64_t rest = 2 * (count - i) - 1;
    const Vec low = load_first(src + 2 * i, min(rest, kLanes));
    const Vec high = rest > kLanes ? load_first(src + 2 * i + kLanes, rest - kLanes) : Vec{};
    store_first(dst + i, evens(low, high), count - i);
  }
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
