// The operations on BF16 with channels last on a CUDA stream: operands checked, kernels launched.
#include "bf16.hpp"
#include "stream.hpp"

namespace azj::cuda {

void CudaStream::bf16_gemm(const azj_gemm_desc& d, const azj_bf16* a, const azj_bf16* b, azj_bf16* c) {
  run({{"a", a}, {"b", b}, {"c", c}}, [&] {
    std::string reason;  // before memory is taken for a product that will not be
    if (!bf16_gemm_supports(d, reason)) throw Error(AZJ_UNSUPPORTED, reason);
    cuda::bf16_gemm(handle(), d, a, b, c, workspace(bf16_gemm_workspace_bytes(d)));
  });
}

}  // namespace azj::cuda
