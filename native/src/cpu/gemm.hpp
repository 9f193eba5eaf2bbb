#pragma once

#include "gemm_tile.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

// gemm_serial over the whole team.
void gemm_parallel(Team& team, int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
                   int64_t ldc);

}  // namespace azj::cpu::AZJ_ISA
