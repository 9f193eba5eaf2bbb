// CUDA's device functions that need no other thread: arithmetic, bits, conversions, atomics.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

// ---- min and max: CUDA declares them in the global namespace, also for mixed signedness (as unsigned)
#define AZJ_MIN_MAX(T)                                \
  constexpr T min(T a, T b) { return b < a ? b : a; } \
  constexpr T max(T a, T b) { return a < b ? b : a; }
AZJ_MIN_MAX(int)
AZJ_MIN_MAX(unsigned int)
AZJ_MIN_MAX(long)
AZJ_MIN_MAX(unsigned long)
AZJ_MIN_MAX(long long)
AZJ_MIN_MAX(unsigned long long)
#undef AZJ_MIN_MAX
constexpr unsigned int min(int a, unsigned int b) { return min(static_cast<unsigned int>(a), b); }
constexpr unsigned int min(unsigned int a, int b) { return min(a, static_cast<unsigned int>(b)); }
constexpr unsigned int max(int a, unsigned int b) { return max(static_cast<unsigned int>(a), b); }
constexpr unsigned int max(unsigned int a, int b) { return max(a, static_cast<unsigned int>(b)); }
// Floating point as fminf and fmaxf: a NaN loses against a number.
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(float a, double b) { return fmin(a, b); }
inline double min(double a, float b) { return fmin(a, b); }
inline double max(float a, double b) { return fmax(a, b); }
inline double max(double a, float b) { return fmax(a, b); }

// ---- floating point
// Without the processor's instruction the C library computes it in software, an order of magnitude slower than this.
// The product of two floats is exact in double; the sum is rounded twice, which differs from one rounding only when the
// exact sum lies within 2^-29 of the middle between two floats.
inline float azj_emulation_fmaf(float a, float b, float c) {
#ifdef __FMA__
  return __builtin_fmaf(a, b, c);
#else
  return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c));
#endif
}
namespace std {
using ::azj_emulation_fmaf;  // for std::fmaf, renamed like ::fmaf
}
#define fmaf azj_emulation_fmaf

