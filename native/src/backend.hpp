// What a backend is: a device that owns memory and opens streams, and a stream with one virtual method per operation.
// The opaque handles of azulejo.h are these classes. Arguments arrive validated by api.cpp: pointers are not null,
// descriptors make sense, the workspace is as large as the query said. What a backend cannot do it says by throwing
// Error(AZJ_UNSUPPORTED, which limit); nothing falls back by itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "allocations.hpp"
#include "azulejo.h"
#include "error.hpp"

struct azj_device {
  virtual ~azj_device();
  virtual void query(azj_device_info& info) = 0;
  virtual void* alloc(uint64_t bytes) = 0;  // throws AZJ_OUT_OF_MEMORY
  virtual void free(void* memory) = 0;      // throws AZJ_INVALID_ARGUMENT for memory that is not this device's
  virtual uint64_t live_bytes() = 0;
  virtual void* host_alloc(uint64_t bytes) = 0;
  virtual void host_free(void* memory) = 0;
  virtual azj::Allocations& host_allocations() = 0;
  virtual std::unique_ptr<azj_stream> open_stream(int32_t threads) = 0;
  virtual std::unique_ptr<azj_event> open_event() = 0;

  std::atomic<int64_t> open_streams{0};
  std::atomic<int64_t> open_events{0};
};

// Streams given to an event are of its device; both events of elapsed() are, too.
struct azj_event {
  explicit azj_event(azj_device& owner) : device(owner) {}
  virtual ~azj_event();

  virtual void record(azj_stream& stream) = 0;
  virtual void synchronize() = 0;
  virtual void wait(azj_stream& stream) = 0;
  virtual double milliseconds_since(azj_event& start) = 0;

  azj_device& device;
};

struct azj_graph {
  explicit azj_graph(azj_stream& owner) : stream(owner) {}
  virtual ~azj_graph();

  virtual void launch() = 0;
  virtual int64_t operations() = 0;

  azj_stream& stream;
};

namespace azj {

// Product i of a batch is that of a + i * stride_a and b + i * stride_b, written to c + i * stride_c.
struct GemmBatch {
  int64_t count = 1;
  int64_t stride_a = 0, stride_b = 0, stride_c = 0;
};

}  // namespace azj

struct azj_stream {
  using GemmBatch = azj::GemmBatch;

  explicit azj_stream(azj_device& owner) : device(owner) {}
  virtual ~azj_stream();

  virtual int32_t threads() = 0;
  // What the vendor's libraries call the stream; its device is the calling thread's then. Throws AZJ_UNSUPPORTED unless
  // a backend has such libraries.
  virtual void* native();
  virtual void synchronize() = 0;
  // The last call before the destructor: waits for the work, discards a recording. Throws what went wrong with the work,
  // unless the device's loss is known already.
  virtual void finish();
  virtual void upload(void* dst, const void* src, uint64_t bytes) = 0;
  virtual void download(void* dst, const void* src, uint64_t bytes) = 0;
  virtual void copy(void* dst, const void* src, uint64_t bytes) = 0;
  // host_src and host_dst lie in the device's host allocations.
  virtual void upload_async(void* dst, const void* host_src, uint64_t bytes) = 0;
  virtual void download_async(void* host_dst, const void* src, uint64_t bytes) = 0;

  // Throw AZJ_UNSUPPORTED unless a backend has graphs.
  virtual void graph_begin();
  virtual std::unique_ptr<azj_graph> graph_end();

  virtual void fill(int64_t count, float value, float* x) = 0;
  virtual void scale(int64_t count, float alpha, float* x) = 0;
  virtual void axpy(int64_t count, float alpha, const float* x, float* y) = 0;
  virtual void sum(int64_t count, float alpha, const float* x, float beta, float* result) = 0;

  virtual int32_t gemm_choice(const azj_gemm_desc& desc, int64_t batch) = 0;
  virtual void gemm(const azj_gemm_desc& desc, const GemmBatch& batch, const float* a, const float* b, float* c) = 0;

  virtual void activation_forward(int32_t activation, float slope, int64_t count, const float* x, float* y) = 0;
  virtual void activation_backward(int32_t activation, float slope, int64_t count, const float* y, const float* grad_y,
                                   float* grad_x) = 0;
  virtual void softmax_forward(int64_t rows, int64_t classes, const float* x, float* y) = 0;
  virtual void softmax_backward(int64_t rows, int64_t classes, const float* y, const float* grad_y, float* grad_x) = 0;

