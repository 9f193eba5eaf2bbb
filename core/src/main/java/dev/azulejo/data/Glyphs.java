package dev.azulejo.data;

import java.util.List;

/**
 * A built-in generator of labelled images, for machines with no data: the digits 0 to 9 as drawn
 * strokes under a random affine map (rotation, shear, scale, shift), a wobble of the hand, stray
 * strokes and noise.
 *
 * <p>Sample {@code i} has label {@code i % 10} and is determined by (seed, i) alone, to the bit, on
 * every machine: a larger set starts with the smaller one.
 */
public final class Glyphs {

  /** The names of the classes: the digits. */
  public static final List<String> CLASS_NAMES =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

  private static final Shape DEFAULT_SHAPE = new Shape(1, 28, 28);
  private static final int TRAIN_SIZE = 20_000;
  private static final int TEST_SIZE = 4_000;
  private static final long TRAIN_SEED = 1;
  private static final long TEST_SEED = 2;

  /** Smaller, and the strokes run together. */
  private static final int SMALLEST = 12;

  private Glyphs() {}

  /** 20,000 images of 1 x 28 x 28 to learn from, always the same. */
  public static InMemoryDataset train() {
    return generate(TRAIN_SIZE, DEFAULT_SHAPE, TRAIN_SEED);
  }

  /** 4,000 images of 1 x 28 x 28 to measure on, always the same, none of them in {@link #train}. */
  public static InMemoryDataset test() {
    return generate(TEST_SIZE, DEFAULT_SHAPE, TEST_SEED);
  }

  /**
   * Draws images.
   *
   * @param count how many, at least 1
   * @param shape of each; height and width at least 12. Each channel has its own intensities
   * @param seed another seed, other images
   * @throws IllegalArgumentException if the count or the shape is too small, or the images would
   *     exceed 2 GB
   */
  public static InMemoryDataset generate(int count, Shape shape, long seed) {
    if (count < 1 || shape.height() < SMALLEST || shape.width() < SMALLEST) {
      throw new IllegalArgumentException(
          "%d glyphs of %s: there must be at least 1, of at least %d rows and columns"
              .formatted(count, shape, SMALLEST));
    }
    long bytes = (long) count * shape.size();
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "%d glyphs of %s take %d bytes; at most %d fit into one data set"
              .formatted(count, shape, bytes, Integer.MAX_VALUE - 8));
    }
    byte[] pixels = new byte[(int) bytes];
    int[] labels = new int[count];
    GlyphCanvas canvas = new GlyphCanvas(shape);
    SeededRandom random = new SeededRandom(0);
    for (int i = 0; i < count; i++) {
      labels[i] = i % CLASS_NAMES.size();
      random.reseed(SeededRandom.combine(seed, i));
      canvas.draw(GlyphStrokes.DIGITS.get(labels[i]), random, pixels, i * shape.size());
    }
    return InMemoryDataset.owning("glyphs", shape, pixels, labels, CLASS_NAMES);
  }
}
