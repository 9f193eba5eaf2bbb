package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.bindings.dnnl.dnnl_version_t;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Status;
import dev.azulejo.device.UnsupportedProblemException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls of oneDNN with their status checked, and the small arrays that they take. */
final class Dnnl {
  /** The value of dnnl_success, a constant to the compiler. */
  private static final int SUCCESS = 0;

  private Dnnl() {}

  /** A function that writes one handle or pointer and returns a status. */
  @FunctionalInterface
  interface Maker {
    int make(MemorySegment out);
  }

  /** Returns where the call succeeded; allocates nothing then. */
  static void check(int status, String function) {
    check(status, function, "");
  }

  /**
   * As {@link #check(int, String)}.
   *
   * @param what was asked, for the message
   */
  static void check(int status, String function, Object what) {
    if (status != SUCCESS) {
      throw failure(status, function, what);
    }
  }

  /** What a function writes to its first argument. */
  static MemorySegment make(String function, Object what, Maker maker) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(dnnl_h.C_POINTER);
      check(maker.make(out), function, what);
      return out.get(dnnl_h.C_POINTER, 0);
    }
  }

  /** Sizes as oneDNN takes them. */
  static MemorySegment dims(Arena arena, long... sizes) {
    return arena.allocateFrom(dnnl_h.C_LONG, sizes);
  }

  /** The library's kind of threads, {@code DNNL_RUNTIME_...}. */
  static int runtime() {
    return dnnl_version_t.cpu_runtime(dnnl_h.dnnl_version().reinterpret(dnnl_version_t.sizeof()));
  }

  private static AzulejoException failure(int status, String function, Object what) {
    String text =
        "oneDNN "
            + VendorLibrary.DNNL.version()
            + " says \""
            + dnnl_h.dnnl_status2str(status).getString(0)
            + "\""
            + (what.equals("") ? "" : " of " + what);
    if (status == dnnl_h.dnnl_out_of_memory()) {
      return new OutOfDeviceMemoryException(function, text);
    }
    if (status == dnnl_h.dnnl_unimplemented()) {
      return new UnsupportedProblemException(
          function, text + ": it has no kernel for this problem on this processor");
    }
    return new AzulejoException(
        function,
        status == dnnl_h.dnnl_invalid_arguments() ? Status.INVALID_ARGUMENT : Status.INTERNAL,
        text);
  }
}
