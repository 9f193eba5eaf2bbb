// What a CUDA status means to a caller of this library: an azj_status and a sentence.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "azulejo.h"

namespace azj::cuda {

// Throws azj::Error unless error is cudaSuccess. `call` is the function that returned it ("cudaMemcpyAsync"). The thread's
// last CUDA error is cleared, so that a later cudaGetLastError() does not report it a second time.
void check(cudaError_t error, const char* call);

// For destructors and for what runs while another error is on its way: nobody can be told.
void ignore(cudaError_t error) noexcept;

// AZJ_DEVICE_LOST for an error after which the device answers nothing else in this process; AZJ_OUT_OF_MEMORY;
// AZJ_NO_DEVICE for what is wrong with device, driver or build; AZJ_INTERNAL for what this library should not have asked.
azj_status status_of(cudaError_t error) noexcept;

// Why there is no usable device: which driver is installed, which one this build needs, what to install.
std::string explain_no_device(cudaError_t error);

}  // namespace azj::cuda
