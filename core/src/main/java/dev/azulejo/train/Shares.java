package dev.azulejo.train;

import java.lang.foreign.MemorySegment;

/**
 * One worker's parts of the mini-batches. A loader's ring brings the same few segments round again
 * and again, so each part is made once and kept: a step makes no garbage. Belongs to one thread.
 */
final class Shares {
  /** A loader has a handful of mini-batches, each of one of two sizes. */
  private static final int KEPT = 16;

  private final MemorySegment[] wholes = new MemorySegment[KEPT];
  private final MemorySegment[] parts = new MemorySegment[KEPT];
  private final long[] offsets = new long[KEPT];
  private int next;

  /** So many bytes of a segment from an offset on. */
  MemorySegment of(MemorySegment whole, long offset, long bytes) {
    for (int i = 0; i < KEPT; i++) {
      if (wholes[i] == whole && offsets[i] == offset && parts[i].byteSize() == bytes) {
        return parts[i];
      }
    }
    MemorySegment part = whole.asSlice(offset, bytes);
    wholes[next] = whole;
    offsets[next] = offset;
    parts[next] = part;
    next = (next + 1) % KEPT;
    return part;
  }
}
