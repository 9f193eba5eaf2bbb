// The CPU's stream. Everything in src/cpu except team and device is compiled once per instruction set, in a namespace of
// its own (AZJ_ISA = avx512, avx2, portable), and device.cpp picks one at run time.
//
// Rule for those files: no inline function or template of the standard library that the compiler could leave out of
// line. The linker keeps one copy of such a function for the whole library, and if that copy were the AVX-512 one, older
// processors would fail in code that never asked for it. tests/isa_symbols.sh checks the object files.
#pragma once

#include "../backend.hpp"
#include "team.hpp"

namespace azj::cpu::AZJ_ISA {

struct Stream final : azj_stream {
  Stream(azj_device& owner, Team& team);
  ~Stream() override;

  int32_t threads() override { return team_.threads(); }
  void synchronize() override {}  // every call returns when its work is done
  void upload(void* dst, const void* src, uint64_t bytes) override;
  void download(void* dst, const void* src, uint64_t bytes) override;
  void copy(void* dst, const void* src, uint64_t bytes) override;
  void upload_async(void* dst, const void* host_src, uint64_t bytes) override;
  void download_async(void* host_dst, const void* src, uint64_t bytes) override;

  void fill(int64_t count, float value, float* x) override;
  void scale(int64_t count, float alpha, float* x) override;
  void axpy(int64_t count, float alpha, const float* x, float* y) override;
  void sum(int64_t count, float alpha, const float* x, float beta, float* result) override;

  int32_t gemm_choice(const azj_gemm_desc& desc, int64_t batch) override;
  void gemm(const azj_gemm_desc& desc, const GemmBatch& batch, const float* a, const float* b, float* c) override;

  void activation_forward(int32_t activation, float slope, int64_t count, const float* x, float* y) override;
  void activation_backward(int32_t activation, float slope, int64_t count, const float* y, const float* grad_y,
                           float* grad_x) override;
  void softmax_forward(int64_t rows, int64_t classes, const float* x, float* y) override;
  void softmax_backward(int64_t rows, int64_t classes, const float* y, const float* grad_y, float* grad_x) override;

  int32_t conv2d_algorithm(const azj_conv2d_desc& desc, int32_t pass) override;
  uint64_t conv2d_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass) override;
  void conv2d_forward(const azj_conv2d_desc& desc, const float* x, const float* w, const float* bias, float* y,
                      void* workspace) override;
  void conv2d_grad_input(const azj_conv2d_desc& desc, const float* grad_z, const float* w, float* grad_x,
                         void* workspace) override;
  void conv2d_grad_weights(const azj_conv2d_desc& desc, const float* x, const float* grad_z, float* grad_w,
                           void* workspace) override;
  void conv2d_grad_bias(const azj_conv2d_desc& desc, const float* grad_z, float* grad_bias) override;
  void im2col(const azj_conv2d_desc& desc, const float* x, float* x_unroll) override;
  void col2im(const azj_conv2d_desc& desc, const float* x_unroll, float* x) override;

  void pool2d_forward(const azj_pool2d_desc& desc, const float* x, float* y, int32_t* argmax) override;
  void pool2d_backward(const azj_pool2d_desc& desc, const float* grad_y, const int32_t* argmax,
                       float* grad_x) override;

  uint64_t conv2d_pool_workspace_bytes(const azj_conv2d_desc& desc) override;
  void conv2d_pool_forward(const azj_conv2d_desc& desc, const float* x, const float* w, const float* bias, float* y,
                           int32_t* argmax, void* workspace) override;
  void conv2d_pool_backward(const azj_conv2d_desc& desc, const float* y, const int32_t* argmax, const float* grad_y,
                            float* grad_z, float* grad_bias) override;

  void dense_forward(const azj_dense_desc& desc, const float* x, const float* w, const float* bias, float* y) override;
  void dense_grad_input(const azj_dense_desc& desc, const float* grad_z, const float* w, float* grad_x) override;
  void dense_grad_weights(const azj_dense_desc& desc, const float* x, const float* grad_z, float* grad_w) override;
  void dense_grad_bias(const azj_dense_desc& desc, const float* grad_z, float* grad_bias) override;

  void softmax_cross_entropy(int64_t rows, int64_t classes, const float* x, const int32_t* labels, float grad_scale,
                             float* losses, float* grad) override;
  void sigmoid_cross_entropy(int64_t rows, int64_t classes, const float* x, const float* targets, float grad_scale,
                             float* losses, float* grad) override;
  void mean_squared_error(int64_t rows, int64_t columns, const float* x, const float* targets, float grad_scale,
                          float* losses, float* grad) override;
  void argmax(int64_t rows, int64_t classes, const float* x, const int32_t* labels, int32_t* predictions,
              float* hits) override;

  void sgd(const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v) override;
  void adam(const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m, float* v) override;

  void gather(const azj_gather_desc& desc, const uint8_t* pixels, const int32_t* labels, const azj_gather_item* items,
              int64_t* next, const float* mean, const float* scale, float* x, int32_t* y) override;
  void select(int64_t rows, int64_t columns, const float* table, int64_t* next, float* out) override;
  void random_uniform(azj_random_state* state, int64_t count, float low, float high, float* x) override;
  void random_normal(azj_random_state* state, int64_t count, float mean, float deviation, float* x) override;

  Team& team_;
  double* plane_sums_;  // of bias_sums.hpp, for each thread
};

}  // namespace azj::cpu::AZJ_ISA
