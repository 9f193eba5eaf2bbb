// What a batch needs as workspace suffices for every smaller one, as azulejo.h promises of a named algorithm: the last
// mini-batch of an epoch is shorter, and nothing is allocated for it.
#pragma once

#include <initializer_list>

#include "check.hpp"

// ask(d, &bytes) for batches of every kind of size; a problem that the device does not do may say so.
template <class Ask>
void never_more_for_less(azj_conv2d_desc d, const char* what, Ask ask) {
  uint64_t most = 0;
  int64_t at = 0;
  for (const int64_t batch : {1, 2, 3, 4, 5, 7, 8, 11, 16, 17, 31, 64, 100}) {
    d.batch = batch;
    uint64_t bytes = 0;
    const azj_status status = ask(d, &bytes);
    if (status == AZJ_UNSUPPORTED) return;
    OK(status);
    if (bytes < most) {
      ++failures;
      std::printf("algorithm %d, %s, %d channels and %d filters %d x %d, stride %d, of %d x %d: %d samples need %.0f "
                  "bytes, %d %.0f\n",
                  d.algorithm, what, static_cast<int>(d.channels), static_cast<int>(d.filters),
                  static_cast<int>(d.kernel_h), static_cast<int>(d.kernel_w), static_cast<int>(d.stride_h),
                  static_cast<int>(d.height), static_cast<int>(d.width), static_cast<int>(batch),
                  static_cast<double>(bytes), static_cast<int>(at), static_cast<double>(most));
    }
    if (bytes > most) most = bytes, at = batch;
  }
}

// Convolutions of one sample, all but depthwise ones with one group.
template <class Visit>
void each_convolution(Visit visit) {
  for (const int channels : {1, 3, 16, 64, 256}) {
    for (const int filters : {6, 32, 64, 128, 512}) {
      for (const int kernel : {1, 3, 5}) {
        for (const int size : {5, 7, 14, 33}) {
          for (const int stride : {1, 2}) {
            azj_conv2d_desc d{};
            d.batch = d.groups = d.dilation_h = d.dilation_w = 1;
            d.channels = channels, d.filters = filters, d.height = d.width = size;
            d.kernel_h = d.kernel_w = kernel, d.pad_h = d.pad_w = kernel / 2;
            d.stride_h = d.stride_w = stride;
            visit(d);
            if (channels == filters) d.groups = channels, visit(d);
          }
        }
      }
    }
  }
}

// Both operations with a workspace of their own, by each of the algorithms that the stream's device has.
inline void check_workspaces(azj_stream* stream, int32_t last_algorithm) {
  const char* names[] = {"forward", "gradient to the input", "gradient to the weights"};
  each_convolution([&](azj_conv2d_desc d) {
    for (d.algorithm = AZJ_CONV_AUTO + 1; d.algorithm <= last_algorithm; ++d.algorithm) {
      for (const int32_t pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
        never_more_for_less(d, names[pass], [&](const azj_conv2d_desc& one, uint64_t* bytes) {
          return azj_conv2d_workspace_bytes(stream, &one, pass, bytes);
        });
      }
      if (d.height / d.stride_h < 2) continue;
      never_more_for_less(d, "with pooling", [&](const azj_conv2d_desc& one, uint64_t* bytes) {
        return azj_conv2d_pool_workspace_bytes(stream, &one, bytes);
      });
    }
  });
}
