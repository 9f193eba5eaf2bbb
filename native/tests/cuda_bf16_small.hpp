// The parts of cuda_bf16_small_test.
#pragma once

#include <cuda_runtime.h>

void test_bf16_pack(cudaStream_t stream);
void test_bf16_activation(cudaStream_t stream);
void test_bf16_pool2d(cudaStream_t stream);
void test_bf16_stream();  // the same through azulejo.h
