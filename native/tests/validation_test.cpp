// Every argument that cannot be right is refused with its status and a text that names it.
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "check.hpp"

namespace {

constexpr int64_t kHuge = INT64_C(1) << 62;
constexpr azj_status kInvalid = AZJ_INVALID_ARGUMENT;

// A field of a descriptor set to something else, and the text that must come out.
template <class Descriptor, class Value>
struct Case {
  Value Descriptor::* field;
  Value value;
  const char* text;
};

void library() {
  CHECK(azj_abi_version() == AZJ_ABI_VERSION);
  CHECK(std::strncmp(azj_build_info(), "azulejo ", 8) == 0 && std::strstr(azj_build_info(), "portable") != nullptr);
  CHECK(azj_build_info() == azj_build_info());
  const char* names[] = {"OK",        "INVALID_ARGUMENT", "OUT_OF_MEMORY",       "UNSUPPORTED",
                         "NO_DEVICE", "DEVICE_LOST",      "WORKSPACE_TOO_SMALL", "INTERNAL"};
  for (int32_t i = 0; i < 8; ++i) CHECK(std::strcmp(azj_status_name(i), names[i]) == 0);
  CHECK(std::strcmp(azj_status_name(8), "UNKNOWN") == 0 && std::strcmp(azj_status_name(-1), "UNKNOWN") == 0);

  // The text belongs to the thread that failed.
  FAILS(kInvalid, "azj_device_count: count is NULL", azj_device_count(AZJ_DEVICE_CPU, nullptr));
  std::thread([] { CHECK(std::string(azj_last_error()).empty()); }).join();
  CHECK(std::strstr(azj_last_error(), "count is NULL") != nullptr);
}

void devices() {
  int32_t count = -1;
  OK(azj_device_count(AZJ_DEVICE_CPU, &count));
  CHECK(count == 1);
  OK(azj_device_count(AZJ_DEVICE_CUDA, &count));
  CHECK(count >= 0);
  OK(azj_device_count(AZJ_DEVICE_EMULATED, &count));
  CHECK(count == 0);
  FAILS(kInvalid, "kind is 3", azj_device_count(3, &count));

  azj_device* device = nullptr;
  FAILS(kInvalid, "device is NULL", azj_device_open(AZJ_DEVICE_CPU, 0, nullptr));
  FAILS(kInvalid, "kind is -1", azj_device_open(-1, 0, &device));
  FAILS(AZJ_NO_DEVICE, "there is one, ordinal 0", azj_device_open(AZJ_DEVICE_CPU, 1, &device));
  // Whether the build has CUDA or not, and the machine a GPU or not.
  FAILS(AZJ_NO_DEVICE, "CUDA device 1000 was asked for", azj_device_open(AZJ_DEVICE_CUDA, 1000, &device));
  FAILS(AZJ_NO_DEVICE, "has no emulated backend", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  CHECK(device == nullptr);

  const char* isa = std::getenv("AZULEJO_ISA");
  const std::string before = isa == nullptr ? "" : isa;
  setenv("AZULEJO_ISA", "sse9", 1);
  FAILS(kInvalid, "AZULEJO_ISA is \"sse9\"", azj_device_open(AZJ_DEVICE_CPU, 0, &device));
  setenv("AZULEJO_ISA", before.c_str(), 1);  // empty: as if it were not set

  OK(azj_device_close(nullptr));
  OK(azj_stream_close(nullptr));
}

void streams_and_memory() {
  Session session(1);
  azj_device* device = session.device;
  azj_device_info info{};
  OK(azj_device_query(device, &info));
  CHECK(info.kind == AZJ_DEVICE_CPU && info.ordinal == 0 && info.capability == 0 && info.compute_units >= 1);
  CHECK(info.total_bytes > 0 && info.free_bytes <= info.total_bytes && info.name[0] != '\0');
  const char* isa = std::getenv("AZULEJO_ISA");
  if (isa != nullptr && *isa != '\0') CHECK(std::strcmp(info.instruction_set, isa) == 0);
  FAILS(kInvalid, "device is NULL", azj_device_query(nullptr, &info));
  FAILS(kInvalid, "info is NULL", azj_device_query(device, nullptr));

  azj_stream* stream = nullptr;
  FAILS(kInvalid, "device is NULL", azj_stream_open(nullptr, 1, &stream));
  FAILS(kInvalid, "stream is NULL", azj_stream_open(device, 1, nullptr));
  FAILS(kInvalid, "threads is -1", azj_stream_open(device, -1, &stream));
  FAILS(kInvalid, "threads is 1025", azj_stream_open(device, 1025, &stream));
  int32_t threads = 0;
  OK(azj_stream_open(device, 0, &stream));
  OK(azj_stream_threads(stream, &threads));
  CHECK(threads == info.compute_units);
  OK(azj_stream_close(stream));
  OK(azj_stream_open(device, 5, &stream));
  OK(azj_stream_threads(stream, &threads));
  CHECK(threads == 5);
  FAILS(kInvalid, "threads is NULL", azj_stream_threads(stream, nullptr));
  FAILS(kInvalid, "stream is NULL", azj_stream_threads(nullptr, &threads));
  void* native = nullptr;
  FAILS(AZJ_UNSUPPORTED, "no CUstream", azj_stream_native(stream, &native));
  FAILS(kInvalid, "native is NULL", azj_stream_native(stream, nullptr));
  FAILS(kInvalid, "stream is NULL", azj_stream_native(nullptr, &native));
  FAILS(kInvalid, "stream is NULL", azj_synchronize(nullptr));
  FAILS(kInvalid, "2 open streams and 0 live bytes", azj_device_close(device));
  OK(azj_stream_close(stream));

  void* memory = nullptr;
  uint64_t live = 0;
  OK(azj_alloc(device, 1, &memory));
  CHECK(reinterpret_cast<uintptr_t>(memory) % 256 == 0);
  void* other = nullptr;
  OK(azj_alloc(device, 1000, &other));
  OK(azj_live_bytes(device, &live));
  CHECK(live == 1001);
  FAILS(kInvalid, "1 open streams and 1001 live bytes", azj_device_close(device));
  FAILS(kInvalid, "not a live allocation", azj_free(device, static_cast<char*>(other) + 1));
  OK(azj_free(device, other));
  FAILS(kInvalid, "not a live allocation", azj_free(device, other));
  OK(azj_free(device, memory));
  OK(azj_free(device, nullptr));
  OK(azj_live_bytes(device, &live));
  CHECK(live == 0);
  FAILS(kInvalid, "bytes is 0", azj_alloc(device, 0, &memory));
  FAILS(kInvalid, "memory is NULL", azj_alloc(device, 1, nullptr));
  FAILS(kInvalid, "device is NULL", azj_alloc(nullptr, 1, &memory));
  FAILS(kInvalid, "device is NULL", azj_free(nullptr, nullptr));
  FAILS(kInvalid, "device is NULL", azj_live_bytes(nullptr, &live));
  FAILS(kInvalid, "bytes is NULL", azj_live_bytes(device, nullptr));
  FAILS(AZJ_OUT_OF_MEMORY, "18446744073709551615 bytes were asked for", azj_alloc(device, UINT64_MAX, &memory));
  FAILS(AZJ_OUT_OF_MEMORY, "already allocated on this device", azj_alloc(device, info.total_bytes + 1, &memory));
  CHECK(memory == nullptr);

  char a[16] = {}, b[16] = {};
  FAILS(kInvalid, "stream is NULL", azj_upload(nullptr, a, b, 16));
  FAILS(kInvalid, "device_dst is NULL", azj_upload(session.stream, nullptr, b, 16));
  FAILS(kInvalid, "host_src is NULL", azj_upload(session.stream, a, nullptr, 16));
  FAILS(kInvalid, "host_dst is NULL", azj_download(session.stream, nullptr, b, 16));
  FAILS(kInvalid, "device_src is NULL", azj_copy(session.stream, a, nullptr, 16));
  FAILS(kInvalid, "overlap", azj_copy(session.stream, a, a + 8, 9));
  FAILS(kInvalid, "address space", azj_copy(session.stream, a, b, UINT64_MAX));
  OK(azj_copy(session.stream, a, a + 8, 8));
  OK(azj_copy(session.stream, nullptr, nullptr, 0));
}

void arrays(azj_stream* s) {
  std::vector<float> buffer(8);
  float* f = buffer.data();
  int32_t labels[8] = {};
  float* odd = reinterpret_cast<float*>(reinterpret_cast<char*>(f) + 1);
  FAILS(kInvalid, "azj_fill: stream is NULL", azj_fill(nullptr, 1, 0, f));
  FAILS(kInvalid, "azj_fill: count is 0; it must be at least 1", azj_fill(s, 0, 0, f));
  FAILS(kInvalid, "count is -5", azj_scale(s, -5, 0, f));
  FAILS(kInvalid, "more than 2^63 - 1 bytes", azj_scale(s, kHuge, 0, f));
  FAILS(kInvalid, "azj_scale: x is NULL", azj_scale(s, 1, 0, nullptr));
  FAILS(kInvalid, "it must be a multiple of 4", azj_fill(s, 1, 0, odd));
  FAILS(kInvalid, "x is NULL", azj_axpy(s, 1, 0, nullptr, f));
  FAILS(kInvalid, "y is NULL", azj_axpy(s, 1, 0, f, nullptr));
  FAILS(kInvalid, "x is NULL", azj_sum(s, 1, 1, nullptr, 0, f));
  FAILS(kInvalid, "result is NULL", azj_sum(s, 1, 1, f, 0, nullptr));
  FAILS(kInvalid, "activation is 5", azj_activation_forward(s, 5, 0, 1, f, f));
  FAILS(kInvalid, "slope is 1; AZJ_LEAKY_RELU needs", azj_activation_forward(s, AZJ_LEAKY_RELU, 1, 1, f, f));
  FAILS(kInvalid, "slope is nan", azj_activation_backward(s, AZJ_LEAKY_RELU, std::nanf(""), 1, f, f, f));
  OK(azj_activation_forward(s, AZJ_RELU, 7, 1, f, f));  // the slope of others is not looked at
  FAILS(kInvalid, "y is NULL", azj_activation_forward(s, AZJ_RELU, 0, 1, f, nullptr));
  FAILS(kInvalid, "grad_y is NULL", azj_activation_backward(s, AZJ_RELU, 0, 1, f, nullptr, f));
  FAILS(kInvalid, "rows is 0", azj_softmax_forward(s, 0, 1, f, f));
  FAILS(kInvalid, "classes is 0", azj_softmax_backward(s, 1, 0, f, f, f));
  FAILS(kInvalid, "x[4611686018427387904][4] would have more", azj_softmax_forward(s, kHuge, 4, f, f));
  FAILS(kInvalid, "classes is 2147483648; it must be below 2^31",
        azj_softmax_cross_entropy(s, 1, INT64_C(1) << 31, f, labels, 1, f, f));
  FAILS(kInvalid, "labels is NULL", azj_softmax_cross_entropy(s, 1, 2, f, nullptr, 1, f, f));
  FAILS(kInvalid, "losses is NULL", azj_softmax_cross_entropy(s, 1, 2, f, labels, 1, nullptr, f));
  FAILS(kInvalid, "targets is NULL", azj_sigmoid_cross_entropy(s, 1, 2, f, nullptr, 1, f, f));
  FAILS(kInvalid, "columns is -1", azj_mean_squared_error(s, 1, -1, f, f, 1, f, f));
  FAILS(kInvalid, "predictions is NULL", azj_argmax(s, 1, 2, f, labels, nullptr, nullptr));
  FAILS(kInvalid, "labels is NULL", azj_argmax(s, 1, 2, f, nullptr, labels, f));
  const azj_sgd_settings sgd{0.1f, 0.9f, 0, 0};
  const azj_adam_settings adam{};
  FAILS(kInvalid, "settings is NULL", azj_sgd(s, nullptr, 1, f, f, f));
  FAILS(kInvalid, "v is NULL; with momentum 0.9", azj_sgd(s, &sgd, 1, f, f, nullptr));
  FAILS(kInvalid, "g is NULL", azj_sgd(s, &sgd, 1, nullptr, f, f));
  FAILS(kInvalid, "w is NULL", azj_adam(s, &adam, 1, f, nullptr, f, f));
  FAILS(kInvalid, "m is NULL", azj_adam(s, &adam, 1, f, f, nullptr, f));
  FAILS(kInvalid, "v is NULL", azj_adam(s, &adam, 1, f, f, f, nullptr));
}

void gemm(azj_stream* s) {
  std::vector<float> buffer(64);
  float* f = buffer.data();
  const azj_gemm_desc good{2, 3, 4, 4, 3, 3, 0, 0, 1, 0, AZJ_GEMM_AUTO, 0};
  OK(azj_gemm(s, &good, f, f + 16, f + 32));
  using D = azj_gemm_desc;
  const Case<D, int64_t> sizes[] = {
      {&D::m, 0, "m is 0"},        {&D::n, -1, "n is -1"},
      {&D::k, 0, "k is 0"},        {&D::lda, 3, "lda is 3; a row of A stored m x k has 4"},
      {&D::ldb, 2, "ldb is 2"},    {&D::ldc, 2, "ldc is 2"},
      {&D::lda, kHuge, "A[2][4611686018427387904] would have more"}};
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_gemm(s, &d, f, f + 16, f + 32));
  }
  const Case<D, int32_t> flags[] = {{&D::transpose_a, 2, "transpose_a is 2; it must be 0 or 1"},
                                    {&D::transpose_b, -1, "transpose_b is -1"},
                                    {&D::transpose_b, 1, "ldb is 3; a row of B stored n x k has 4"},
                                    {&D::algorithm, 10, "algorithm is 10"},
                                    {&D::precision, 3, "precision is 3"}};
  for (const auto& c : flags) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_gemm(s, &d, f, f + 16, f + 32));
  }
  FAILS(kInvalid, "desc is NULL", azj_gemm(s, nullptr, f, f, f));
  FAILS(kInvalid, "a is NULL", azj_gemm(s, &good, nullptr, f, f));
  FAILS(kInvalid, "b is NULL", azj_gemm(s, &good, f, nullptr, f));
  FAILS(kInvalid, "c is NULL", azj_gemm(s, &good, f, f, nullptr));
}

