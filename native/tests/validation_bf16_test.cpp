// The operations on BF16: every argument that cannot be right is refused with its status and a text that names it, and
// what is right is refused by the CPU, which has none of them.
#include "check.hpp"

namespace {

constexpr int64_t kHuge = INT64_C(1) << 62;
constexpr azj_status kInvalid = AZJ_INVALID_ARGUMENT, kUnsupported = AZJ_UNSUPPORTED;
constexpr char kCpu[] = "this device computes in float32 only";

// A field of a descriptor set to something else, and what must come out.
template <class Descriptor, class Value>
struct Case {
  Value Descriptor::* field;
  Value value;
  azj_status status;
  const char* text;
};

// Nothing is ever computed with it.
struct Memory {
  alignas(16) azj_bf16 bf16[64];
  alignas(16) float f32[64];
  alignas(8) uint8_t bytes[64];
  azj_bf16* off() { return bf16 + 1; }  // not on 16 bytes
};

void packing(azj_stream* s, Memory& m) {
  FAILS(kUnsupported, kCpu, azj_bf16_pack(s, 2, 3, 4, m.f32, m.bf16));
  FAILS(kUnsupported, kCpu, azj_bf16_unpack(s, 2, 3, 4, m.bf16, m.f32));
  FAILS(kUnsupported, "operation of the same name without bf16", azj_bf16_unpack(s, 2, 3, 4, m.bf16, m.f32));
  FAILS(kInvalid, "stream is NULL", azj_bf16_pack(nullptr, 2, 3, 4, m.f32, m.bf16));
  FAILS(kInvalid, "rows is 0", azj_bf16_pack(s, 0, 3, 4, m.f32, m.bf16));
  FAILS(kInvalid, "channels is -1", azj_bf16_pack(s, 2, -1, 4, m.f32, m.bf16));
  FAILS(kInvalid, "positions is 0", azj_bf16_unpack(s, 2, 3, 0, m.bf16, m.f32));
  // Three channels take eight: 2^61 of them are more than 2^63 bytes.
  FAILS(kInvalid, "packed[2305843009213693952][1][8] would have more",
        azj_bf16_pack(s, kHuge / 2, 3, 1, m.f32, m.bf16));
  FAILS(kInvalid, "rounded up to a multiple of 8", azj_bf16_pack(s, 1, INT64_MAX, 1, m.f32, m.bf16));
  FAILS(kInvalid, "x is NULL", azj_bf16_pack(s, 2, 3, 4, nullptr, m.bf16));
  FAILS(kInvalid, "packed is NULL", azj_bf16_pack(s, 2, 3, 4, m.f32, nullptr));
  FAILS(kInvalid, "it must be a multiple of 16", azj_bf16_pack(s, 2, 3, 4, m.f32, m.off()));
  FAILS(kInvalid, "packed is 0x", azj_bf16_unpack(s, 2, 3, 4, m.off(), m.f32));
  FAILS(kInvalid, "x is NULL", azj_bf16_unpack(s, 2, 3, 4, m.bf16, nullptr));
}

void gemm(azj_stream* s, Memory& m) {
  using D = azj_gemm_desc;
  D good{};
  good.m = good.n = good.k = 2;
  good.alpha = 1;
  good.lda = good.ldb = good.ldc = 8;
  FAILS(kUnsupported, kCpu, azj_bf16_gemm(s, &good, m.bf16, m.bf16 + 16, m.bf16 + 32));
  const Case<D, int64_t> sizes[] = {
      {&D::m, 0, kInvalid, "m is 0"},
      {&D::lda, 1, kInvalid, "lda is 1"},
      {&D::lda, 9, kInvalid, "lda is 9; rows of BF16 are at a distance of a multiple of 8"},
      {&D::ldb, 12, kInvalid, "16 bytes: the next is 16"},
      {&D::ldc, 2, kInvalid, "ldc is 2; rows of BF16"}};
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    FAILS(c.status, c.text, azj_bf16_gemm(s, &d, m.bf16, m.bf16 + 16, m.bf16 + 32));
  }
  FAILS(kInvalid, "desc is NULL", azj_bf16_gemm(s, nullptr, m.bf16, m.bf16, m.bf16));
  FAILS(kInvalid, "a is NULL", azj_bf16_gemm(s, &good, nullptr, m.bf16, m.bf16));
  FAILS(kInvalid, "b is 0x", azj_bf16_gemm(s, &good, m.bf16, m.off(), m.bf16));
  FAILS(kInvalid, "c is NULL", azj_bf16_gemm(s, &good, m.bf16, m.bf16, nullptr));
}

