// Checks of arguments and descriptors. Each throws Error(AZJ_INVALID_ARGUMENT) with what was given and what would be
// right. After them every size of the problem, in bytes and with X_unroll included, fits an int64_t.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "azulejo.h"
#include "backend.hpp"

namespace azj {

[[noreturn]] void fail_null(const char* name);
[[noreturn]] void fail_misaligned(const char* name, const void* pointer, size_t alignment);

template <class T>
void check_pointer(const char* name, const T* pointer) {
  if (pointer == nullptr) fail_null(name);
  if (reinterpret_cast<uintptr_t>(pointer) % alignof(T) != 0) fail_misaligned(name, pointer, alignof(T));
}

template <class T>
void check_optional(const char* name, const T* pointer) {
  if (pointer != nullptr) check_pointer(name, pointer);
}

// BF16: 8 elements are read at once.
void check_bf16(const char* name, const azj_bf16* pointer);
// So are 8 bytes of argmax, where there is one.
void check_bf16_argmax(const uint8_t* argmax);
// Rows of positions with channels that are rounded up to a multiple of 8.
void check_packed(int64_t rows, int64_t channels, int64_t positions);
void check_pixels(int64_t pixels, int64_t channels);
void check_bf16_gemm(const azj_gemm_desc* desc);
void check_bf16_pool2d(const azj_pool2d_desc* desc);
// As checked_conv2d(); with the channels rounded up, too, all sizes fit.
azj_conv2d_desc checked_bf16_conv2d(const azj_conv2d_desc* desc);
// The same, where 2x2 windows fit the output.
azj_conv2d_desc checked_bf16_conv2d_pool(const azj_conv2d_desc* desc);

// bytes may be 0, and then the pointers may be NULL; the two ranges must not overlap.
void check_copy(const char* dst_name, const void* dst, const char* src_name, const void* src, uint64_t bytes);

// memory .. memory + bytes - 1 is in one live allocation of the device's azj_host_alloc().
void check_host_memory(azj_device& device, const char* name, const void* memory, uint64_t bytes);

// value >= least
void check_at_least(const char* name, int64_t value, int64_t least);
// low <= value <= high; what: the constants allowed
void check_range(const char* name, int32_t value, int32_t low, int32_t high, const char* what);
// Each size >= 1 has been checked; their product times four must fit an int64_t.
void check_elements(const char* name, std::initializer_list<int64_t> sizes);
void check_vector(int64_t count);
void check_matrix(const char* rows_name, int64_t rows, const char* columns_name, int64_t columns);
// As check_matrix; class numbers are int32_t.
void check_classes(int64_t rows, int64_t classes);

void check_activation(int32_t activation, float slope);
void check_precision(int32_t precision);
void check_pass(int32_t pass);
void check_gemm(const azj_gemm_desc* desc);
void check_gemm_batch(const azj_gemm_desc& desc, const GemmBatch& batch);
void check_dense(const azj_dense_desc* desc);
void check_pool2d(const azj_pool2d_desc* desc);
void check_gather(const azj_gather_desc* desc);
// Returns the descriptor to run: samples_per_unroll is at most the batch.
azj_conv2d_desc checked_conv2d(const azj_conv2d_desc* desc);
// The 2x2 windows of azj_conv2d_pool_*() and, on BF16, of azj_bf16_conv2d_pool_*() on the output of a checked convolution.
void check_halves(const azj_conv2d_desc& desc);
void check_conv2d_pool(const azj_conv2d_desc& desc);
void check_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                     uint64_t workspace_bytes);
void check_bf16_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                          uint64_t workspace_bytes);
void check_bf16_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                               uint64_t workspace_bytes);
void check_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                          uint64_t workspace_bytes);

}  // namespace azj
