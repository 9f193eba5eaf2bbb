// Which GPUs this build has kernels for.
#pragma once

#include <string>

namespace azj::cuda {

// Whether a device of compute capability major.minor can run the kernels: machine code runs on its own architecture and
// on later ones of the same major number, 90a on 9.0 only; PTX is compiled by the driver for every later architecture.
bool runs_on(int major, int minor);

// "sm_75, sm_80, sm_90a and PTX for compute_120 and later"
std::string architectures_text();

}  // namespace azj::cuda
