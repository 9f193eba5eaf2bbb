// The parts of cuda_small_ops_test.
#pragma once

#include <cuda_runtime.h>

void test_elements(cudaStream_t stream);    // elementwise, sum, activations
void test_optimizers(cudaStream_t stream);
void test_rows(cudaStream_t stream);        // softmax, losses, argmax
void test_pool2d(cudaStream_t stream);
void test_conv2d_pool(cudaStream_t stream);
void test_random(cudaStream_t stream);
void test_gather(cudaStream_t stream);
