package dev.azulejo.data;

import java.util.random.RandomGenerator;

/**
 * Pads the image by {@code padding} levels (row T10's geometry) that mirror its edges, and cuts a
 * window of the original size out of it at random: the usual augmentation for photographs, where
 * {@link Shift}'s black border would be a foreign body.
 *
 * @param padding rows and columns added on each side, at least 0; {@code 2 * padding} must be below
 *     the image's height and width
 */
public record RandomCrop(int padding) implements Placing {

  /**
   * Checks the padding.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public RandomCrop {
    if (padding < 0) {
      throw new IllegalArgumentException(
          "random crop with padding " + padding + ": it must be at least 0");
    }
  }

  /**
   * Crops one sample.
   *
   * @throws IllegalArgumentException if the sample is too small for the padding
   */
  @Override
  public void apply(float[] sample, int offset, Shape shape, RandomGenerator random) {
    if (2L * padding >= Math.min(shape.height(), shape.width())) {
      throw new IllegalArgumentException(
          "random crop with padding %s of an image of %s: twice the padding must be below height and width"
              .formatted(padding, shape));
    }
    int down = random.nextInt(-padding, padding + 1);
    int right = random.nextInt(-padding, padding + 1);
    Planes.translate(sample, offset, shape, down, right);
    Planes.mirrorEdges(sample, offset, shape, down, right);
  }

  @Override
  public void place(Placement placement, RandomGenerator random) {
    int down = random.nextInt(-padding, padding + 1);
    placement.move(down, random.nextInt(-padding, padding + 1));
  }

  @Override
  public int reach() {
    return padding;
  }

  @Override
  public boolean mirrorsEdges() {
    return padding > 0;
  }
}
