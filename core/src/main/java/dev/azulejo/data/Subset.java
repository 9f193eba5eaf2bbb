package dev.azulejo.data;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/** Some samples of a data set, in an order of their own; a view that copies no image. */
public final class Subset implements ByteSamples {

  private final Dataset base;
  private final int[] indices;

  private Subset(Dataset base, int[] indices) {
    this.base = base;
    this.indices = indices;
  }

  /**
   * The samples with the given indices, in the given order; an index may appear more than once.
   *
   * @throws IndexOutOfBoundsException if the data set has no such sample
   */
  public static Subset of(Dataset base, int... indices) {
    int size = base.size();
    for (int index : indices) {
      Objects.checkIndex(index, size);
    }
    return new Subset(base, indices.clone());
  }

  /**
   * The samples {@code from} (inclusive) to {@code to} (exclusive).
   *
   * @throws IndexOutOfBoundsException if the range is not inside the data set
   */
  public static Subset range(Dataset base, int from, int to) {
    Objects.checkFromToIndex(from, to, base.size());
    return new Subset(base, IntStream.range(from, to).toArray());
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public Shape shape() {
    return base.shape();
  }

  @Override
  public List<String> classNames() {
    return base.classNames();
  }

  @Override
  public int label(int index) {
    return base.label(indices[Objects.checkIndex(index, indices.length)]);
  }

  @Override
  public void read(int index, float[] target, int offset) {
    base.read(indices[Objects.checkIndex(index, indices.length)], target, offset);
  }

  /**
   * The index, in the data set that this is a view of, of a sample of the view.
   *
   * @throws IndexOutOfBoundsException if the view has no such sample
   */
  public int baseIndex(int index) {
    return indices[Objects.checkIndex(index, indices.length)];
  }

  @Override
  public boolean hasBytes() {
    return ByteSamples.has(base);
  }

  @Override
  public void readBytes(int index, byte[] target, int offset) {
    ((ByteSamples) base).readBytes(indices[index], target, offset);
  }
}