void conv2d(azj_stream* s) {
  std::vector<float> buffer(1000);
  float* f = buffer.data();
  using D = azj_conv2d_desc;
  const D good{1, 2, 5, 5, 4, 3, 3, 1, 1, 0, 0, 1, 1, 2, 0, AZJ_CONV_IM2COL_GEMM, AZJ_IDENTITY, 0, 0};
  int64_t h = 0, w = 0;
  OK(azj_conv2d_output_size(&good, &h, &w));
  CHECK(h == 3 && w == 3);
  const Case<D, int64_t> sizes[] = {
      {&D::batch, 0, "batch is 0"},
      {&D::channels, 0, "channels is 0"},
      {&D::height, -2, "height is -2"},
      {&D::width, 0, "width is 0"},
      {&D::filters, 0, "filters is 0"},
      {&D::kernel_h, 0, "kernel_h is 0"},
      {&D::kernel_w, 0, "kernel_w is 0"},
      {&D::stride_h, 0, "stride_h is 0"},
      {&D::stride_w, 0, "stride_w is 0"},
      {&D::pad_h, -1, "pad_h is -1; it must be at least 0"},
      {&D::pad_w, -1, "pad_w is -1"},
      {&D::dilation_h, 0, "dilation_h is 0"},
      {&D::dilation_w, 0, "dilation_w is 0"},
      {&D::groups, 0, "groups is 0"},
      {&D::groups, 4, "groups is 4; it must divide the 2 channels and the 4 filters"},
      {&D::filters, 3, "groups is 2; it must divide the 2 channels and the 3 filters"},
      {&D::samples_per_unroll, -1, "samples_per_unroll is -1"},
      {&D::kernel_h, 7, "kernel 7x3 is larger than the padded input 5x5"},
      {&D::dilation_w, 3, "kernel 3x7 (dilated) is larger than the padded input 5x5"},
      {&D::pad_h, kHuge, "the padded height"},
      {&D::dilation_w, kHuge, "the dilated kernel's width"},
      {&D::batch, kHuge, "x[4611686018427387904][2][5][5] would have more"},
      {&D::filters, kHuge, "w[4611686018427387904][1][3][3] would have more"},
      {&D::pad_w, INT64_C(1) << 59, "y[1][4][3]["},
      {&D::batch, INT64_C(1) << 54, "x_unroll["}};
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_conv2d_output_size(&d, &h, &w));
  }
  const Case<D, int32_t> enums[] = {{&D::algorithm, 10, "algorithm is 10"},
                                    {&D::activation, -1, "activation is -1"},
                                    {&D::precision, -1, "precision is -1"}};
  for (const auto& c : enums) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_conv2d_output_size(&d, &h, &w));
  }
  FAILS(kInvalid, "desc is NULL", azj_conv2d_output_size(nullptr, &h, &w));
  FAILS(kInvalid, "out_h is NULL", azj_conv2d_output_size(&good, nullptr, &w));
  FAILS(kInvalid, "out_w is NULL", azj_conv2d_output_size(&good, &h, nullptr));

  int32_t algorithm = 0;
  uint64_t bytes = 0;
  FAILS(kInvalid, "pass is 3", azj_conv2d_algorithm(s, &good, 3, &algorithm));
  FAILS(kInvalid, "algorithm is NULL", azj_conv2d_algorithm(s, &good, 0, nullptr));
  FAILS(kInvalid, "pass is -1", azj_conv2d_workspace_bytes(s, &good, -1, &bytes));
  FAILS(kInvalid, "bytes is NULL", azj_conv2d_workspace_bytes(s, &good, 0, nullptr));
  for (const int32_t pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
    OK(azj_conv2d_algorithm(s, &good, pass, &algorithm));
    CHECK(algorithm == AZJ_CONV_IM2COL_GEMM);
    OK(azj_conv2d_workspace_bytes(s, &good, pass, &bytes));
    CHECK(bytes > 0 && bytes <= 500 * sizeof(float));
    float* workspace = f + 500;
    const auto run = [&](void* scratch, uint64_t size) {
      if (pass == AZJ_CONV_FORWARD) return azj_conv2d_forward(s, &good, f, f + 100, nullptr, f + 200, scratch, size);
      if (pass == AZJ_CONV_GRAD_INPUT) return azj_conv2d_grad_input(s, &good, f, f + 100, f + 200, scratch, size);
      return azj_conv2d_grad_weights(s, &good, f, f + 100, f + 200, scratch, size);
    };
    OK(run(workspace, bytes));
    const std::string both = "workspace_bytes is " + std::to_string(bytes - 1) + "; this pass needs " +
                             std::to_string(bytes);
    FAILS(AZJ_WORKSPACE_TOO_SMALL, both.c_str(), run(workspace, bytes - 1));
    FAILS(AZJ_WORKSPACE_TOO_SMALL, "workspace_bytes is 0", run(nullptr, 0));
    FAILS(kInvalid, "workspace is NULL", run(nullptr, bytes));
  }
  FAILS(kInvalid, "x is NULL", azj_conv2d_forward(s, &good, nullptr, f, f, f, f, 4000));
  FAILS(kInvalid, "w is NULL", azj_conv2d_forward(s, &good, f, nullptr, f, f, f, 4000));
  FAILS(kInvalid, "y is NULL", azj_conv2d_forward(s, &good, f, f, f, nullptr, f, 4000));
  FAILS(kInvalid, "stream is NULL", azj_conv2d_forward(nullptr, &good, f, f, f, f, f, 4000));
  FAILS(kInvalid, "grad_z is NULL", azj_conv2d_grad_input(s, &good, nullptr, f, f, f, 4000));
  FAILS(kInvalid, "grad_w is NULL", azj_conv2d_grad_weights(s, &good, f, f, nullptr, f, 4000));
  FAILS(kInvalid, "grad_bias is NULL", azj_conv2d_grad_bias(s, &good, f, nullptr));
  FAILS(kInvalid, "x_unroll is NULL", azj_im2col(s, &good, f, nullptr));
  FAILS(kInvalid, "x is NULL", azj_col2im(s, &good, f, nullptr));
}

