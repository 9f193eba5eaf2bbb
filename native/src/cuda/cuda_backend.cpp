// Linked into libazulejo.so: CUDA devices are GPUs.
#include "../accelerator.hpp"
#include "device.hpp"

namespace azj {

const Accelerator& accelerator() {
  static const Accelerator devices{AZJ_DEVICE_CUDA, cuda::build_text,
                                   cuda::count_devices,
                                   [](int32_t ordinal) { return cuda::open_device(AZJ_DEVICE_CUDA, ordinal); }};
  return devices;
}

}  // namespace azj
