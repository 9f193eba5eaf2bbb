// A square piece of a plane that a thread keeps in registers, at borders with zeros.
#pragma once

#include <cuda_runtime.h>

namespace azj::cuda {

// A window of kSize x kSize elements of a plane, of which some may lie outside.
template <int kSize>
struct PlaneWindow {
  int offset;              // of its corner in the plane; may be below 0
  int width;               // of the plane
  unsigned rows, columns;  // a bit for each that is inside
  __device__ PlaneWindow(int top, int left, int height, int plane_width)
      : offset(0), width(plane_width), rows(0), columns(0) {
#pragma unroll
    for (int i = 0; i < kSize; ++i) {
      rows |= static_cast<unsigned>(top + i) < static_cast<unsigned>(height) ? 1u << i : 0u;
      columns |= static_cast<unsigned>(left + i) < static_cast<unsigned>(plane_width) ? 1u << i : 0u;
    }
    if (rows != 0 && columns != 0) offset = top * plane_width + left;  // elsewhere it might not fit an int
  }
  __device__ __forceinline__ float load(const float* plane, int i, int j) const {
    const unsigned inside = rows >> i & 1 ? columns : 0;
    const float* const row = plane + (offset + i * width);  // one address for all of its elements
    return inside >> j & 1 ? row[j] : 0.0f;
  }
};

}  // namespace azj::cuda