void conv2d(azj_stream* s, Memory& m) {
  using D = azj_conv2d_desc;
  const D good{1, 2, 4, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, AZJ_CONV_AUTO, AZJ_RELU, 0, 0};
  uint64_t bytes = 0;
  azj_bf16 *x = m.bf16, *w = m.bf16 + 16, *y = m.bf16 + 32;
  for (const int32_t algorithm : {AZJ_CONV_AUTO, AZJ_CONV_HOPPER_BF16}) {
    D d = good;
    d.algorithm = algorithm;
    for (const int32_t pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
      FAILS(kUnsupported, kCpu, azj_bf16_conv2d_workspace_bytes(s, &d, pass, &bytes));
    }
    FAILS(kUnsupported, kCpu, azj_bf16_conv2d_forward(s, &d, x, w, nullptr, y, nullptr, 0));
    FAILS(kUnsupported, kCpu, azj_bf16_conv2d_grad_input(s, &d, y, w, x, nullptr, 0));
    FAILS(kUnsupported, kCpu, azj_bf16_conv2d_grad_weights(s, &d, x, y, m.f32, nullptr, 0));
  }
  const Case<D, int64_t> sizes[] = {
      {&D::batch, 0, kInvalid, "batch is 0"},
      {&D::kernel_h, 7, kInvalid, "is larger than the padded input"},
      {&D::groups, 2, kUnsupported, "a convolution on BF16 has one group; this one has 2"},
      {&D::groups, 3, kInvalid, "groups is 3; it must divide"},
      {&D::batch, kHuge / 32, kInvalid, "would have more"},
  };
  const Case<D, int32_t> choices[] = {
      {&D::algorithm, AZJ_CONV_DIRECT, kUnsupported, "algorithm 1 has no form for BF16 with channels last"},
      {&D::algorithm, AZJ_CONV_HOPPER_TF32, kUnsupported, "AZJ_CONV_AUTO (0) and AZJ_CONV_HOPPER_BF16 (8) do"},
      {&D::algorithm, 99, kInvalid, "algorithm is 99"},
      {&D::activation, 17, kInvalid, "activation is 17"}};
  const auto refused = [&](const D& d, azj_status status, const char* text) {
    FAILS(status, text, azj_bf16_conv2d_workspace_bytes(s, &d, AZJ_CONV_FORWARD, &bytes));
    FAILS(status, text, azj_bf16_conv2d_forward(s, &d, x, w, nullptr, y, nullptr, 0));
    FAILS(status, text, azj_bf16_conv2d_grad_input(s, &d, y, w, x, nullptr, 0));
    FAILS(status, text, azj_bf16_conv2d_grad_weights(s, &d, x, y, m.f32, nullptr, 0));
  };
  for (const auto& c : sizes) {
    D d = good;
    d.*c.field = c.value;
    refused(d, c.status, c.text);
  }
  for (const auto& c : choices) {
    D d = good;
    d.*c.field = c.value;
    refused(d, c.status, c.text);
  }
  FAILS(kInvalid, "pass is 3", azj_bf16_conv2d_workspace_bytes(s, &good, 3, &bytes));
  FAILS(kInvalid, "bytes is NULL", azj_bf16_conv2d_workspace_bytes(s, &good, 0, nullptr));
  FAILS(kInvalid, "x is NULL", azj_bf16_conv2d_forward(s, &good, nullptr, w, nullptr, y, nullptr, 0));
  FAILS(kInvalid, "w is 0x", azj_bf16_conv2d_forward(s, &good, x, m.off(), nullptr, y, nullptr, 0));
  FAILS(kInvalid, "y is 0x", azj_bf16_conv2d_forward(s, &good, x, w, nullptr, m.off(), nullptr, 0));
  const auto* bias = reinterpret_cast<const float*>(m.bytes + 1);
  FAILS(kInvalid, "bias is 0x", azj_bf16_conv2d_forward(s, &good, x, w, bias, y, nullptr, 0));
  FAILS(kInvalid, "grad_z is NULL", azj_bf16_conv2d_grad_input(s, &good, nullptr, w, x, nullptr, 0));
  FAILS(kInvalid, "grad_x is 0x", azj_bf16_conv2d_grad_input(s, &good, y, w, m.off(), nullptr, 0));
  FAILS(kInvalid, "grad_z is 0x", azj_bf16_conv2d_grad_weights(s, &good, x, m.off(), m.f32, nullptr, 0));
  FAILS(kInvalid, "grad_w is NULL", azj_bf16_conv2d_grad_weights(s, &good, x, y, nullptr, nullptr, 0));
}

