package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** What a device is. */
public enum DeviceKind {
  /** The host: its memory, and a team of its threads for each stream. */
  CPU(azulejo_h.AZJ_DEVICE_CPU()),
  /** An NVIDIA GPU. */
  CUDA(azulejo_h.AZJ_DEVICE_CUDA()),
  /** The CUDA kernels executed on the host; in test builds of the native library only. */
  EMULATED(azulejo_h.AZJ_DEVICE_EMULATED());

  private final int code;

  DeviceKind(int code) {
    this.code = code;
  }

  /** {@code azj_device_kind} of azulejo.h. */
  int code() {
    return code;
  }
}
