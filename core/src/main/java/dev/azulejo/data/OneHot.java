package dev.azulejo.data;

/**
 * One-hot encoding (row T3, T§2.5.8): label {@code k} of {@code classes} becomes a vector of zeros
 * with a one at position {@code k}.
 */
public final class OneHot {

  private OneHot() {}

  /**
   * Encodes labels.
   *
   * @param labels each {@code 0 .. classes - 1}
   * @param classes the length of each vector, at least 1
   * @return the vectors one after the other, {@code labels.length x classes}, row-major
   * @throws IllegalArgumentException if a label is out of range, {@code classes} is below 1, or the
   *     result too large
   */
  public static float[] encode(int[] labels, int classes) {
    if (classes < 1) {
      throw new IllegalArgumentException(
          "one-hot encoding with " + classes + " classes; it needs at least 1");
    }
    long values = (long) labels.length * classes;
    if (values > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "one-hot encoding of %s labels with %s classes has %s values, more than an array holds"
              .formatted(labels.length, classes, values));
    }
    float[] encoded = new float[(int) values];
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "label %s at position %s is out of range; with %s classes a label is 0 to %s"
                .formatted(labels[i], i, classes, classes - 1));
      }
      encoded[i * classes + labels[i]] = 1;
    }
    return encoded;
  }

  /**
   * Decodes one-hot vectors, or the outputs of a network: the label is the position of the largest
   * value, the first one among equals.
   *
   * @param vectors one after the other, each {@code classes} long
   * @param classes the length of each vector, at least 1
   * @return a label for each vector
   * @throws IllegalArgumentException if the length is no multiple of {@code classes}, or a value is
   *     NaN
   */
  public static int[] decode(float[] vectors, int classes) {
    if (classes < 1 || vectors.length % classes != 0) {
      throw new IllegalArgumentException(
          vectors.length + " values are not a whole number of vectors of " + classes + " classes");
    }
    int[] labels = new int[vectors.length / classes];
    for (int i = 0; i < vectors.length; i++) {
      if (Float.isNaN(vectors[i])) {
        throw new IllegalArgumentException(
            "value %s of vector %s is NaN: it has no largest value"
                .formatted(i % classes, i / classes));
      }
      int row = i / classes;
      if (vectors[i] > vectors[row * classes + labels[row]]) {
        labels[row] = i % classes;
      }
    }
    return labels;
  }
}
