package dev.azulejo.compare.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * How much memory of this process is resident, as Linux counts it: the only measure that is the
 * same for every library, and a coarse one, because the Java heap is in it and freed memory may
 * stay.
 */
public final class ResidentMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");
  private static final String RESET_PEAK = "5";

  private final long before;

  private ResidentMemory(long before) {
    this.before = before;
  }

  /** Notes what is resident now, after a garbage collection, and forgets the peak before. */
  public static ResidentMemory start() {
    System.gc();
    try {
      Files.writeString(RESET, RESET_PEAK);
      return new ResidentMemory(read("VmRSS:"));
    } catch (IOException e) {
      return new ResidentMemory(-1); // another system than Linux
    }
  }

  /** By how much the peak since the start exceeds it, in bytes; empty where nobody knows. */
  public OptionalLong peakGrowth() {
    try {
      return before < 0
          ? OptionalLong.empty()
          : OptionalLong.of(Math.max(0, read("VmHWM:") - before));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  private static long read(String name) throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException(STATUS + " has no line " + name);
  }
}
