package dev.azulejo.compare.training;

import dev.azulejo.data.Dataset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Mini-batches in host memory: the same bytes for every contestant, so that nobody is measured on
 * decoding or shuffling.
 */
final class Batches implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] images;
  private final MemorySegment[] labels;
  private final FloatBuffer[] imageBuffers;
  private final long[][] labelArrays;
  private final int size;
  private final int sampleValues;

  /**
   * Mini-batches of consecutive samples.
   *
   * @param size samples of each; as many mini-batches are made as the data set fills
   */
  Batches(Dataset data, int size) {
    this.size = size;
    sampleValues = data.shape().size();
    int count = data.size() / size;
    images = new MemorySegment[count];
    labels = new MemorySegment[count];
    imageBuffers = new FloatBuffer[count];
    labelArrays = new long[count][size];
    float[] sample = new float[sampleValues];
    for (int batch = 0; batch < count; batch++) {
      images[batch] = arena.allocate(ValueLayout.JAVA_FLOAT, (long) size * sampleValues);
      labels[batch] = arena.allocate(ValueLayout.JAVA_INT, size);
      imageBuffers[batch] =
          images[batch].asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
      for (int i = 0; i < size; i++) {
        int index = batch * size + i;
        data.read(index, sample, 0);
        MemorySegment.copy(
            sample,
            0,
            images[batch],
            ValueLayout.JAVA_FLOAT,
            (long) i * sampleValues * Float.BYTES,
            sampleValues);
        labels[batch].setAtIndex(ValueLayout.JAVA_INT, i, data.label(index));
        labelArrays[batch][i] = data.label(index);
      }
    }
  }

  int count() {
    return images.length;
  }

  /** Samples of a mini-batch. */
  int size() {
    return size;
  }

  /** Values of a sample. */
  int sampleValues() {
    return sampleValues;
  }

  /** Off-heap floats [size][channels][height][width]. */
  MemorySegment images(int batch) {
    return images[batch];
  }

  /** Off-heap 32-bit integers [size]. */
  MemorySegment labels(int batch) {
    return labels[batch];
  }

  /** The images as a direct buffer, of the first samples. */
  FloatBuffer imageBuffer(int batch, int samples) {
    return imageBuffers[batch].duplicate().limit(samples * sampleValues);
  }

  /** The labels as PyTorch wants them. */
  long[] labelArray(int batch) {
    return labelArrays[batch];
  }

  @Override
  public void close() {
    arena.close();
  }
}