void pool2d(azj_stream* s) {
  std::vector<float> buffer(200);
  float* f = buffer.data();
  int32_t argmax[64] = {};
  using D = azj_pool2d_desc;
  const D good{1, 1, 4, 4, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
  int64_t h = 0, w = 0;
  OK(azj_pool2d_output_size(&good, &h, &w));
  CHECK(h == 2 && w == 2);
  const Case<D, int64_t> sizes[] = {{&D::batch, 0, "batch is 0"},
                                    {&D::channels, 0, "channels is 0"},
                                    {&D::height, 0, "height is 0"},
                                    {&D::width, 0, "width is 0"},
                                    {&D::window_h, 0, "window_h is 0"},
                                    {&D::window_w, 0, "window_w is 0"},
                                    {&D::stride_h, 0, "stride_h is 0"},
                                    {&D::stride_w, 0, "stride_w is 0"},
                                    {&D::pad_h, -1, "pad_h is -1"},
                                    {&D::pad_w, -1, "pad_w is -1"},
                                    {&D::pad_w, 2, "padding 0x2 is not smaller than the window 2x2"},
                                    {&D::window_h, 5, "window 5x2 is larger than the padded input 4x4"},
                                    {&D::height, INT64_C(1) << 29, "height * width is 536870912 * 4; it must be below"},
                                    {&D::batch, kHuge, "x[4611686018427387904][1][4][4] would have more"}};
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_pool2d_output_size(&d, &h, &w));
  }
  const Case<D, int32_t> enums[] = {{&D::mode, 2, "mode is 2"}, {&D::count_padding, 2, "count_padding is 2"}};
  for (const auto& c : enums) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_pool2d_forward(s, &d, f, f + 100, argmax));
  }
  FAILS(kInvalid, "desc is NULL", azj_pool2d_output_size(nullptr, &h, &w));
  FAILS(kInvalid, "out_w is NULL", azj_pool2d_output_size(&good, &h, nullptr));
  FAILS(kInvalid, "x is NULL", azj_pool2d_forward(s, &good, nullptr, f, argmax));
  FAILS(kInvalid, "y is NULL", azj_pool2d_forward(s, &good, f, nullptr, argmax));
  FAILS(kInvalid, "argmax is NULL", azj_pool2d_backward(s, &good, f, nullptr, f));
  FAILS(kInvalid, "grad_y is NULL", azj_pool2d_backward(s, &good, nullptr, argmax, f));
  FAILS(kInvalid, "grad_x is NULL", azj_pool2d_backward(s, &good, f, argmax, nullptr));
}

