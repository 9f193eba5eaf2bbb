// A GPU for which this build has no kernels: run by ctest with AZULEJO_EMULATION_CAPABILITY=70, below the oldest.
#include "emulated_session.hpp"

int main() {
  int32_t count = 0;
  OK(azj_device_count(AZJ_DEVICE_EMULATED, &count));
  CHECK(count == 2);  // it is there, and listed; it cannot be opened
  for (int32_t ordinal = 0; ordinal < count; ++ordinal) {
    azj_device* device = nullptr;
    FAILS(AZJ_NO_DEVICE, "has compute capability 7.0, for which this build of libazulejo has no kernels",
          azj_device_open(AZJ_DEVICE_EMULATED, ordinal, &device));
    CHECK(std::strstr(azj_last_error(), "Build it with 70 in AZJ_CUDA_ARCHITECTURES") != nullptr);
    CHECK(device == nullptr);
  }
  return finish("cuda_old_gpu");
}
