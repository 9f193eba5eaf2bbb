package dev.azulejo.data;

/**
 * Changes the size of a plane with a triangle filter. Enlarging, that is bilinear interpolation;
 * reducing, the triangle grows with the ratio so that every source pixel counts and fine patterns
 * do not alias. Pixel centres are at half integers, so nothing shifts.
 */
final class Resampler {

  /**
   * For each target position: the first source position and the weights from there on, which add up
   * to 1.
   */
  private record Taps(int[] first, float[][] weights) {}

  private Resampler() {}

  /**
   * Resizes one plane.
   *
   * @param source the plane, {@code height * width} values, row by row
   * @return the resized plane, {@code newHeight * newWidth} values; {@code source} itself where
   *     nothing changes
   */
  static float[] resize(float[] source, int height, int width, int newHeight, int newWidth) {
    if (height == newHeight && width == newWidth) {
      return source;
    }
    Taps across = taps(width, newWidth);
    float[] narrowed = new float[height * newWidth];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < newWidth; x++) {
        float[] weights = across.weights[x];
        int from = y * width + across.first[x];
        float sum = 0;
        for (int i = 0; i < weights.length; i++) {
          sum += weights[i] * source[from + i];
        }
        narrowed[y * newWidth + x] = sum;
      }
    }
    Taps along = taps(height, newHeight);
    float[] resized = new float[newHeight * newWidth];
    for (int y = 0; y < newHeight; y++) {
      float[] weights = along.weights[y];
      for (int i = 0; i < weights.length; i++) {
        int from = (along.first[y] + i) * newWidth;
        for (int x = 0; x < newWidth; x++) {
          resized[y * newWidth + x] += weights[i] * narrowed[from + x];
        }
      }
    }
    return resized;
  }

  private static Taps taps(int size, int newSize) {
    double ratio = (double) size / newSize;
    double reach = Math.max(1, ratio);
    int[] first = new int[newSize];
    float[][] weights = new float[newSize][];
    for (int i = 0; i < newSize; i++) {
      double center = (i + 0.5) * ratio;
      int from = Math.max(0, (int) Math.floor(center - reach));
      int to = Math.min(size, (int) Math.ceil(center + reach));
      double[] exact = new double[to - from];
      double sum = 0;
      for (int j = from; j < to; j++) {
        exact[j - from] = Math.max(0, 1 - Math.abs(j + 0.5 - center) / reach);
        sum += exact[j - from];
      }
      first[i] = from;
      weights[i] = new float[exact.length];
      for (int j = 0; j < exact.length; j++) {
        weights[i][j] = (float) (exact[j] / sum);
      }
    }
    return new Taps(first, weights);
  }
}
