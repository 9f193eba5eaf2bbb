// What a kernel did wrong, where.
#pragma once

#include <cstdint>
#include <string>

#include "driver_types.h"
#include "kernel.hpp"

namespace azj::emulation {

// Of fixed size: it is written on a kernel's stack, which is then abandoned, destructors and all.
struct Fault {
  cudaError_t error = cudaSuccess;
  uint64_t block = 0;
  char text[1536] = "";
};

// The kernel's name as declared, or its address when the symbol table does not have it.
std::string kernel_name(const void* function);
// "file+0xoffset" of an instruction, as addr2line takes it.
std::string code_location(const void* instruction);

}  // namespace azj::emulation
