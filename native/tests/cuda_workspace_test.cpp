// workspace.hpp on the emulated CUDA device, and of convolutions on BF16.
#include "workspace.hpp"

#include "emulated_session.hpp"

namespace {

void check_bf16(azj_stream* stream) {
  each_convolution([&](const azj_conv2d_desc& d) {
    for (const int32_t pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
      never_more_for_less(d, "BF16", [&](const azj_conv2d_desc& one, uint64_t* bytes) {
        return azj_bf16_conv2d_workspace_bytes(stream, &one, pass, bytes);
      });
    }
    never_more_for_less(d, "BF16 with pooling", [&](const azj_conv2d_desc& one, uint64_t* bytes) {
      return azj_bf16_conv2d_pool_workspace_bytes(stream, &one, bytes);
    });
  });
}

}  // namespace

int main() {
  const Emulated s;
  check_workspaces(s.stream, AZJ_CONV_WINOGRAD_2X2);
  check_bf16(s.stream);
  return finish("cuda_workspace");
}