void dense(azj_stream* s) {
  std::vector<float> buffer(64);
  float* f = buffer.data();
  using D = azj_dense_desc;
  const D good{2, 3, 4, AZJ_LEAKY_RELU, 0.1f, AZJ_FP32, 0};
  OK(azj_dense_forward(s, &good, f, f + 16, nullptr, f + 32));
  const Case<D, int64_t> sizes[] = {{&D::batch, 0, "batch is 0"},
                                    {&D::inputs, 0, "inputs is 0"},
                                    {&D::outputs, 0, "outputs is 0"},
                                    {&D::outputs, kHuge, "w[4611686018427387904][3] would have more"}};
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    FAILS(kInvalid, c.text, azj_dense_forward(s, &d, f, f + 16, nullptr, f + 32));
  }
  D d = good;
  d.slope = -0.5f;
  FAILS(kInvalid, "slope is -0.5", azj_dense_forward(s, &d, f, f + 16, nullptr, f + 32));
  d.activation = 17;
  FAILS(kInvalid, "activation is 17", azj_dense_forward(s, &d, f, f + 16, nullptr, f + 32));
  d = good;
  d.precision = 3;
  FAILS(kInvalid, "precision is 3; it must be AZJ_FP32 (0)", azj_dense_forward(s, &d, f, f + 16, nullptr, f + 32));
  d = good;
  d.reserved = 1;
  FAILS(kInvalid, "reserved is 1", azj_dense_forward(s, &d, f, f + 16, nullptr, f + 32));
  FAILS(kInvalid, "desc is NULL", azj_dense_forward(s, nullptr, f, f, f, f));
  FAILS(kInvalid, "w is NULL", azj_dense_forward(s, &good, f, nullptr, f, f));
  FAILS(kInvalid, "grad_x is NULL", azj_dense_grad_input(s, &good, f, f, nullptr));
  FAILS(kInvalid, "grad_w is NULL", azj_dense_grad_weights(s, &good, f, f, nullptr));
  FAILS(kInvalid, "grad_bias is NULL", azj_dense_grad_bias(s, &good, f, nullptr));
}

}  // namespace

int main() {
  { Session probe(1); }  // skips the test where the instruction set is missing
  library();
  devices();
  streams_and_memory();
  Session session(2);
  arrays(session.stream);
  gemm(session.stream);
  conv2d(session.stream);
  pool2d(session.stream);
  dense(session.stream);
  return finish("validation");
}
