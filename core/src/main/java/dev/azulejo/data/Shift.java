package dev.azulejo.data;

import java.util.random.RandomGenerator;

/**
 * Moves the image by up to {@code pixels} rows and columns, in any direction, every distance
 * equally likely; what comes into view is 0, the background of MNIST-like images.
 *
 * @param pixels the largest distance, at least 0
 */
public record Shift(int pixels) implements Placing {

  /**
   * Checks the distance.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public Shift {
    if (pixels < 0) {
      throw new IllegalArgumentException(
          "shift by up to " + pixels + " pixels: the distance must be at least 0");
    }
  }

  @Override
  public void apply(float[] sample, int offset, Shape shape, RandomGenerator random) {
    int down = random.nextInt(-pixels, pixels + 1);
    int right = random.nextInt(-pixels, pixels + 1);
    Planes.translate(sample, offset, shape, down, right);
  }

  @Override
  public void place(Placement placement, RandomGenerator random) {
    int down = random.nextInt(-pixels, pixels + 1);
    placement.move(down, random.nextInt(-pixels, pixels + 1));
  }

  @Override
  public int reach() {
    return pixels;
  }

  @Override
  public boolean mirrorsEdges() {
    return false;
  }
}