void conv2d_pool(azj_stream* s, Memory& m) {
  using D = azj_conv2d_desc;
  const D good{1, 2, 4, 4, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, AZJ_CONV_AUTO, AZJ_RELU, 0, 0};
  uint64_t bytes = 0;
  azj_bf16 *x = m.bf16, *w = m.bf16 + 16, *y = m.bf16 + 32;
  const auto refused = [&](const D* d, azj_status status, const char* text) {
    FAILS(status, text, azj_bf16_conv2d_pool_workspace_bytes(s, d, &bytes));
    FAILS(status, text, azj_bf16_conv2d_pool_forward(s, d, x, w, nullptr, y, m.bytes, nullptr, 0));
    FAILS(status, text, azj_bf16_conv2d_pool_backward(s, d, y, m.bytes, y, x, m.f32));
  };
  refused(&good, kUnsupported, kCpu);
  refused(nullptr, kInvalid, "desc is NULL");
  D flat = good, grouped = good;
  flat.width = 1;
  grouped.groups = 2;
  refused(&flat, kInvalid, "the convolution's output is 4x1; a 2x2 window needs at least two rows and two columns");
  refused(&grouped, kUnsupported, "has one group");
  const auto forward = [&](const azj_bf16* source, const azj_bf16* weights, const float* bias, azj_bf16* to,
                           uint8_t* argmax) {
    return azj_bf16_conv2d_pool_forward(s, &good, source, weights, bias, to, argmax, nullptr, 0);
  };
  const auto* bias = reinterpret_cast<const float*>(m.bytes + 1);
  FAILS(kInvalid, "stream is NULL", azj_bf16_conv2d_pool_workspace_bytes(nullptr, &good, &bytes));
  FAILS(kInvalid, "bytes is NULL", azj_bf16_conv2d_pool_workspace_bytes(s, &good, nullptr));
  FAILS(kInvalid, "x is NULL", forward(nullptr, w, nullptr, y, m.bytes));
  FAILS(kInvalid, "w is 0x", forward(x, m.off(), nullptr, y, m.bytes));
  FAILS(kInvalid, "bias is 0x", forward(x, w, bias, y, m.bytes));
  FAILS(kInvalid, "y is 0x", forward(x, w, nullptr, m.off(), m.bytes));
  FAILS(kInvalid, "argmax is 0x", forward(x, w, nullptr, y, m.bytes + 4));
  FAILS(kUnsupported, kCpu, forward(x, w, nullptr, y, nullptr));
  const auto backward = [&](const azj_bf16* out, const uint8_t* argmax, const azj_bf16* grad, azj_bf16* to,
                            float* sums) {
    return azj_bf16_conv2d_pool_backward(s, &good, out, argmax, grad, to, sums);
  };
  FAILS(kInvalid, "y is NULL", backward(nullptr, m.bytes, y, x, nullptr));
  FAILS(kInvalid, "argmax is NULL", backward(y, nullptr, y, x, nullptr));
  FAILS(kInvalid, "argmax is 0x", backward(y, m.bytes + 4, y, x, nullptr));
  FAILS(kInvalid, "grad_y is 0x", backward(y, m.bytes, m.off(), x, nullptr));
  FAILS(kInvalid, "grad_z is NULL", backward(y, m.bytes, y, nullptr, nullptr));
  FAILS(kInvalid, "grad_bias is 0x", backward(y, m.bytes, y, x, reinterpret_cast<float*>(m.bytes + 1)));
  FAILS(kUnsupported, kCpu, backward(y, m.bytes, y, x, nullptr));
}

