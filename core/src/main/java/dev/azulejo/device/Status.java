package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** Why a native function failed: {@code azj_status} of azulejo.h, one value per cause. */
public enum Status {
  /** It did not fail. */
  OK(azulejo_h.AZJ_OK()),
  /** A value, pointer, shape or descriptor that cannot be right. */
  INVALID_ARGUMENT(azulejo_h.AZJ_INVALID_ARGUMENT()),
  /** The device cannot give that much memory; everything else still works. */
  OUT_OF_MEMORY(azulejo_h.AZJ_OUT_OF_MEMORY()),
  /** A valid problem that this device or algorithm does not do. */
  UNSUPPORTED(azulejo_h.AZJ_UNSUPPORTED()),
  /** There is no such device, or this build of the library has no backend for it. */
  NO_DEVICE(azulejo_h.AZJ_NO_DEVICE()),
  /** The device failed; other devices keep working. */
  DEVICE_LOST(azulejo_h.AZJ_DEVICE_LOST()),
  /** The stream's workspace is smaller than the operation's query asked for. */
  WORKSPACE_TOO_SMALL(azulejo_h.AZJ_WORKSPACE_TOO_SMALL()),
  /** A defect in the native library. */
  INTERNAL(azulejo_h.AZJ_INTERNAL()),
  /** A code that this version of the bindings does not know. */
  UNKNOWN(-1);

  private final int code;

  Status(int code) {
    this.code = code;
  }

  /** The number that stands for this status in azulejo.h. */
  public int code() {
    return code;
  }

  /** The status with a number; {@link #UNKNOWN} for a number that azulejo.h does not have. */
  public static Status of(int code) {
    for (Status status : values()) {
      if (status.code == code) {
        return status;
      }
    }
    return UNKNOWN;
  }
}
