// Copies of operands for GEMM rungs 8 and 9, whose copy engine reads only what lies along k on 16 bytes, and whose
// tensor cores take BF16 as BF16.
#pragma once

#include <cuda_runtime.h>

#include "tensor_map.hpp"

namespace azj::cuda {

// The view of a packed copy at `memory`: rows of k elements of `bytes` bytes, padded to 16; a matrix that products
// share is there once.
OperandView packed_view(const OperandView& view, int bytes, void* memory);

// Bytes that the packed copy takes, a multiple of 256.
uint64_t packed_bytes(const OperandView& view, int bytes);

// packed[group][batch][row][k] = the element of the float matrices of `view`, rounded to BF16 where the packed elements
// have 2 bytes. packed = packed_view(view, bytes, memory).
void gemm_pack(cudaStream_t stream, const OperandView& view, const OperandView& packed);

// Two matrices, packed for the same size of elements, in one launch.
struct Packing {
  OperandView view, packed;
};
void gemm_pack(cudaStream_t stream, const Packing& first, const Packing& second);

}  // namespace azj::cuda
