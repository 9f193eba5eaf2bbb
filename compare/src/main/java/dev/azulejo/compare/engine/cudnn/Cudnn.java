package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceUnavailableException;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Status;
import dev.azulejo.device.UnsupportedProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls of cuDNN with their status checked. */
final class Cudnn {
  /** The value of CUDNN_STATUS_SUCCESS, a constant to the compiler. */
  static final int SUCCESS = 0;

  private final CudnnApi api;

  Cudnn(CudnnApi api) {
    this.api = api;
  }

  /** A function that writes one handle or pointer and returns a status. */
  @FunctionalInterface
  interface Maker {
    int make(MemorySegment out);
  }

  CudnnApi api() {
    return api;
  }

  /** Returns where the call succeeded; allocates nothing then. */
  void check(int status, String function, String what) {
    if (status != SUCCESS) {
      throw failure(status, function, what);
    }
  }

  /** What a function writes to its argument. */
  MemorySegment make(String function, Maker maker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(cudnn_h.C_POINTER);
      check(maker.make(out), function, "");
      return out.get(cudnn_h.C_POINTER, 0);
    }
  }

  /**
   * The exception for a failed call. cuDNN 9 counts its statuses by thousands: 1000 the library
   * cannot work, 2000 a bad parameter, 3000 not supported, 4000 internal, 5000 the device failed.
   */
  AzulejoException failure(int status, String function, String what) {
    String text =
        "cuDNN "
            + api.version()
            + " says \""
            + api.errorString(status)
            + "\""
            + (what.isEmpty() ? "" : " of " + what)
            + ": "
            + api.lastErrorString();
    if (status == cudnn_h.CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED()
        || status == cudnn_h.CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED()) {
      return new OutOfDeviceMemoryException(function, text);
    }
    return switch (status / 1000) {
      case 1 -> new DeviceUnavailableException(function, text);
      case 2 -> new AzulejoException(function, Status.INVALID_ARGUMENT, text);
      case 3 -> new UnsupportedProblemException(function, text);
      default -> new AzulejoException(function, Status.INTERNAL, text);
    };
  }
}
