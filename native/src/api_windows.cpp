// azulejo.h: convolution and pooling, an operation a function as in api_operations.cpp.
#include "api.hpp"
#include "validate.hpp"

using namespace azj;

// ---- convolution

azj_status azj_conv2d_output_size(const azj_conv2d_desc* desc, int64_t* out_h, int64_t* out_w) {
  return guard(__func__, [&] {
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("out_h", out_h);
    check_pointer("out_w", out_w);
    *out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
    *out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  });
}

azj_status azj_conv2d_algorithm(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass, int32_t* algorithm) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pass(pass);
    check_pointer("algorithm", algorithm);
    *algorithm = stream->conv2d_algorithm(d, pass);
  });
}

azj_status azj_conv2d_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, int32_t pass, uint64_t* bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pass(pass);
    check_pointer("bytes", bytes);
    *bytes = stream->conv2d_workspace_bytes(d, pass);
  });
}

azj_status azj_conv2d_forward(azj_stream* stream, const azj_conv2d_desc* desc, const float* x, const float* w,
                              const float* bias, float* y, void* workspace, uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("x", x);
    check_pointer("w", w);
    check_optional("bias", bias);
    check_pointer("y", y);
    check_workspace(*stream, d, AZJ_CONV_FORWARD, workspace, workspace_bytes);
    stream->conv2d_forward(d, x, w, bias, y, workspace);
  });
}

azj_status azj_conv2d_grad_input(azj_stream* stream, const azj_conv2d_desc* desc, const float* grad_z, const float* w,
                                 float* grad_x, void* workspace, uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("grad_z", grad_z);
    check_pointer("w", w);
    check_pointer("grad_x", grad_x);
    check_workspace(*stream, d, AZJ_CONV_GRAD_INPUT, workspace, workspace_bytes);
    stream->conv2d_grad_input(d, grad_z, w, grad_x, workspace);
  });
}

azj_status azj_conv2d_grad_weights(azj_stream* stream, const azj_conv2d_desc* desc, const float* x,
                                   const float* grad_z, float* grad_w, void* workspace, uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("x", x);
    check_pointer("grad_z", grad_z);
    check_pointer("grad_w", grad_w);
    check_workspace(*stream, d, AZJ_CONV_GRAD_WEIGHTS, workspace, workspace_bytes);
    stream->conv2d_grad_weights(d, x, grad_z, grad_w, workspace);
  });
}

azj_status azj_conv2d_grad_bias(azj_stream* stream, const azj_conv2d_desc* desc, const float* grad_z,
                                float* grad_bias) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("grad_z", grad_z);
    check_pointer("grad_bias", grad_bias);
    stream->conv2d_grad_bias(d, grad_z, grad_bias);
  });
}

azj_status azj_im2col(azj_stream* stream, const azj_conv2d_desc* desc, const float* x, float* x_unroll) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("x", x);
    check_pointer("x_unroll", x_unroll);
    stream->im2col(d, x, x_unroll);
  });
}

azj_status azj_col2im(azj_stream* stream, const azj_conv2d_desc* desc, const float* x_unroll, float* x) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked_conv2d(desc);
    check_pointer("x_unroll", x_unroll);
    check_pointer("x", x);
    stream->col2im(d, x_unroll, x);
  });
}

// ---- pooling

azj_status azj_pool2d_output_size(const azj_pool2d_desc* desc, int64_t* out_h, int64_t* out_w) {
  return guard(__func__, [&] {
    check_pool2d(desc);
    check_pointer("out_h", out_h);
    check_pointer("out_w", out_w);
    *out_h = output_size(desc->height, desc->pad_h, desc->window_h, 1, desc->stride_h);
    *out_w = output_size(desc->width, desc->pad_w, desc->window_w, 1, desc->stride_w);
  });
}

azj_status azj_pool2d_forward(azj_stream* stream, const azj_pool2d_desc* desc, const float* x, float* y,
                              int32_t* argmax) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pool2d(desc);
    check_pointer("x", x);
    check_pointer("y", y);
    check_optional("argmax", argmax);
    stream->pool2d_forward(*desc, x, y, argmax);
  });
}

azj_status azj_pool2d_backward(azj_stream* stream, const azj_pool2d_desc* desc, const float* grad_y,
                               const int32_t* argmax, float* grad_x) {
  return guard(__func__, [&] {
    stream_of(stream);
    check_pool2d(desc);
    check_pointer("grad_y", grad_y);
    if (desc->mode == AZJ_POOL_MAX) check_pointer("argmax", argmax);
    check_pointer("grad_x", grad_x);
    stream->pool2d_backward(*desc, grad_y, argmax, grad_x);
  });
}