inline float __fmaf_rn(float a, float b, float c) { return azj_emulation_fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float rsqrtf(float a) { return 1.0f / sqrtf(a); }
inline double rsqrt(double a) { return 1.0 / sqrt(a); }
inline float __frsqrt_rn(float a) { return 1.0f / sqrtf(a); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float a) { return expf(a); }
inline float __exp10f(float a) { return powf(10.0f, a); }
inline float __logf(float a) { return logf(a); }
inline float __log2f(float a) { return log2f(a); }
inline float __log10f(float a) { return log10f(a); }
inline float __powf(float a, float b) { return powf(a, b); }
inline float __sinf(float a) { return sinf(a); }
inline float __cosf(float a) { return cosf(a); }
inline float __tanf(float a) { return tanf(a); }
inline float __saturatef(float a) { return a > 0.0f ? (a < 1.0f ? a : 1.0f) : 0.0f; }  // NaN becomes 0, as in CUDA
inline float sinpif(float a) { return static_cast<float>(sin(3.14159265358979323846 * fmod(a, 2.0))); }
inline float cospif(float a) { return static_cast<float>(cos(3.14159265358979323846 * fmod(a, 2.0))); }
inline void sincospif(float a, float* sine, float* cosine) {
  *sine = sinpif(a);
  *cosine = cospif(a);
}
inline void __sincosf(float a, float* sine, float* cosine) {
  *sine = sinf(a);
  *cosine = cosf(a);
}

// ---- reinterpretation and conversion
namespace azj::emulation {
template <class To, class From>
inline To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From), "reinterpretation keeps the size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}
// Conversions to integers saturate and turn NaN into 0, as the GPU's do; in C++ they would be undefined.
template <class To>
inline To saturate(double a) {
  if (!(a == a)) return 0;
  if (a <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (a >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
  return static_cast<To>(a);
}
}  // namespace azj::emulation

inline int __float_as_int(float a) { return ::azj::emulation::bits_as<int>(a); }
inline unsigned int __float_as_uint(float a) { return ::azj::emulation::bits_as<unsigned int>(a); }
inline float __int_as_float(int a) { return ::azj::emulation::bits_as<float>(a); }
inline float __uint_as_float(unsigned int a) { return ::azj::emulation::bits_as<float>(a); }
inline long long __double_as_longlong(double a) { return ::azj::emulation::bits_as<long long>(a); }
inline double __longlong_as_double(long long a) { return ::azj::emulation::bits_as<double>(a); }
inline int __float2int_rn(float a) { return ::azj::emulation::saturate<int>(rint(a)); }
inline int __float2int_rz(float a) { return ::azj::emulation::saturate<int>(trunc(a)); }
inline int __float2int_rd(float a) { return ::azj::emulation::saturate<int>(floor(a)); }
inline int __float2int_ru(float a) { return ::azj::emulation::saturate<int>(ceil(a)); }
inline unsigned int __float2uint_rn(float a) { return ::azj::emulation::saturate<unsigned int>(rint(a)); }
inline unsigned int __float2uint_rz(float a) { return ::azj::emulation::saturate<unsigned int>(trunc(a)); }
inline float __int2float_rn(int a) { return static_cast<float>(a); }
inline float __uint2float_rn(unsigned int a) { return static_cast<float>(a); }
inline float __double2float_rn(double a) { return static_cast<float>(a); }

// ---- integers and bits
inline int __popc(unsigned int a) { return __builtin_popcount(a); }
inline int __popcll(unsigned long long a) { return __builtin_popcountll(a); }
inline int __clz(int a) { return a == 0 ? 32 : __builtin_clz(static_cast<unsigned int>(a)); }
inline int __clzll(long long a) { return a == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(a)); }
inline int __ffs(int a) { return __builtin_ffs(a); }
inline int __ffsll(long long a) { return __builtin_ffsll(a); }
inline unsigned int __brev(unsigned int a) {
  unsigned int reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= ((a >> bit) & 1u) << (31 - bit);
  return reversed;
}
inline unsigned int __umulhi(unsigned int a, unsigned int b) {
  return static_cast<unsigned int>((static_cast<uint64_t>(a) * b) >> 32);
}
inline int __mulhi(int a, int b) { return static_cast<int>((static_cast<int64_t>(a) * b) >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<unsigned long long>((static_cast<Wide>(a) * b) >> 64);
}
inline unsigned int __funnelshift_l(unsigned int low, unsigned int high, unsigned int shift) {
  return static_cast<unsigned int>((((static_cast<uint64_t>(high) << 32) | low) << (shift & 31)) >> 32);
}
inline unsigned int __funnelshift_r(unsigned int low, unsigned int high, unsigned int shift) {
  return static_cast<unsigned int>(((static_cast<uint64_t>(high) << 32) | low) >> (shift & 31));
}

// ---- memory
template <class T>
inline T __ldg(const T* pointer) {
  return *pointer;
}
template <class T>
inline T __ldcs(const T* pointer) {
  return *pointer;
}
template <class T>
inline void __stcs(T* pointer, T value) {
  *pointer = value;
}

// ---- atomics: blocks run on several OS threads, so they are real ones. Each returns the old value.
#define AZJ_ATOMICS(T)                                                                                               \
  inline T atomicAdd(T* p, T value) { return __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }                       \
  inline T atomicExch(T* p, T value) { return __atomic_exchange_n(p, value, __ATOMIC_RELAXED); }                     \
  inline T atomicAnd(T* p, T value) { return __atomic_fetch_and(p, value, __ATOMIC_RELAXED); }                       \
  inline T atomicOr(T* p, T value) { return __atomic_fetch_or(p, value, __ATOMIC_RELAXED); }                         \
  inline T atomicXor(T* p, T value) { return __atomic_fetch_xor(p, value, __ATOMIC_RELAXED); }                       \
  inline T atomicCAS(T* p, T compare, T value) {                                                                     \
    __atomic_compare_exchange_n(p, &compare, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);                      \
    return compare;                                                                                                  \
  }                                                                                                                  \
  inline T atomicMax(T* p, T value) {                                                                                \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                                    \
    while (old < value && !__atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) { \
    }                                                                                                                \
    return old;                                                                                                      \
  }                                                                                                                  \
  inline T atomicMin(T* p, T value) {                                                                                \
    T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                                    \
    while (value < old && !__atomic_compare_exchange_n(p, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) { \
    }                                                                                                                \
    return old;                                                                                                      \
  }
AZJ_ATOMICS(int)
AZJ_ATOMICS(unsigned int)
AZJ_ATOMICS(unsigned long long)
#undef AZJ_ATOMICS

inline float atomicExch(float* p, float value) {
  return __int_as_float(atomicExch(reinterpret_cast<int*>(p), __float_as_int(value)));
}
inline float atomicAdd(float* p, float value) {
  int* cell = reinterpret_cast<int*>(p);
  int old = __atomic_load_n(cell, __ATOMIC_RELAXED);
  for (;;) {
    int next = __float_as_int(__int_as_float(old) + value);
    int seen = atomicCAS(cell, old, next);
    if (seen == old) return __int_as_float(old);
    old = seen;
  }
}
inline double atomicAdd(double* p, double value) {
  unsigned long long* cell = reinterpret_cast<unsigned long long*>(p);
  unsigned long long old = __atomic_load_n(cell, __ATOMIC_RELAXED);
  for (;;) {
    double sum = ::azj::emulation::bits_as<double>(old) + value;
    unsigned long long seen = atomicCAS(cell, old, ::azj::emulation::bits_as<unsigned long long>(sum));
    if (seen == old) return ::azj::emulation::bits_as<double>(old);
    old = seen;
  }
}
