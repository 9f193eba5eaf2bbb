// Operands of wgmma in shared memory.
#pragma once

#include <cstdint>
#include <vector>

#include "device_builtins.h"

namespace azj::emulation {

class Scheduler;

constexpr int kOperandWords = 8;  // 32 bytes of k in a row

// The rows of the operand that a matrix descriptor tells of, K-major, each 32 bytes, found the way the tensor cores do.
// A descriptor that is not right ends the kernel.
void read_operand(Scheduler& scheduler, uint64_t descriptor, int rows, Site site, std::vector<uint32_t>& words);

}  // namespace azj::emulation
