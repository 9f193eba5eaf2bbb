// azulejo.h: convolution and max pooling in one operation.
#include "api.hpp"
#include "validate.hpp"

using namespace azj;

namespace {

azj_conv2d_desc checked(const azj_conv2d_desc* desc) {
  const azj_conv2d_desc d = checked_conv2d(desc);
  check_conv2d_pool(d);
  return d;
}

}  // namespace

azj_status azj_conv2d_pool_algorithm(azj_stream* stream, const azj_conv2d_desc* desc, int32_t* algorithm) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked(desc);
    check_pointer("algorithm", algorithm);
    *algorithm = stream->conv2d_pool_algorithm(d);
  });
}

azj_status azj_conv2d_pool_workspace_bytes(azj_stream* stream, const azj_conv2d_desc* desc, uint64_t* bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked(desc);
    check_pointer("bytes", bytes);
    *bytes = stream->conv2d_pool_workspace_bytes(d);
  });
}

azj_status azj_conv2d_pool_forward(azj_stream* stream, const azj_conv2d_desc* desc, const float* x, const float* w,
                                   const float* bias, float* y, int32_t* argmax, void* workspace,
                                   uint64_t workspace_bytes) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked(desc);
    check_pointer("x", x);
    check_pointer("w", w);
    check_optional("bias", bias);
    check_pointer("y", y);
    check_optional("argmax", argmax);
    check_pool_workspace(*stream, d, workspace, workspace_bytes);
    stream->conv2d_pool_forward(d, x, w, bias, y, argmax, workspace);
  });
}

azj_status azj_conv2d_pool_backward(azj_stream* stream, const azj_conv2d_desc* desc, const float* y,
                                    const int32_t* argmax, const float* grad_y, float* grad_z, float* grad_bias) {
  return guard(__func__, [&] {
    stream_of(stream);
    const azj_conv2d_desc d = checked(desc);
    check_pointer("y", y);
    check_pointer("argmax", argmax);
    check_pointer("grad_y", grad_y);
    check_pointer("grad_z", grad_z);
    check_optional("grad_bias", grad_bias);
    stream->conv2d_pool_backward(d, y, argmax, grad_y, grad_z, grad_bias);
  });
}
