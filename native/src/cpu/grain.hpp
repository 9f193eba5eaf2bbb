// How much work is worth a second thread. Waking one takes 2-5 microseconds.
#pragma once

#include <cstdint>

namespace azj::cpu::AZJ_ISA {

constexpr int64_t kGrain = 16 * 1024;            // elements that only pass through memory
constexpr int64_t kExponentialGrain = 4 * 1024;  // elements that need an exponential each

// Rows (or planes) of row_elements each that together make one grain.
static inline int64_t rows_per_grain(int64_t row_elements, int64_t grain) {
  return row_elements >= grain ? 1 : grain / row_elements;
}

}  // namespace azj::cpu::AZJ_ISA
