// Planes side by side: kLanes channels (or filters) of an image are the lanes of a vector, so that arithmetic on windows
// of an image needs no shuffles. A strip is a few rows of such an image, strip[row][column][lane], copied from and to
// NCHW by transposing kLanes x kLanes blocks in registers: one shuffle for every four elements.
#pragma once

#include "vec.hpp"

namespace azj::cpu::AZJ_ISA {

// v[i][j] becomes v[j][i]: log2(kLanes) perfect shuffles.
static inline __attribute__((always_inline)) void transpose(Vec (&v)[kLanes]) {
#pragma GCC unroll 4
  for (int stage = kLanes; stage > 1; stage /= 2) {
    Vec next[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      next[2 * i] = interleave_low(v[i], v[i + kLanes / 2]);
      next[2 * i + 1] = interleave_high(v[i], v[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) v[i] = next[i];
  }
}

// to[column * to_stride + lane] = from[lane * row_stride + column]; lanes beyond `rows` become zero. With a to_stride
// below kLanes only that many lanes are written.
void transpose_to_lanes(const float* from, int64_t row_stride, int64_t rows, int64_t columns, float* to,
                        int64_t to_stride = kLanes);

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
