// The backend beside the CPU that a library was linked with: CUDA, its emulation, or none. Each is one source file that
// defines accelerator(), and CMake picks one: cuda/cuda_backend.cpp, cuda/emulated_backend.cpp, no_accelerator.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backend.hpp"

namespace azj {

struct Accelerator {
  int32_t kind;                                              // AZJ_DEVICE_CUDA or AZJ_DEVICE_EMULATED; -1: none
  std::string (*info)();                                     // for azj_build_info()
  int32_t (*count)();                                        // 0 where the machine has none
  std::unique_ptr<azj_device> (*open)(int32_t ordinal);      // throws AZJ_NO_DEVICE with the reason
};

const Accelerator& accelerator();

}  // namespace azj
