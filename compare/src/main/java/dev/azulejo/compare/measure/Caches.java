package dev.azulejo.compare.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much data does not fit the caches. */
public final class Caches {
  private static final Path L3 = Path.of("/sys/devices/system/cpu/cpu0/cache/index3/size");

  /** Where the system does not say: more than the L2 of any GPU and the L3 of most processors. */
  private static final long DEFAULT_BYTES = 64L << 20;

  /** More sets than this only cost time to fill. */
  private static final int MOST_SETS = 64;

  private Caches() {}

  /** Bytes of this processor's last cache. */
  public static long lastLevelBytes() {
    try {
      String text = Files.readString(L3).strip();
      long unit = text.endsWith("K") ? 1L << 10 : text.endsWith("M") ? 1L << 20 : 1;
      return Long.parseLong(text.replaceAll("[KM]$", "")) * unit;
    } catch (IOException | NumberFormatException e) {
      return DEFAULT_BYTES; // a machine without that file, or with another format in it
    }
  }

  /**
   * How many sets of data are together twice as large as the last cache, but not more than 64.
   *
   * @param host whether the host's caches count, or a GPU's
   */
  public static int sets(long setBytes, boolean host) {
    long needed = 2 * (host ? Math.min(lastLevelBytes(), DEFAULT_BYTES) : DEFAULT_BYTES);
    return Math.clamp((needed + setBytes - 1) / setBytes, 1, MOST_SETS);
  }
}
