package dev.azulejo.data;

import java.util.List;
import java.util.Objects;

/**
 * A data set that lives in the Java heap, one byte (or, when made from floats, four) per value.
 *
 * <p>Bytes stay bytes until they are read: 60,000 images of 28 x 28 take 47 MB this way and 188 MB
 * as floats.
 */
public final class InMemoryDataset implements ByteSamples {

  /**
   * {@code byte / 255} for every byte: a table look-up is cheaper than a division for each pixel.
   */
  private static final float[] UNIT = new float[256];

  static {
    for (int i = 0; i < UNIT.length; i++) {
      UNIT[i] = i / 255f;
    }
  }

  private final Shape shape;
  private final List<String> classNames;
  private final int[] labels;
  // Exactly one of the two is not null.
  private final byte[] bytes;
  private final float[] floats;

  private InMemoryDataset(
      String source,
      Shape shape,
      byte[] bytes,
      float[] floats,
      int[] labels,
      List<String> classNames) {
    this.shape = shape;
    this.bytes = bytes;
    this.floats = floats;
    this.labels = labels;
    this.classNames = List.copyOf(classNames);
    long values = bytes != null ? bytes.length : floats.length;
    long needed = (long) labels.length * shape.size();
    if (needed != values) {
      throw new DatasetException(
          "%s: %s labels need %s values in images of %s, got %s"
              .formatted(source, labels.length, needed, shape, values));
    }
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= this.classNames.size()) {
        throw new DatasetException(
            "%s: sample %s has label %s; with %s classes a label is 0 to %s"
                .formatted(
                    source, i, labels[i], this.classNames.size(), this.classNames.size() - 1));
      }
    }
  }

  /**
   * A data set of bytes, 0 (dark) to 255; {@link #read} divides by 255. The arrays are copied.
   *
   * @param shape of every sample
   * @param pixels the samples one after the other, each CHW
   * @param labels one for each sample
   * @param classNames by label
   * @throws DatasetException if the number of pixels and labels do not fit, or a label has no class
   */
  public static InMemoryDataset ofBytes(
      Shape shape, byte[] pixels, int[] labels, List<String> classNames) {
    return owning("in-memory data set", shape, pixels.clone(), labels.clone(), classNames);
  }

  /**
   * A data set of floats, which {@link #read} returns as they are. The arrays are copied.
   *
   * @param shape of every sample
   * @param values the samples one after the other, each CHW
   * @param labels one for each sample
   * @param classNames by label
   * @throws DatasetException if the number of values and labels do not fit, or a label has no class
   */
  public static InMemoryDataset ofFloats(
      Shape shape, float[] values, int[] labels, List<String> classNames) {
    Objects.requireNonNull(shape, "shape");
    return new InMemoryDataset(
        "in-memory data set", shape, null, values.clone(), labels.clone(), classNames);
  }

  /**
   * As {@link #ofBytes}, keeping the arrays: for this package's readers, which made them and forget
   * them.
   */
  static InMemoryDataset owning(
      String source, Shape shape, byte[] pixels, int[] labels, List<String> classNames) {
    Objects.requireNonNull(shape, "shape");
    return new InMemoryDataset(source, shape, pixels, null, labels, classNames);
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int label(int index) {
    return labels[Objects.checkIndex(index, labels.length)];
  }

  @Override
  public void read(int index, float[] target, int offset) {
    Objects.checkIndex(index, labels.length);
    int count = shape.size();
    Objects.checkFromIndexSize(offset, count, target.length);
    int from = index * count;
    if (bytes == null) {
      System.arraycopy(floats, from, target, offset, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      target[offset + i] = UNIT[bytes[from + i] & 0xff];
    }
  }

  @Override
  public boolean hasBytes() {
    return bytes != null;
  }

  @Override
  public void readBytes(int index, byte[] target, int offset) {
    System.arraycopy(bytes, index * shape.size(), target, offset, shape.size());
  }
}
