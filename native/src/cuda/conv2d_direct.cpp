// AZJ_CONV_DIRECT: which kernels compute a pass of a shape.
//
//   DEPTHWISE      conv2d_depthwise.cu       3x3 and 5x5, one channel and one filter a group
//   FEW_CHANNELS   conv2d_few_channels*.cu   up to four input channels
//   GENERAL        conv2d_direct.cu          everything
#include "kernels.hpp"

namespace azj::cuda {

namespace {

enum class DirectKernels { GENERAL, DEPTHWISE, FEW_CHANNELS };

DirectKernels direct_kernels(const azj_conv2d_desc& d, int32_t pass) {
  if (conv2d_depthwise_fits(d, pass)) return DirectKernels::DEPTHWISE;
  if (pass == AZJ_CONV_FORWARD && conv2d_few_channels_fits(d)) return DirectKernels::FEW_CHANNELS;
  if (pass == AZJ_CONV_GRAD_INPUT && conv2d_few_channels_input_fits(d)) return DirectKernels::FEW_CHANNELS;
  if (pass == AZJ_CONV_GRAD_WEIGHTS && conv2d_few_channels_weights_fits(d)) return DirectKernels::FEW_CHANNELS;
  return DirectKernels::GENERAL;
}

}  // namespace

uint64_t conv2d_direct_workspace_bytes(const azj_conv2d_desc& d, int32_t pass) {
  if (pass != AZJ_CONV_GRAD_WEIGHTS) return 0;
  switch (direct_kernels(d, pass)) {
    case DirectKernels::DEPTHWISE: return conv2d_depthwise_grad_weights_workspace_bytes(d);
    case DirectKernels::FEW_CHANNELS: return conv2d_few_channels_weights_workspace_bytes(d);
    default: return 0;
  }
}

void conv2d_direct_forward(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* w,
                           const float* bias, float* y) {
  switch (direct_kernels(d, AZJ_CONV_FORWARD)) {
    case DirectKernels::DEPTHWISE: return conv2d_depthwise_forward(stream, d, x, w, bias, y);
    case DirectKernels::FEW_CHANNELS: return conv2d_few_channels_forward(stream, d, x, w, bias, y);
    default: return conv2d_general_forward(stream, d, x, w, bias, y);
  }
}

void conv2d_direct_grad_input(cudaStream_t stream, const azj_conv2d_desc& d, const float* grad_z, const float* w,
                              float* grad_x) {
  switch (direct_kernels(d, AZJ_CONV_GRAD_INPUT)) {
    case DirectKernels::DEPTHWISE: return conv2d_depthwise_grad_input(stream, d, grad_z, w, grad_x);
    case DirectKernels::FEW_CHANNELS: return conv2d_few_channels_grad_input(stream, d, grad_z, w, grad_x);
    default: return conv2d_general_grad_input(stream, d, grad_z, w, grad_x);
  }
}

void conv2d_direct_grad_weights(cudaStream_t stream, const azj_conv2d_desc& d, const float* x, const float* grad_z,
                                float* grad_w, void* workspace) {
  switch (direct_kernels(d, AZJ_CONV_GRAD_WEIGHTS)) {
    case DirectKernels::DEPTHWISE: return conv2d_depthwise_grad_weights(stream, d, x, grad_z, grad_w, workspace);
    case DirectKernels::FEW_CHANNELS: return conv2d_few_channels_grad_weights(stream, d, x, grad_z, grad_w, workspace);
    default: return conv2d_general_grad_weights(stream, d, x, grad_z, grad_w);
  }
}

}  // namespace azj::cuda
