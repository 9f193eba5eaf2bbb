// azulejo.h: operations on BF16 with channels last.
#include "api.hpp"
#include "validate.hpp"

using namespace azj;

azj_status azj_bf16_pack(azj_stream* stream, int64_t rows, int64_t channels, int64_t positions, const float* x,
                         azj_bf16* packed) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_packed(rows, channels, positions);
    check_pointer("x", x);
    check_bf16("packed", packed);
    stream->bf16_pack(rows, channels, positions, x, packed);
  });
}

azj_status azj_bf16_unpack(azj_stream* stream, int64_t rows, int64_t channels, int64_t positions,
                           const azj_bf16* packed, float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_packed(rows, channels, positions);
    check_bf16("packed", packed);
    check_pointer("x", x);
    stream->bf16_unpack(rows, channels, positions, packed, x);
  });
}

azj_status azj_bf16_gemm(azj_stream* stream, const azj_gemm_desc* desc, const azj_bf16* a, const azj_bf16* b,
                         azj_bf16* c) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_bf16_gemm(desc);
    check_bf16("a", a);
    check_bf16("b", b);
    check_bf16("c", c);
    stream->bf16_gemm(*desc, a, b, c);
  });
}

azj_status azj_bf16_conv2d_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass,
                                           uint64_t* bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d(desc);
    check_pass(pass);
    check_pointer("bytes", bytes);
    *bytes = stream->bf16_conv2d_workspace_bytes(d, pass);
  });
}

azj_status azj_bf16_conv2d_forward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                   const azj_bf16* w, const float* bias, azj_bf16* y, void* workspace,
                                   uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d(desc);
    check_bf16("x", x);
    check_bf16("w", w);
    check_optional("bias", bias);
    check_bf16("y", y);
    check_bf16_workspace(*stream, d, AZJ_CONV_FORWARD, workspace, workspace_bytes);
    stream->bf16_conv2d_forward(d, x, w, bias, y, workspace);
  });
}

azj_status azj_bf16_conv2d_grad_input(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* grad_z,
                                      const azj_bf16* w, azj_bf16* grad_x, void* workspace,
                                      uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d(desc);
    check_bf16("grad_z", grad_z);
    check_bf16("w", w);
    check_bf16("grad_x", grad_x);
    check_bf16_workspace(*stream, d, AZJ_CONV_GRAD_INPUT, workspace, workspace_bytes);
    stream->bf16_conv2d_grad_input(d, grad_z, w, grad_x, workspace);
  });
}

azj_status azj_bf16_conv2d_grad_weights(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                        const azj_bf16* grad_z, float* grad_w, void* workspace,
                                        uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d(desc);
    check_bf16("x", x);
    check_bf16("grad_z", grad_z);
    check_pointer("grad_w", grad_w);
    check_bf16_workspace(*stream, d, AZJ_CONV_GRAD_WEIGHTS, workspace, workspace_bytes);
    stream->bf16_conv2d_grad_weights(d, x, grad_z, grad_w, workspace);
  });
}

azj_status azj_bf16_conv2d_pool_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, uint64_t* bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d_pool(desc);
    check_pointer("bytes", bytes);
    *bytes = stream->bf16_conv2d_pool_workspace_bytes(d);
  });
}

azj_status azj_bf16_conv2d_pool_forward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* x,
                                        const azj_bf16* w, const float* bias, azj_bf16* y, uint8_t* argmax,
                                        void* workspace, uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d_pool(desc);
    check_bf16("x", x);
    check_bf16("w", w);
    check_optional("bias", bias);
    check_bf16("y", y);
    check_bf16_argmax(argmax);
    check_bf16_pool_workspace(*stream, d, workspace, workspace_bytes);
    stream->bf16_conv2d_pool_forward(d, x, w, bias, y, argmax, workspace);
  });
}

azj_status azj_bf16_conv2d_pool_backward(azj_stream* stream, const azj_conv2d_desc* desc, const azj_bf16* y,
                                         const uint8_t* argmax, const azj_bf16* grad_y, azj_bf16* grad_z,
                                         float* grad_bias) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_bf16_conv2d_pool(desc);
    check_bf16("y", y);
    check_pointer("argmax", argmax);
    check_bf16_argmax(argmax);
    check_bf16("grad_y", grad_y);
    check_bf16("grad_z", grad_z);
    check_optional("grad_bias", grad_bias);
    stream->bf16_conv2d_pool_backward(d, y, argmax, grad_y, grad_z, grad_bias);
  });
}

azj_status azj_bf16_activation_backward(azj_stream* stream, int32_t activation, float slope, int64_t pixels,
                                        int64_t channels, const azj_bf16* y, const azj_bf16* grad_y, azj_bf16* grad_z,
                                        float* grad_bias) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_activation(activation, slope);
    check_pixels(pixels, channels);
    check_bf16("y", y);
    check_bf16("grad_y", grad_y);
    check_bf16("grad_z", grad_z);
    check_optional("grad_bias", grad_bias);
    stream->bf16_activation_backward(activation, slope, pixels, channels, y, grad_y, grad_z, grad_bias);
  });
}

azj_status azj_bf16_pool2d_forward(azj_stream* stream, const azj_pool2d_desc* desc, const azj_bf16* x, azj_bf16* y,
                                   uint8_t* argmax) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_bf16_pool2d(desc);
    check_bf16("x", x);
    check_bf16("y", y);
    check_bf16_argmax(argmax);
    stream->bf16_pool2d_forward(*desc, x, y, argmax);
  });
}

azj_status azj_bf16_pool2d_backward(azj_stream* stream, const azj_pool2d_desc* desc, const azj_bf16* grad_y,
                                    const uint8_t* argmax, azj_bf16* grad_x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_bf16_pool2d(desc);
    check_bf16("grad_y", grad_y);
    if (desc->mode == AZJ_POOL_MAX) check_pointer("argmax", argmax);
    check_bf16_argmax(argmax);
    check_bf16("grad_x", grad_x);
    stream->bf16_pool2d_backward(*desc, grad_y, argmax, grad_x);
  });
}
