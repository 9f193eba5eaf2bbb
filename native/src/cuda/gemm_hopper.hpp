// GEMM rungs 8 and 9, whose operands are float32 in memory; gemm_hopper.cu. Compute capability 9.0.
#pragma once

#include "hopper_plan.hpp"

namespace azj::cuda {

// The plan is for tests and measurements, and the query takes the same one. workspace: so many bytes of device memory,
// on 256.
uint64_t gemm_hopper_workspace_bytes(const GemmProblem& problem, bool bf16, const HopperPlan& plan = {});
void gemm_hopper_tf32(cudaStream_t stream, const GemmProblem& problem, void* workspace, const HopperPlan& plan = {});
void gemm_hopper_bf16(cudaStream_t stream, const GemmProblem& problem, void* workspace, const HopperPlan& plan = {});

}  // namespace azj::cuda
