package dev.azulejo.reference;

/** One sample of a data set of bytes, moved, mirrored and normalised. */
public final class GatherReference {
  private GatherReference() {}

  /**
   * x[c][row][column] = (pixels[c][row - down][column' - right] / 255 - mean[c]) * scale[c], with
   * column' = width - 1 - column where mirrored. What comes into view is the image mirrored at its
   * edge, which is not repeated, or 0 before normalisation.
   *
   * @param pixels [channels][height][width] of the sample, unsigned
   * @param mirrorBorder whether the image is mirrored at its edge
   */
  public static double[] sample(
      int height,
      int width,
      byte[] pixels,
      int down,
      int right,
      boolean mirrored,
      boolean mirrorBorder,
      float[] mean,
      float[] scale) {
    double[] x = new double[pixels.length];
    for (int i = 0; i < x.length; i++) {
      int channel = i / (height * width);
      int row = i / width % height - down;
      int column = (mirrored ? width - 1 - i % width : i % width) - right;
      boolean inside = row >= 0 && row < height && column >= 0 && column < width;
      int from = (channel * height + reflect(row, height)) * width + reflect(column, width);
      double value = inside || mirrorBorder ? (pixels[from] & 0xff) / 255.0 : 0;
      x[i] = (value - mean[channel]) * scale[channel];
    }
    return x;
  }

  private static int reflect(int position, int size) {
    int folded = Math.abs(position);
    return folded < size ? folded : 2 * (size - 1) - folded;
  }
}
