// azj_select: the next row of a table.
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

void Stream::select(int64_t rows, int64_t columns, const float* table, int64_t* next, float* out) {
  const int64_t row = *next;
  const bool listed = row >= 0 && row < rows;
  for (int64_t c = 0; c < columns; ++c) out[c] = listed ? table[row * columns + c] : __builtin_nanf("");
  *next = row + 1;
}

}  // namespace azj::cpu::AZJ_ISA
