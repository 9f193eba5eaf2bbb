// Operands of wgmma in shared memory.
#pragma once

#include <cstdint>
#include <vector>

#include "device_builtins.h"

namespace azj::emulation {

class Scheduler;

constexpr int kOperandWords = 8;  // 32 bytes of k in a row

// How an operand of BF16 lies in shared memory: along k, or along m or n.
enum class Major : uint8_t { kAlongK, kAlongRows };

// The rows of the operand that a matrix descriptor tells of, each 32 bytes of k, found the way the tensor cores do. A
// descriptor that is not right ends the kernel.
void read_operand(Scheduler& scheduler, uint64_t descriptor, Major major, int rows, Site site,
                  std::vector<uint32_t>& words);

}  // namespace azj::emulation
