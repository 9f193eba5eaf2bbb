// The launchers of every CUDA kernel: one function per operation of azulejo.h, with the arguments of azj_stream's
// method of the same name and the stream to launch on. Arguments are validated; a failed launch throws azj::Error.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "azulejo.h"
#include "conv2d.hpp"
#include "gemm.hpp"
#include "hopper_plan.hpp"

namespace azj::cuda {

// elementwise.cu
void fill(cudaStream_t stream, int64_t count, float value, float* x);
void scale(cudaStream_t stream, int64_t count, float alpha, float* x);
void axpy(cudaStream_t stream, int64_t count, float alpha, const float* x, float* y);

// reduction.cu: two launches, in a fixed order; `partials` holds sum_partials() doubles.
int64_t sum_partials();
void sum(cudaStream_t stream, int64_t count, float alpha, const float* x, float beta, float* result, double* partials);

// activation.cu
void activation_forward(cudaStream_t stream, int32_t activation, float slope, int64_t count, const float* x, float* y);
void activation_backward(cudaStream_t stream, int32_t activation, float slope, int64_t count, const float* y,
                         const float* grad_y, float* grad_x);

// softmax.cu
void softmax_forward(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, float* y);
void softmax_backward(cudaStream_t stream, int64_t rows, int64_t classes, const float* y, const float* grad_y,
                      float* grad_x);

// im2col.cu: X_unroll of `samples` samples, each [channels*kernel_h*kernel_w][out_h*out_w].
void im2col(cudaStream_t stream, const azj_conv2d_desc& desc, int64_t samples, const float* x, float* x_unroll);
void col2im(cudaStream_t stream, const azj_conv2d_desc& desc, int64_t samples, const float* x_unroll, float* x);

// conv2d_direct.cpp: those of the following kernels that fit a shape best. The gradient to the weights may take a
// workspace.
uint64_t conv2d_direct_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass);
void conv2d_direct_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* w,
                           const float* bias, float* y);
void conv2d_direct_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, const float* grad_z, const float* w,
                              float* grad_x);
void conv2d_direct_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* grad_z,
                                float* grad_w, void* workspace);

// conv2d_direct.cu: every shape.
void conv2d_general_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* w,
                            const float* bias, float* y);
void conv2d_general_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, const float* grad_z, const float* w,
                               float* grad_x);
void conv2d_general_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* grad_z,
                                 float* grad_w);

// conv2d_depthwise.cu. fits(): one channel and one filter a group, 3x3 or 5x5 with stride 1, or forward 3x3 with
// stride 2.
bool conv2d_depthwise_fits(const azj_conv2d_desc& desc, int32_t pass);
void conv2d_depthwise_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* w,
                              const float* bias, float* y);
void conv2d_depthwise_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, const float* grad_z, const float* w,
                                 float* grad_x);
uint64_t conv2d_depthwise_grad_weights_workspace_bytes(const azj_conv2d_desc& desc);
void conv2d_depthwise_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x,
                                   const float* grad_z, float* grad_w, void* workspace);

// conv2d_few_channels.cu, _input.cu and _weights.cu: one group of at most kFewChannels input channels. fits(): so, and
// a patch of the input, or the weights, fits shared memory. The gradient to the weights takes a workspace.
constexpr int64_t kFewChannels = 4;
bool conv2d_few_channels_fits(const azj_conv2d_desc& desc);
void conv2d_few_channels_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* w,
                                 const float* bias, float* y);
bool conv2d_few_channels_input_fits(const azj_conv2d_desc& desc);
void conv2d_few_channels_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, const float* grad_z,
                                    const float* w, float* grad_x);
bool conv2d_few_channels_weights_fits(const azj_conv2d_desc& desc);
uint64_t conv2d_few_channels_weights_workspace_bytes(const azj_conv2d_desc& desc);
void conv2d_few_channels_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x,
                                      const float* grad_z, float* grad_w, void* workspace);

// conv2d_im2col.cu: the samples of one X_unroll at a time, their products on a rung of the GEMM ladder. The rungs with
// a limit on C apply it to each product, filters / groups x out_h * out_w or the gradients' like.
uint64_t conv2d_im2col_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass);
void conv2d_im2col_forward(cudaStream_t stream, const azj_conv2d_desc& desc, GemmRung rung, const float* x,
                           const float* w, const float* bias, float* y, void* workspace);
