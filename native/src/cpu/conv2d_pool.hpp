// Max pooling of a convolution's output that lies in the workspace.
#pragma once

#include "conv2d.hpp"
#include "pool2d_halves.hpp"

namespace azj::cpu::AZJ_ISA {

// Pools `count` planes, `distance` floats apart, to the first ones of y.
static inline void halve_planes(const float* planes, int64_t distance, int64_t count, const Pooled& y) {
  for (int64_t i = 0; i < count; ++i) {
    const Pooled to = y.from(i);
    halve_plane(planes + i * distance, y.width, y.rows, y.columns, to.y, to.argmax);
  }
}

}  // namespace azj::cpu::AZJ_ISA