void activation_backward(azj_stream* s, Memory& m) {
  const auto call = [&](int32_t activation, float slope, int64_t pixels, int64_t channels) {
    return azj_bf16_activation_backward(s, activation, slope, pixels, channels, m.bf16, m.bf16, m.bf16, m.f32);
  };
  FAILS(kUnsupported, kCpu, call(AZJ_RELU, 0, 2, 3));
  FAILS(kInvalid, "activation is -1", call(-1, 0, 2, 3));
  FAILS(kInvalid, "slope is -0.5", call(AZJ_LEAKY_RELU, -0.5f, 2, 3));
  FAILS(kInvalid, "pixels is 0", call(AZJ_RELU, 0, 0, 3));
  FAILS(kInvalid, "channels is 0", call(AZJ_RELU, 0, 2, 0));
  FAILS(kInvalid, "y[2305843009213693952][8] would have more", call(AZJ_RELU, 0, kHuge / 2, 3));
  azj_bf16* off = m.off();
  FAILS(kInvalid, "y is NULL", azj_bf16_activation_backward(s, AZJ_RELU, 0, 1, 1, nullptr, m.bf16, m.bf16, nullptr));
  FAILS(kInvalid, "grad_y is 0x", azj_bf16_activation_backward(s, AZJ_RELU, 0, 1, 1, m.bf16, off, m.bf16, nullptr));
  FAILS(kInvalid, "grad_z is 0x", azj_bf16_activation_backward(s, AZJ_RELU, 0, 1, 1, m.bf16, m.bf16, off, nullptr));
  auto* bias = reinterpret_cast<float*>(m.bytes + 1);
  FAILS(kInvalid, "grad_bias is 0x", azj_bf16_activation_backward(s, AZJ_RELU, 0, 1, 1, m.bf16, m.bf16, m.bf16, bias));
  FAILS(kUnsupported, kCpu, azj_bf16_activation_backward(s, AZJ_RELU, 0, 1, 1, m.bf16, m.bf16, m.bf16, nullptr));
}

void pool2d(azj_stream* s, Memory& m) {
  using D = azj_pool2d_desc;
  const D good{1, 2, 4, 4, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_forward(s, &good, m.bf16, m.bf16 + 32, m.bytes));
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_forward(s, &good, m.bf16, m.bf16 + 32, nullptr));
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_backward(s, &good, m.bf16 + 32, m.bytes, m.bf16));

  D window = good;
  window.height = window.width = 32;
  window.window_h = 16;
  window.window_w = 17;
  FAILS(kUnsupported, "a window of 16x17 has more than 256 taps, and argmax is a byte",
        azj_bf16_pool2d_forward(s, &window, m.bf16, m.bf16, m.bytes));
  FAILS(kUnsupported, "more than 256 taps", azj_bf16_pool2d_backward(s, &window, m.bf16, m.bytes, m.bf16));
  window.mode = AZJ_POOL_MEAN;
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_forward(s, &window, m.bf16, m.bf16, nullptr));
  window.mode = AZJ_POOL_MAX;
  window.window_w = 16;
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_forward(s, &window, m.bf16, m.bf16, m.bytes));

  D d = good;
  d.stride_w = 0;
  FAILS(kInvalid, "stride_w is 0", azj_bf16_pool2d_forward(s, &d, m.bf16, m.bf16, m.bytes));
  d = good;
  d.batch = kHuge / 256;  // fits with two channels, not with the eight that two take
  FAILS(kInvalid, "x[18014398509481984][4][4][8] would have more",
        azj_bf16_pool2d_forward(s, &d, m.bf16, m.bf16, m.bytes));
  FAILS(kInvalid, "desc is NULL", azj_bf16_pool2d_forward(s, nullptr, m.bf16, m.bf16, m.bytes));
  FAILS(kInvalid, "x is 0x", azj_bf16_pool2d_forward(s, &good, m.off(), m.bf16, m.bytes));
  FAILS(kInvalid, "y is NULL", azj_bf16_pool2d_forward(s, &good, m.bf16, nullptr, m.bytes));
  FAILS(kInvalid, "it must be a multiple of 8", azj_bf16_pool2d_forward(s, &good, m.bf16, m.bf16, m.bytes + 4));
  FAILS(kInvalid, "grad_y is 0x", azj_bf16_pool2d_backward(s, &good, m.off(), m.bytes, m.bf16));
  FAILS(kInvalid, "argmax is NULL", azj_bf16_pool2d_backward(s, &good, m.bf16, nullptr, m.bf16));
  FAILS(kInvalid, "argmax is 0x", azj_bf16_pool2d_backward(s, &good, m.bf16, m.bytes + 1, m.bf16));
  FAILS(kInvalid, "grad_x is NULL", azj_bf16_pool2d_backward(s, &good, m.bf16, m.bytes, nullptr));
  d = good;
  d.mode = AZJ_POOL_MEAN;
  FAILS(kUnsupported, kCpu, azj_bf16_pool2d_backward(s, &d, m.bf16, nullptr, m.bf16));
}

}  // namespace

int main() {
  Session session(1);  // skips the test where the instruction set is missing
  Memory memory{};
  packing(session.stream, memory);
  gemm(session.stream, memory);
  conv2d(session.stream, memory);
  conv2d_pool(session.stream, memory);
  activation_backward(session.stream, memory);
  pool2d(session.stream, memory);
  return finish("validation of BF16");
}
