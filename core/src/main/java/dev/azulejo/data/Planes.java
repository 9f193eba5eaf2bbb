package dev.azulejo.data;

import java.util.Arrays;

/** Moves the content of a sample's planes in place, which spares transforms a second array. */
final class Planes {

  private Planes() {}

  /**
   * Moves every plane {@code down} rows and {@code right} columns (negative: up, left), so that row
   * {@code y}, column {@code x} shows what was at {@code y - down, x - right}. What has no source
   * becomes 0.
   */
  static void translate(float[] sample, int offset, Shape shape, int down, int right) {
    int width = shape.width();
    int height = shape.height();
    int kept = Math.max(0, width - Math.abs(right));
    int from = Math.max(0, -right);
    int to = Math.max(0, right);
    for (int c = 0; c < shape.channels(); c++) {
      int plane = offset + c * height * width;
      for (int i = 0; i < height; i++) {
        // Moving down, the last row goes first: no row is overwritten before it is read.
        int y = down > 0 ? height - 1 - i : i;
        int row = plane + y * width;
        int source = y - down;
        if (source < 0 || source >= height || kept == 0) {
          Arrays.fill(sample, row, row + width, 0);
          continue;
        }
        System.arraycopy(sample, plane + source * width + from, sample, row + to, kept);
        Arrays.fill(sample, row, row + to, 0);
        Arrays.fill(sample, row + to + kept, row + width, 0);
      }
    }
  }

  /**
   * After {@link #translate}: fills what has no source by mirroring the content at its edge, the
   * edge itself not repeated (c b | a b c). Needs {@code 2 * |down| < height} and {@code 2 *
   * |right| < width}.
   */
  static void mirrorEdges(float[] sample, int offset, Shape shape, int down, int right) {
    int width = shape.width();
    int height = shape.height();
    for (int c = 0; c < shape.channels(); c++) {
      int plane = offset + c * height * width;
      for (int y = 0; y < height; y++) {
        int row = plane + y * width;
        for (int x = 0; x < right; x++) {
          sample[row + x] = sample[row + 2 * right - x];
        }
        for (int x = width + right; x < width; x++) {
          sample[row + x] = sample[row + 2 * (width - 1 + right) - x];
        }
      }
      // Whole rows, their ends already mirrored: this fills the corners too.
      for (int y = 0; y < down; y++) {
        System.arraycopy(sample, plane + (2 * down - y) * width, sample, plane + y * width, width);
      }
      for (int y = height + down; y < height; y++) {
        int mirrored = 2 * (height - 1 + down) - y;
        System.arraycopy(sample, plane + mirrored * width, sample, plane + y * width, width);
      }
    }
  }
}
