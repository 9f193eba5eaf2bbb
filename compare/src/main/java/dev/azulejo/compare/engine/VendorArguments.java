package dev.azulejo.compare.engine;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import java.lang.foreign.MemorySegment;

/** Sizes and memory as the C functions of vendors' libraries take them. */
public final class VendorArguments {
  private VendorArguments() {}

  /**
   * A size as a 32-bit integer.
   *
   * @param function that takes it
   * @throws UnsupportedProblemException if it does not fit
   */
  public static int number(long size, String function) {
    if (size > Integer.MAX_VALUE) {
      throw new UnsupportedProblemException(
          function, "a size of " + size + "; its sizes are at most " + Integer.MAX_VALUE);
    }
    return (int) size;
  }

  /** Bytes rounded up to whole elements of 4 bytes, at least one. */
  public static long wholeElements(long bytes) {
    return Math.max(1, (bytes + Float.BYTES - 1) / Float.BYTES) * Float.BYTES;
  }

  /** The memory of a buffer of whole elements. */
  public static MemorySegment memory(Stream stream, DeviceBuffer buffer) {
    return buffer
        .floats()
        .argument(stream, ElementType.F32, buffer.bytes() / Float.BYTES, buffer.owner());
  }
}
