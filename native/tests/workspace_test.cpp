// What a batch needs as workspace suffices for every smaller one, as azulejo.h promises of a named algorithm: the last
// mini-batch of an epoch is shorter, and nothing is allocated for it.
#include <initializer_list>

#include "check.hpp"

namespace {

azj_conv2d_desc problem(int64_t channels, int64_t filters, int64_t size, int32_t algorithm) {
  azj_conv2d_desc d{};
  d.channels = channels, d.filters = filters, d.height = d.width = size;
  d.kernel_h = d.kernel_w = 3, d.pad_h = d.pad_w = 1;
  d.stride_h = d.stride_w = d.dilation_h = d.dilation_w = d.groups = 1;
  d.algorithm = algorithm;
  return d;
}

void never_more_for_less(azj_stream* stream, azj_conv2d_desc d, int32_t pass) {
  uint64_t most = 0;
  int64_t at = 0;
  for (const int64_t batch : {1, 2, 3, 4, 5, 8, 16, 17, 64, 100}) {
    d.batch = batch;
    uint64_t bytes = 0;
    OK(azj_conv2d_workspace_bytes(stream, &d, pass, &bytes));
    if (bytes < most) {
      ++failures;
      std::printf("algorithm %d, pass %d, %d channels and filters %d of %d x %d: %d samples need %.0f bytes, %d %.0f\n",
                  d.algorithm, pass, static_cast<int>(d.channels), static_cast<int>(d.filters),
                  static_cast<int>(d.height), static_cast<int>(d.width), static_cast<int>(batch),
                  static_cast<double>(bytes), static_cast<int>(at), static_cast<double>(most));
    }
    if (bytes > most) most = bytes, at = batch;
  }
}

}  // namespace

int main() {
  for (const int threads : {1, 2, 3, 4, 8}) {
    const Session s(threads);
    for (const int algorithm : {AZJ_CONV_IM2COL_GEMM, AZJ_CONV_DIRECT, AZJ_CONV_IMPLICIT_GEMM, AZJ_CONV_WINOGRAD}) {
      for (const int channels : {1, 16, 64, 256}) {
        for (const int filters : {6, 32, 64, 128, 512}) {
          for (const int size : {4, 7, 14, 33}) {
            for (const int pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
              never_more_for_less(s.stream, problem(channels, filters, size, algorithm), pass);
            }
          }
        }
      }
    }
  }
  return finish("workspace");
}