void conv2d_im2col_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, GemmRung rung, const float* grad_z,
                              const float* w, float* grad_x, void* workspace);
void conv2d_im2col_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, GemmRung rung, const float* x,
                                const float* grad_z, float* grad_w, void* workspace);

// conv2d_hopper.cu, conv2d_hopper_shifts.cu, .._pixels.cu: TF32 and BF16, compute capability 9.0. fits(): within the
// limits of the copy engine, or the reason. The plan is for tests and measurements; the query takes the same one.
bool conv2d_hopper_fits(const azj_conv2d_desc& desc, std::string& reason);
bool conv2d_hopper_pool_fits(const azj_conv2d_desc& desc, std::string& reason);  // with max pooling in the epilogue
uint64_t conv2d_hopper_forward_workspace_bytes(const azj_conv2d_desc& desc, ConvMath math, const HopperPlan& plan = {});
void conv2d_hopper_forward(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                           const float* w, const float* bias, float* y, void* workspace, const HopperPlan& plan = {});
uint64_t conv2d_hopper_grad_input_workspace_bytes(const azj_conv2d_desc& desc, ConvMath math,
                                                  const HopperPlan& plan = {});
void conv2d_hopper_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* grad_z,
                              const float* w, float* grad_x, void* workspace, const HopperPlan& plan = {});
uint64_t conv2d_hopper_grad_weights_workspace_bytes(const azj_conv2d_desc& desc, ConvMath math,
                                                    const HopperPlan& plan = {});
void conv2d_hopper_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                                const float* grad_z, float* grad_w, void* workspace, const HopperPlan& plan = {});

// conv2d_hopper_pool.cu: as conv2d_hopper_forward() of the same plan and pool2d_forward() after it, to the last bit; only
// where conv2d_hopper_pools(). argmax may be NULL, and the workspace is that of conv2d_hopper_forward().
bool conv2d_hopper_pools(const azj_conv2d_desc& desc);
void conv2d_hopper_pool_forward(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                                const float* w, const float* bias, float* y, int32_t* argmax, void* workspace,
                                const HopperPlan& plan = {});

// conv2d_winograd.cu and conv2d_winograd_weights.cu: F(4x4, 3x3) and F(2x2, 3x3). supports(): 3x3 kernels, stride 1,
// dilation 1, one group. `form`, of the forward pass and the gradient to the input, is for tests and measurements; the
// query takes the same.
enum class WinogradSize : int32_t { F4X4, F2X2 };
enum class WinogradForm : int32_t { AUTO, STAGED, FUSED };
bool conv2d_winograd_supports(const azj_conv2d_desc& desc);
uint64_t conv2d_winograd_workspace_bytes(const azj_conv2d_desc& desc, WinogradSize size, int32_t pass,
                                         WinogradForm form = WinogradForm::AUTO);
void conv2d_winograd_forward(cudaStream_t stream, const azj_conv2d_desc& desc, WinogradSize size, const float* x,
                             const float* w, const float* bias, float* y, void* workspace,
                             WinogradForm form = WinogradForm::AUTO);
void conv2d_winograd_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, WinogradSize size,
                                const float* grad_z, const float* w, float* grad_x, void* workspace,
                                WinogradForm form = WinogradForm::AUTO);
// As conv2d_winograd_forward() and pool2d_forward() after it, to the last bit. argmax may be NULL.
uint64_t conv2d_winograd_pool_workspace_bytes(const azj_conv2d_desc& desc, WinogradSize size,
                                              WinogradForm form = WinogradForm::AUTO);
void conv2d_winograd_pool_forward(cudaStream_t stream, const azj_conv2d_desc& desc, WinogradSize size, const float* x,
                                  const float* w, const float* bias, float* y, int32_t* argmax, void* workspace,
                                  WinogradForm form = WinogradForm::AUTO);
void conv2d_winograd_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, WinogradSize size, const float* x,
                                  const float* grad_z, float* grad_w, void* workspace);

// conv2d_implicit_gemm.cu. Only the gradient to the weights needs a workspace. `tile` is for tests and measurements;
// the query takes the same one.
void conv2d_implicit_forward(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                             const float* w, const float* bias, float* y, GemmTile tile = GemmTile::AUTO);
void conv2d_implicit_grad_input(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* grad_z,
                                const float* w, float* grad_x, GemmTile tile = GemmTile::AUTO);
