package dev.azulejo.data;

import java.util.random.RandomGenerator;

/**
 * Mirrors the image left to right with a given probability.
 *
 * @param probability 0 (never) to 1 (always)
 */
public record HorizontalFlip(double probability) implements Placing {

  /**
   * Checks the probability.
   *
   * @throws IllegalArgumentException if it is not 0 to 1
   */
  public HorizontalFlip {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "horizontal flip with probability " + probability + ": it must be 0 to 1");
    }
  }

  /** Mirrors every second image on average. */
  public HorizontalFlip() {
    this(0.5);
  }

  @Override
  public void apply(float[] sample, int offset, Shape shape, RandomGenerator random) {
    if (random.nextDouble() >= probability) {
      return;
    }
    int width = shape.width();
    int end = offset + shape.size();
    for (int row = offset; row < end; row += width) {
      for (int left = row, right = row + width - 1; left < right; left++, right--) {
        float swapped = sample[left];
        sample[left] = sample[right];
        sample[right] = swapped;
      }
    }
  }

  @Override
  public void place(Placement placement, RandomGenerator random) {
    if (random.nextDouble() < probability) {
      placement.mirror();
    }
  }

  @Override
  public int reach() {
    return 0;
  }

  @Override
  public boolean mirrorsEdges() {
    return false;
  }
}
