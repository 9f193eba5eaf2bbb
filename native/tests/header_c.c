/* azulejo.h is C99, can be included twice, and every function it declares can be linked: the program refers to each and
 * prints their names; symbols.sh compares the list with the header and with the library's exports. */
#include "azulejo.h"
#include "azulejo.h"

#include <stdio.h>

typedef void (*function)(void);

#define ENTRY(name) {#name, (function)name}

static const struct {
  const char* name;
  function address;
} functions[] = {
    ENTRY(azj_abi_version),
    ENTRY(azj_build_info),
    ENTRY(azj_last_error),
    ENTRY(azj_status_name),
    ENTRY(azj_device_count),
    ENTRY(azj_device_open),
    ENTRY(azj_device_close),
    ENTRY(azj_device_query),
    ENTRY(azj_stream_open),
    ENTRY(azj_stream_close),
    ENTRY(azj_stream_threads),
    ENTRY(azj_stream_native),
    ENTRY(azj_synchronize),
    ENTRY(azj_alloc),
    ENTRY(azj_free),
    ENTRY(azj_live_bytes),
    ENTRY(azj_upload),
    ENTRY(azj_download),
    ENTRY(azj_copy),
    ENTRY(azj_host_alloc),
    ENTRY(azj_host_free),
    ENTRY(azj_upload_async),
    ENTRY(azj_download_async),
    ENTRY(azj_event_open),
    ENTRY(azj_event_close),
    ENTRY(azj_event_record),
    ENTRY(azj_event_synchronize),
    ENTRY(azj_event_wait),
    ENTRY(azj_event_elapsed),
    ENTRY(azj_graph_begin),
    ENTRY(azj_graph_end),
    ENTRY(azj_graph_launch),
    ENTRY(azj_graph_size),
    ENTRY(azj_graph_close),
    ENTRY(azj_fill),
    ENTRY(azj_scale),
    ENTRY(azj_axpy),
    ENTRY(azj_sum),
    ENTRY(azj_gemm),
    ENTRY(azj_gemm_batched),
    ENTRY(azj_gemm_choice),
    ENTRY(azj_activation_forward),
    ENTRY(azj_activation_backward),
    ENTRY(azj_softmax_forward),
    ENTRY(azj_softmax_backward),
    ENTRY(azj_conv2d_output_size),
    ENTRY(azj_conv2d_algorithm),
    ENTRY(azj_conv2d_workspace_bytes),
    ENTRY(azj_conv2d_forward),
    ENTRY(azj_conv2d_grad_input),
    ENTRY(azj_conv2d_grad_weights),
    ENTRY(azj_conv2d_grad_bias),
    ENTRY(azj_im2col),
    ENTRY(azj_col2im),
    ENTRY(azj_pool2d_output_size),
    ENTRY(azj_pool2d_forward),
    ENTRY(azj_pool2d_backward),
    ENTRY(azj_conv2d_pool_algorithm),
    ENTRY(azj_conv2d_pool_workspace_bytes),
    ENTRY(azj_conv2d_pool_forward),
    ENTRY(azj_conv2d_pool_backward),
    ENTRY(azj_dense_forward),
    ENTRY(azj_dense_grad_input),
    ENTRY(azj_dense_grad_weights),
    ENTRY(azj_dense_grad_bias),
    ENTRY(azj_softmax_cross_entropy),
    ENTRY(azj_sigmoid_cross_entropy),
    ENTRY(azj_mean_squared_error),
    ENTRY(azj_argmax),
    ENTRY(azj_sgd),
    ENTRY(azj_adam),
    ENTRY(azj_gather),
    ENTRY(azj_select),
    ENTRY(azj_bf16_pack),
    ENTRY(azj_bf16_unpack),
    ENTRY(azj_bf16_gemm),
    ENTRY(azj_bf16_conv2d_workspace_bytes),
    ENTRY(azj_bf16_conv2d_forward),
    ENTRY(azj_bf16_conv2d_grad_input),
    ENTRY(azj_bf16_conv2d_grad_weights),
    ENTRY(azj_bf16_conv2d_pool_workspace_bytes),
    ENTRY(azj_bf16_conv2d_pool_forward),
    ENTRY(azj_bf16_conv2d_pool_backward),
    ENTRY(azj_bf16_activation_backward),
    ENTRY(azj_bf16_pool2d_forward),
    ENTRY(azj_bf16_pool2d_backward),
    ENTRY(azj_random_uniform),
    ENTRY(azj_random_normal),
};

int main(void) {
  size_t i;
  if (azj_abi_version() != AZJ_ABI_VERSION) return 1;
  for (i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
    if (functions[i].address == 0) return 1;
    puts(functions[i].name);
  }
  return 0;
}
