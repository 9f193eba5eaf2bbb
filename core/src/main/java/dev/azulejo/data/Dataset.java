package dev.azulejo.data;

import java.util.List;

/**
 * A labelled set of images (row T1): immutable, with random access, readable by any number of
 * threads at once.
 *
 * <p>Every sample has the same {@link Shape} and one label in {@code 0 .. classes() - 1}.
 * Implementations outside this package are welcome; {@link Loader} checks what they return.
 */
public interface Dataset {

  /** The number of samples. */
  int size();

  /** The shape of every sample. */
  Shape shape();

  /** The name of each class, by label. */
  List<String> classNames();

  /** The number of classes. */
  default int classes() {
    return classNames().size();
  }

  /**
   * The label of a sample.
   *
   * @param index the sample, {@code 0 .. size() - 1}
   * @return its label, {@code 0 .. classes() - 1}
   * @throws IndexOutOfBoundsException if there is no such sample
   */
  int label(int index);

  /**
   * Reads a sample as floats in 0..1 (stored bytes divided by 255), channel by channel, row by row.
   *
   * @param index the sample, {@code 0 .. size() - 1}
   * @param target receives {@code shape().size()} values
   * @param offset where in {@code target} the first value goes
   * @throws IndexOutOfBoundsException if there is no such sample or {@code target} has no room for
   *     it
   */
  void read(int index, float[] target, int offset);
}