uint64_t conv2d_implicit_grad_weights_workspace_bytes(const azj_conv2d_desc& desc, ConvMath math,
                                                      GemmTile tile = GemmTile::AUTO);
void conv2d_implicit_grad_weights(cudaStream_t stream, const azj_conv2d_desc& desc, ConvMath math, const float* x,
                                  const float* grad_z, float* grad_w, void* workspace,
                                  GemmTile tile = GemmTile::AUTO);

// conv2d_implicit_gemm.cu: out[i] = parts[0][i] + parts[1][i] + ..., in this order; parts [parts][count].
void add_parts(cudaStream_t stream, const float* parts, int64_t count_parts, int64_t count, float* out);

// conv2d_bias.cu
void conv2d_grad_bias(cudaStream_t stream, const azj_conv2d_desc& desc, const float* grad_z, float* grad_bias);

// conv2d_implicit_pool.cu: as conv2d_implicit_forward() of FP32 and pool2d_forward() after it, to the last bit; only where
// conv2d_implicit_pools(), since a 1x1 kernel's own product has no pooling. argmax may be NULL.
bool conv2d_implicit_pools(const azj_conv2d_desc& desc);
void conv2d_implicit_pool_forward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* x, const float* w,
                                  const float* bias, float* y, int32_t* argmax, GemmTile tile = GemmTile::AUTO);

// conv2d_pool.cu: two launches, one where grad_bias is NULL; `partials` holds conv2d_pool_partial_bytes(). An argmax
// outside its window makes the gradients of the window NaN.
uint64_t conv2d_pool_partial_bytes(const azj_conv2d_desc& desc);
void conv2d_pool_backward(cudaStream_t stream, const azj_conv2d_desc& desc, const float* y, const int32_t* argmax,
                          const float* grad_y, float* grad_z, float* grad_bias, double* partials);

// pool2d.cu: an argmax outside the plane, which the host cannot see, makes the gradients of its window NaN.
void pool2d_forward(cudaStream_t stream, const azj_pool2d_desc& desc, const float* x, float* y, int32_t* argmax);
void pool2d_backward(cudaStream_t stream, const azj_pool2d_desc& desc, const float* grad_y, const int32_t* argmax,
                     float* grad_x);

// loss.cu
void softmax_cross_entropy(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                           float grad_scale, float* losses, float* grad);
void sigmoid_cross_entropy(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const float* targets,
                           float grad_scale, float* losses, float* grad);
void mean_squared_error(cudaStream_t stream, int64_t rows, int64_t columns, const float* x, const float* targets,
                        float grad_scale, float* losses, float* grad);
void argmax(cudaStream_t stream, int64_t rows, int64_t classes, const float* x, const int32_t* labels,
            int32_t* predictions, float* hits);

// optimizer.cu: where the settings ask for momentum and v is NULL, which the host cannot see, w becomes NaN.
void sgd(cudaStream_t stream, const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v);
void adam(cudaStream_t stream, const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m,
          float* v);

// dense.cu: the products of a dense layer, for gemm().
GemmProblem dense_forward(const azj_dense_desc& desc, const float* x, const float* w, const float* bias, float* y);
GemmProblem dense_grad_input(const azj_dense_desc& desc, const float* grad_z, const float* w, float* grad_x);
GemmProblem dense_grad_weights(const azj_dense_desc& desc, const float* x, const float* grad_z, float* grad_w);
void dense_grad_bias(cudaStream_t stream, const azj_dense_desc& desc, const float* grad_z, float* grad_bias);

// gather.cu
void gather(cudaStream_t stream, const azj_gather_desc& desc, const uint8_t* pixels, const int32_t* labels,
            const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x, int32_t* y);

// select.cu
void select(cudaStream_t stream, int64_t rows, int64_t columns, const float* table, int64_t* next, float* out);

// random.cu
void random_uniform(cudaStream_t stream, azj_random_state* state, int64_t count, float low, float high, float* x);
void random_normal(cudaStream_t stream, azj_random_state* state, int64_t count, float mean, float deviation, float* x);

}  // namespace azj::cuda
