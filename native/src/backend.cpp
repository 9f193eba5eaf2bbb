#include "backend.hpp"

azj_device::~azj_device() = default;
azj_event::~azj_event() = default;
azj_graph::~azj_graph() = default;
azj_stream::~azj_stream() = default;

// Defined here, not in the header: files compiled for one instruction set must not hold functions that all share.
void azj_stream::finish() { synchronize(); }

int32_t azj_stream::conv2d_pool_algorithm(const azj_conv2d_desc& desc) {
  return conv2d_algorithm(desc, AZJ_CONV_FORWARD);
}

void* azj_stream::native() {
  azj::fail(AZJ_UNSUPPORTED, "this device has no CUstream; a CUDA device has");
}

void azj_stream::graph_begin() {
  azj::fail(AZJ_UNSUPPORTED,
            "this device has no graphs: they record work for a CUDA device, and on the CPU an operation is a plain "
            "function call; call the operations themselves");
}

std::unique_ptr<azj_graph> azj_stream::graph_end() {
  graph_begin();
  return nullptr;
}

namespace {

[[noreturn]] void no_bf16() {
  azj::fail(AZJ_UNSUPPORTED,
            "this device computes in float32 only: operations on BF16 are for CUDA devices of compute capability 9.0; "
            "use the operation of the same name without bf16");
}

}  // namespace

void azj_stream::bf16_pack(int64_t, int64_t, int64_t, const float*, azj_bf16*) { no_bf16(); }
void azj_stream::bf16_unpack(int64_t, int64_t, int64_t, const azj_bf16*, float*) { no_bf16(); }
void azj_stream::bf16_gemm(const azj_gemm_desc&, const azj_bf16*, const azj_bf16*, azj_bf16*) { no_bf16(); }
uint64_t azj_stream::bf16_conv2d_workspace_bytes(const azj_conv2d_desc&, int32_t) { no_bf16(); }
void azj_stream::bf16_conv2d_forward(const azj_conv2d_desc&, const azj_bf16*, const azj_bf16*, const float*, azj_bf16*,
                                     void*) {
  no_bf16();
}
void azj_stream::bf16_conv2d_grad_input(const azj_conv2d_desc&, const azj_bf16*, const azj_bf16*, azj_bf16*, void*) {
  no_bf16();
}
void azj_stream::bf16_conv2d_grad_weights(const azj_conv2d_desc&, const azj_bf16*, const azj_bf16*, float*, void*) {
  no_bf16();
}
void azj_stream::bf16_activation_backward(int32_t, float, int64_t, int64_t, const azj_bf16*, const azj_bf16*, azj_bf16*,
                                          float*) {
  no_bf16();
}
uint64_t azj_stream::bf16_conv2d_pool_workspace_bytes(const azj_conv2d_desc&) { no_bf16(); }
void azj_stream::bf16_conv2d_pool_forward(const azj_conv2d_desc&, const azj_bf16*, const azj_bf16*, const float*,
                                          azj_bf16*, uint8_t*, void*) {
  no_bf16();
}
void azj_stream::bf16_conv2d_pool_backward(const azj_conv2d_desc&, const azj_bf16*, const uint8_t*, const azj_bf16*,
                                           azj_bf16*, float*) {
  no_bf16();
}
void azj_stream::bf16_pool2d_forward(const azj_pool2d_desc&, const azj_bf16*, azj_bf16*, uint8_t*) { no_bf16(); }
void azj_stream::bf16_pool2d_backward(const azj_pool2d_desc&, const azj_bf16*, const uint8_t*, azj_bf16*) { no_bf16(); }