  virtual int32_t conv2d_algorithm(const azj_conv2d_desc& desc, int32_t pass) = 0;
  virtual uint64_t conv2d_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass) = 0;
  virtual void conv2d_forward(const azj_conv2d_desc& desc, const float* x, const float* w, const float* bias, float* y,
                              void* workspace) = 0;
  virtual void conv2d_grad_input(const azj_conv2d_desc& desc, const float* grad_z, const float* w, float* grad_x,
                                 void* workspace) = 0;
  virtual void conv2d_grad_weights(const azj_conv2d_desc& desc, const float* x, const float* grad_z, float* grad_w,
                                   void* workspace) = 0;
  virtual void conv2d_grad_bias(const azj_conv2d_desc& desc, const float* grad_z, float* grad_bias) = 0;
  virtual void im2col(const azj_conv2d_desc& desc, const float* x, float* x_unroll) = 0;
  virtual void col2im(const azj_conv2d_desc& desc, const float* x_unroll, float* x) = 0;

  virtual void pool2d_forward(const azj_pool2d_desc& desc, const float* x, float* y, int32_t* argmax) = 0;
  virtual void pool2d_backward(const azj_pool2d_desc& desc, const float* grad_y, const int32_t* argmax,
                               float* grad_x) = 0;

  // That of the forward pass, unless a backend chooses anew.
  virtual int32_t conv2d_pool_algorithm(const azj_conv2d_desc& desc);
  virtual uint64_t conv2d_pool_workspace_bytes(const azj_conv2d_desc& desc) = 0;
  virtual void conv2d_pool_forward(const azj_conv2d_desc& desc, const float* x, const float* w, const float* bias,
                                   float* y, int32_t* argmax, void* workspace) = 0;
  virtual void conv2d_pool_backward(const azj_conv2d_desc& desc, const float* y, const int32_t* argmax,
                                    const float* grad_y, float* grad_z, float* grad_bias) = 0;

  virtual void dense_forward(const azj_dense_desc& desc, const float* x, const float* w, const float* bias,
                             float* y) = 0;
  virtual void dense_grad_input(const azj_dense_desc& desc, const float* grad_z, const float* w, float* grad_x) = 0;
  virtual void dense_grad_weights(const azj_dense_desc& desc, const float* x, const float* grad_z, float* grad_w) = 0;
  virtual void dense_grad_bias(const azj_dense_desc& desc, const float* grad_z, float* grad_bias) = 0;

  virtual void softmax_cross_entropy(int64_t rows, int64_t classes, const float* x, const int32_t* labels,
                                     float grad_scale, float* losses, float* grad) = 0;
  virtual void sigmoid_cross_entropy(int64_t rows, int64_t classes, const float* x, const float* targets,
                                     float grad_scale, float* losses, float* grad) = 0;
  virtual void mean_squared_error(int64_t rows, int64_t columns, const float* x, const float* targets,
                                  float grad_scale, float* losses, float* grad) = 0;
  virtual void argmax(int64_t rows, int64_t classes, const float* x, const int32_t* labels, int32_t* predictions,
                      float* hits) = 0;

  virtual void sgd(const azj_sgd_settings* settings, int64_t count, const float* g, float* w, float* v) = 0;
  virtual void adam(const azj_adam_settings* settings, int64_t count, const float* g, float* w, float* m,
                    float* v) = 0;

  virtual void gather(const azj_gather_desc& desc, const uint8_t* pixels, const int32_t* labels,
                      const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x,
                      int32_t* y) = 0;
  virtual void select(int64_t rows, int64_t columns, const float* table, int64_t* next, float* out) = 0;

  // On BF16 with channels last; throw AZJ_UNSUPPORTED unless a backend has them.
  virtual void bf16_pack(int64_t rows, int64_t channels, int64_t positions, const float* x, azj_bf16* packed);
  virtual void bf16_unpack(int64_t rows, int64_t channels, int64_t positions, const azj_bf16* packed, float* x);
  virtual void bf16_gemm(const azj_gemm_desc& desc, const azj_bf16* a, const azj_bf16* b, azj_bf16* c);
  virtual uint64_t bf16_conv2d_workspace_bytes(const azj_conv2d_desc& desc, int32_t pass);
  virtual void bf16_conv2d_forward(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w, const float* bias,
                                   azj_bf16* y, void* workspace);
  virtual void bf16_conv2d_grad_input(const azj_conv2d_desc& desc, const azj_bf16* grad_z, const azj_bf16* w,
                                      azj_bf16* grad_x, void* workspace);
  virtual void bf16_conv2d_grad_weights(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* grad_z,
                                        float* grad_w, void* workspace);
  virtual void bf16_activation_backward(int32_t activation, float slope, int64_t pixels, int64_t channels,
                                        const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias);
  virtual uint64_t bf16_conv2d_pool_workspace_bytes(const azj_conv2d_desc& desc);
  virtual void bf16_conv2d_pool_forward(const azj_conv2d_desc& desc, const azj_bf16* x, const azj_bf16* w,
                                        const float* bias, azj_bf16* y, uint8_t* argmax, void* workspace);
  virtual void bf16_conv2d_pool_backward(const azj_conv2d_desc& desc, const azj_bf16* y, const uint8_t* argmax,
                                         const azj_bf16* grad_y, azj_bf16* grad_z, float* grad_bias);
  virtual void bf16_pool2d_forward(const azj_pool2d_desc& desc, const azj_bf16* x, azj_bf16* y, uint8_t* argmax);
  virtual void bf16_pool2d_backward(const azj_pool2d_desc& desc, const azj_bf16* grad_y, const uint8_t* argmax,
                                    azj_bf16* grad_x);

  virtual void random_uniform(azj_random_state* state, int64_t count, float low, float high, float* x) = 0;
  virtual void random_normal(azj_random_state* state, int64_t count, float mean, float deviation, float* x) = 0;

  azj_device& device;
  std::atomic<int64_t> open_graphs{0};
};

namespace azj {

// Output rows or columns of a convolution or pooling; every caller has checked that the window fits.
inline int64_t output_size(int64_t input, int64_t pad, int64_t window, int64_t dilation, int64_t stride) {
  return (input + 2 * pad - dilation * (window - 1) - 1) / stride + 1;
}

}  // namespace azj
