// For the tests with deliberately broken kernels.
#pragma once

#include "harness.hpp"

namespace test {

// Runs a faulty kernel and expects the device to be lost by `wanted`, with a text that has all the parts.
template <class... P, class... A>
void expect_fault(cudaError_t wanted, std::vector<const char*> parts, void (*kernel)(P...), dim3 grid, dim3 block,
                  size_t shared, A... args) {
  EXPECT_ERROR(run(kernel, grid, block, shared, args...), wanted);
  for (const char* part : parts) EXPECT_FAULT_SAYS(part);
  EXPECT_ERROR(cudaDeviceSynchronize(), wanted);
  azj_emulation_reset();
}

}  // namespace test
