package dev.azulejo.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/**
 * A mini-batch in off-heap memory, lent by a {@link Loader}: valid from {@link Loader#next} to
 * {@link Loader#release}.
 */
public final class Batch {

  /** A cache line, and what vector instructions like. */
  private static final long ALIGNMENT = 64;

  private final int sampleSize;
  private final MemorySegment images;
  private final MemorySegment labels;
  private final int[] indices;
  // Views of the filled part. The last batch of an epoch has a size of its own, and there are only
  // these two, so both
  // kinds of views are made once.
  private final MemorySegment lastImages;
  private final MemorySegment lastLabels;
  private int count;
  private int epoch;
  private int number;

  Batch(SegmentAllocator memory, int capacity, int lastCount, int sampleSize) {
    this.sampleSize = sampleSize;
    this.images = memory.allocate((long) capacity * sampleSize * Float.BYTES, ALIGNMENT);
    this.labels = memory.allocate((long) capacity * Integer.BYTES, ALIGNMENT);
    this.indices = new int[capacity];
    this.lastImages = images.asSlice(0, (long) lastCount * sampleSize * Float.BYTES);
    this.lastLabels = labels.asSlice(0, (long) lastCount * Integer.BYTES);
  }

  /** Bytes of memory that a batch takes, with what alignment may cost. */
  static long bytes(int capacity, int sampleSize) {
    return (long) capacity * (sampleSize * (long) Float.BYTES + Integer.BYTES) + 2 * ALIGNMENT;
  }

  /** Starts filling: {@code count} is the capacity or the size of the epoch's last batch. */
  void begin(int count, int epoch, int number) {
    this.count = count;
    this.epoch = epoch;
    this.number = number;
  }

  void put(int position, int index, float[] sample, int label) {
    long offset = (long) position * sampleSize * Float.BYTES;
    MemorySegment.copy(sample, 0, images, ValueLayout.JAVA_FLOAT, offset, sampleSize);
    labels.setAtIndex(ValueLayout.JAVA_INT, position, label);
    indices[position] = index;
  }

  /** The number of samples: the batch size, or less in the last batch of an epoch. */
  public int count() {
    return count;
  }

  /**
   * The images: {@code count() x channels x height x width} floats, after the loader's transform.
   */
  public MemorySegment images() {
    return count == indices.length ? images : lastImages;
  }

  /** The labels: {@code count()} 32-bit integers. */
  public MemorySegment labels() {
    return count == indices.length ? labels : lastLabels;
  }

  /**
   * The index in the data set of the sample at a position of the batch.
   *
   * @throws IndexOutOfBoundsException if the position is not below {@link #count}
   */
  public int index(int position) {
    return indices[Objects.checkIndex(position, count)];
  }

  /**
   * A copy of the indices in the data set, {@code count()} long; it allocates, so not for the
   * training step.
   */
  public int[] indices() {
    return Arrays.copyOf(indices, count);
  }

  /** The epoch it belongs to. */
  public int epoch() {
    return epoch;
  }

  /** Its number in the epoch, from 0. */
  public int number() {
    return number;
  }
}
