// A CUDA stream: every operation is a launcher of kernels.hpp on it. A stream is used by one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "choice.hpp"
#include "device.hpp"
#include "gemm.hpp"
#include "staging.hpp"

namespace azj::cuda {

class CudaStream final : public azj_stream {
 public:
  // Inside device.enter().
  explicit CudaStream(CudaDevice& device);
  ~CudaStream() override;

  cudaStream_t handle() const { return handle_.get(); }
  CudaDevice& cuda_device() const { return device_; }
  // Between graph_begin() and graph_end(). Other threads ask under the device's mutex.
  bool recording() const { return recording_; }
  // Throws AZJ_INVALID_ARGUMENT while recording; what: the function that cannot be recorded.
  void require_running(const char* what) const;

  int32_t threads() override { return 1; }
  void* native() override;
  void synchronize() override;
  void finish() override;
  void upload(void* dst, const void* src, uint64_t bytes) override;
  void download(void* dst, const void* src, uint64_t bytes) override;
  void copy(void* dst, const void* src, uint64_t bytes) override;
  void upload_async(void* dst, const void* host_src, uint64_t bytes) override;
  void download_async(void* host_dst, const void* src, uint64_t bytes) override;

  void graph_begin() override;
  std::unique_ptr<azj_graph> graph_end() override;

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

  int32_t conv2d_pool_algorithm(const azj_conv2d_desc& desc) override;
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

  // On BF16 with channels last (stream_bf16.cpp).
  void bf16_pack(int64_t rows, int64_t channels, int64_t positions, const float* x, azj_bf16* packed) override;
  void bf16_unpack(int64_t rows, int64_t channels, int64_t positions, const azj_bf16* packed, float* x) override;
  void bf16_gemm(const azj_gemm_desc& desc, const azj_bf16* a, const azj_bf16* b, azj_bf16* c) override;
  void bf16_activation_backward(int32_t activation, float slope, int64_t pixels, int64_t channels, const azj_bf16* y,
                                const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias) override;
  uint64_t bf16_conv2d_pool_workspace_bytes(const azj_conv2d_desc& desc) override;
  void bf16_conv2d_pool_forward(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w, const float* bias,
                                azj_bf16* y, uint8_t* argmax, void* workspace) override;
  void bf16_conv2d_pool_backward(const azj_conv2d_desc& desc, const azj_bf16* y, const uint8_t* argmax,
                                 const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias) override;
  void bf16_pool2d_forward(const azj_pool2d_desc& desc, const azj_bf16* x, azj_bf16* y, uint8_t* argmax) override;
  void bf16_pool2d_backward(const azj_pool2d_desc& desc, const azj_bf16* grad_y, const uint8_t* argmax,
                            azj_bf16* grad_x) override;
  uint64_t bf16_conv2d_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass) override;
  void bf16_conv2d_forward(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w, const float* bias,
                           azj_bf16* y, void* workspace) override;
  void bf16_conv2d_grad_input(const azj_conv2d_desc& desc, const azj_bf16* grad_z, const azj_bf16* w, azj_bf16* grad_x,
                              void* workspace) override;
  void bf16_conv2d_grad_weights(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* grad_z, float* grad_w,
                                void* workspace) override;

 private:
  // Checks the operands, then runs body() on the device. While recording, the operands' allocations are noted.
  template <class Body>
  void run(std::initializer_list<Operand> operands, Body&& body) {
    device_.enter([&] {
      device_.check_memory(operands.begin(), operands.size(), recording_ ? &uses_ : nullptr);
      body();
    });
  }

  void check_host_pointer(const char* name, const void* memory, const char* instead);
  void set_recording(bool recording);
  // Device memory for one operation, valid until the next asks. A graph that was recorded keeps using what it got, so
  // nothing that was given is freed before the stream is.
  void* workspace(uint64_t bytes);
  // What the operation runs with; AUTO is decided here.
  GemmRung rung(const azj_gemm_desc& desc, int64_t batch);
  void multiply(GemmRung rung, const GemmProblem& problem);
  int32_t wanted_algorithm(const azj_conv2d_desc& desc);
  int32_t measured_algorithm(const azj_conv2d_desc& desc, int64_t operation,
                             const std::function<Candidate(int32_t algorithm)>& candidate);
  int32_t algorithm(const azj_conv2d_desc& desc, int32_t pass);
  int32_t pool_algorithm(const azj_conv2d_desc& desc);

  CudaDevice& device_;
  StreamHandle handle_;
  Staging staging_;
  Scratch partials_;  // of sum()
  std::vector<std::unique_ptr<Scratch>> workspaces_;  // each larger than all before
  uint64_t workspace_bytes_ = 0;                      // of the last
  bool recording_ = false;
  std::unordered_set<const void*> uses_;  // allocations that the recording touches
};

}  // namespace azj::cuda
