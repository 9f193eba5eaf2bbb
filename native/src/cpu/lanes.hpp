// Planes side by side: kLanes channels (or filters) of an image are the lanes of a vector, so that arithmetic on windows
// of an image needs no shuffles. A strip is a few rows of such an image, strip[row][column][lane], copied from and to
// NCHW by transposing kLanes x kLanes blocks in registers: one shuffle for every four elements.
#pragma once

#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

#if defined(__AVX512F__)
#define AZJ_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define AZJ_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define AZJ_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define AZJ_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define AZJ_LOW 0, 4, 1, 5
#define AZJ_HIGH 2, 6, 3, 7
#endif

// v[i][j] becomes v[j][i]: log2(kLanes) perfect shuffles.
static inline __attribute__((always_inline)) void transpose(Vec (&v)[kLanes]) {
#pragma GCC unroll 4
  for (int stage = kLanes; stage > 1; stage /= 2) {
    Vec next[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = __builtin_shufflevector(v[i], v[i + kLanes / 2], AZJ_LOW);
      next[2 * i + 1] = __builtin_shufflevector(v[i], v[i + kLanes / 2], AZJ_HIGH);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) v[i] = next[i];
  }
}
#undef AZJ_LOW
#undef AZJ_HIGH

// to[column * kLanes + lane] = from[lane * row_stride + column]; lanes beyond `rows` become zero.
void transpose_to_lanes(const float* from, int64_t row_stride, int64_t rows, int64_t columns, float* to);

// to[lane * row_stride + column] = from[column * kLanes + lane], lanes below `rows`.
void transpose_from_lanes(const float* from, int64_t columns, float* to, int64_t row_stride, int64_t rows);

// Up to kLanes planes of height x width in memory, `distance` apart.
template <class Float>
struct Planes {
  Float* data;
  int64_t distance;
  int64_t count;
  int64_t height, width;
};

// strip[r][c][lane] = plane `lane` at (row + r, column + c), zero outside the planes.
void load_strip(const Planes<const float>& planes, int64_t row, int64_t column, int64_t rows, int64_t columns,
                float* strip);

// The reverse; what lies outside the planes is left out.
void store_strip(const float* strip, int64_t row, int64_t column, int64_t rows, int64_t columns,
                 const Planes<float>& planes);

}  // namespace azj::cpu::AZJ_ISA
