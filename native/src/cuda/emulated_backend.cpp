// Linked into libazulejo_emulated.so: CUDA devices are the emulation's, and say so.
#include "../accelerator.hpp"
#include "device.hpp"

namespace azj {

const Accelerator& accelerator() {
  static const Accelerator devices{AZJ_DEVICE_EMULATED, [] { return "emulated " + cuda::build_text(); },
                                   cuda::count_devices,
                                   [](int32_t ordinal) { return cuda::open_device(AZJ_DEVICE_EMULATED, ordinal); }};
  return devices;
}

}  // namespace azj
