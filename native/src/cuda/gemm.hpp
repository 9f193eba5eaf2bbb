// The GEMM ladder: what a problem is, its rungs, and the one function that runs a problem on a rung.
//
//   C[b] = activation(alpha * op(A[b]) op(B[b]) + beta * C[b] + bias)     for every product b of a batch
//
// op(A) is m x k and op(B) k x n, each given by two strides, so that a transpose is a matter of which stride is 1.
// C is row-major m x n. The products of a batch lie on two axes (samples and groups of a convolution); a stride of 0
// shares a matrix between products.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <string>

#include "azulejo.h"

namespace azj::cuda {

// The values are those of azj_gemm_algorithm. 1-4 are the thesis' (T4.4.1, figures 4.6 and 4.7).
enum class GemmRung : int32_t {
  ONE_BLOCK = 1,         // one block, one thread an element of C
  ONE_BLOCK_SHARED = 2,  // the same with A and B in shared memory
  GRID = 3,              // a grid of tiles of C
  TILED = 4,             // tiles of C, with tiles of A and B in shared memory
  REGISTER = 5,          // register tiles, asynchronous copies into two shared-memory buffers
  TENSOR_TF32 = 6,       // tensor cores; inputs rounded to TF32 (10 mantissa bits), float sums
  TENSOR_BF16 = 7,       // tensor cores; inputs rounded to BF16 (7 mantissa bits), float sums
  HOPPER_TF32 = 8,       // as TENSOR_TF32 with wgmma and the bulk copy engine, compute capability 9.0
  HOPPER_BF16 = 9,       // as TENSOR_BF16, likewise
};

// Element (i, j) of product (batch, group) is
// data[i * row_stride + j * column_stride + batch * batch_stride + group * group_stride].
struct GemmMatrix {
  const float* data = nullptr;
  int64_t row_stride = 0, column_stride = 1;
  int64_t batch_stride = 0, group_stride = 0;
};

enum class BiasAxis : int32_t { NONE, ROW, COLUMN };

// What happens to a finished sum before it is stored.
struct GemmEpilogue {
  float alpha = 1;
  float beta = 0;  // 0: C is not read
  BiasAxis bias_axis = BiasAxis::NONE;
  const float* bias = nullptr;    // m or n elements
  int64_t bias_group_stride = 0;  // from one group's bias to the next
  int32_t activation = AZJ_IDENTITY;
  float slope = 0;
};

struct GemmProblem {
  int64_t m = 0, n = 0, k = 0;
  GemmMatrix a, b;
  float* c = nullptr;
  int64_t ldc = 0, c_batch_stride = 0, c_group_stride = 0;
  int64_t batch = 1, groups = 1;
  GemmEpilogue epilogue;
};

// Of m, n and k: the coordinates of the last tile still fit 32 bits.
constexpr int64_t kMaxGemmExtent = INT32_MAX - 255;

// The problem of azj_gemm().
GemmProblem gemm_problem(const azj_gemm_desc& desc, const float* a, const float* b, float* c);

// Whether the current device can run the problem on a rung; the reason, a sentence with the limit, where it cannot.
bool supports(GemmRung rung, const GemmProblem& problem, std::string& reason);

bool has_tensor_cores(std::string& reason);
bool has_hopper(std::string& reason);  // compute capability 9.0

// Bytes of device memory, on 256, that the problem takes on a rung beside its operands. 0 for rungs 1-7.
uint64_t gemm_workspace_bytes(GemmRung rung, const GemmProblem& problem);

// Throws Error(AZJ_UNSUPPORTED, reason) where supports() is false. workspace: gemm_workspace_bytes() of device memory.
void gemm(cudaStream_t stream, GemmRung rung, const GemmProblem& problem, void* workspace = nullptr);

// The rungs themselves, for problems that they support.
constexpr int64_t kOneBlockElements = 1024;  // threads of a block, so elements of C
void gemm_one_block(cudaStream_t stream, const GemmProblem& problem);
void gemm_one_block_shared(cudaStream_t stream, const GemmProblem& problem);
void gemm_grid(cudaStream_t stream, const GemmProblem& problem);
void gemm_tiled(cudaStream_t stream, const GemmProblem& problem);

// Tiles of C that a block computes. SMALL fills the processors with small problems, LARGE reads memory least; WIDE, of
// rung 5 and the FP32 convolutions on it, is two LARGE ones side by side; NARROW is one of hopper_plan.hpp.
enum class GemmTile : int32_t { AUTO, SMALL, MEDIUM, LARGE, WIDE, NARROW };
void gemm_register(cudaStream_t stream, const GemmProblem& problem, GemmTile tile = GemmTile::AUTO);
// AUTO, MEDIUM and LARGE only.
void gemm_tensor_tf32(cudaStream_t stream, const GemmProblem& problem, GemmTile tile = GemmTile::AUTO);
void gemm_tensor_bf16(cudaStream_t stream, const GemmProblem& problem, GemmTile tile = GemmTile::AUTO);

}  // namespace azj::cuda
