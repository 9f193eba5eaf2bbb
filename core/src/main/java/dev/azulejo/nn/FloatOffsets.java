package dev.azulejo.nn;

/**
 * Lays tensors out one after another in one buffer, each on a boundary of 64 bytes, a cache line
 * and a vector.
 */
final class FloatOffsets {
  private static final long ALIGNMENT = 16;

  private long next;

  /** The offset of so many floats, which are taken. */
  long take(long floats) {
    long offset = next;
    next = Math.addExact(offset, Math.addExact(floats, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return offset;
  }

  long total() {
    return next;
  }
}
