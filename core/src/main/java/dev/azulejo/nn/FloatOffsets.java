package dev.azulejo.nn;

/**
 * Lays tensors out one after another in one buffer, each on a boundary of 64 bytes, a cache line
 * and a vector.
 */
final class FloatOffsets {
  private static final long ALIGNMENT = 16;
  private static final long MOST = Long.MAX_VALUE / Float.BYTES;

  private long next;

  /**
   * The offset of so many floats, which are taken.
   *
   * @throws IllegalArgumentException if their bytes and those before do not fit 64 bits
   */
  long take(long floats) {
    long offset = next;
    // The end in bytes must fit 64 bits; checked so that no step of the check overflows.
    if (floats > MOST - ALIGNMENT - offset) {
      throw new IllegalArgumentException(
          "the memory of the network does not fit 64 bits: "
              + floats
              + " floats after "
              + offset
              + "; use a smaller mini-batch or smaller layers");
    }
    next = offset + (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return offset;
  }

  long total() {
    return next;
  }
}
