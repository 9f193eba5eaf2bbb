package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertMentions;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Augmentation and normalisation, against plain loops, between sentinels. */
class TransformTest {

  private static final int MARGIN = 3;
  private static final float SENTINEL = -77;

  /** Distinct values between sentinels. */
  private static float[] sample(Shape shape) {
    float[] sample = new float[shape.size() + 2 * MARGIN];
    Arrays.fill(sample, SENTINEL);
    for (int i = 0; i < shape.size(); i++) {
      sample[MARGIN + i] = i + 1;
    }
    return sample;
  }

  private static float at(float[] sample, Shape shape, int c, int y, int x) {
    return sample[MARGIN + (c * shape.height() + y) * shape.width() + x];
  }

  private static void assertSentinels(float[] sample, Shape shape) {
    for (int i = 0; i < MARGIN; i++) {
      assertEquals(SENTINEL, sample[i]);
      assertEquals(SENTINEL, sample[MARGIN + shape.size() + i]);
    }
  }

  /** -1 where there is no source, mirrored without repeating the edge if asked. */
  private static int source(int position, int moved, int size, boolean mirror) {
    int from = position - moved;
    if (mirror && from < 0) {
      from = -from;
    }
    if (mirror && from >= size) {
      from = 2 * (size - 1) - from;
    }
    return from < 0 || from >= size ? -1 : from;
  }

  private static void assertMoved(Shape shape, int down, int right, boolean mirror) {
    float[] before = sample(shape);
    float[] after = before.clone();
    Planes.translate(after, MARGIN, shape, down, right);
    if (mirror) {
      Planes.mirrorEdges(after, MARGIN, shape, down, right);
    }
    assertSentinels(after, shape);
    for (int c = 0; c < shape.channels(); c++) {
      for (int y = 0; y < shape.height(); y++) {
        for (int x = 0; x < shape.width(); x++) {
          int fromY = source(y, down, shape.height(), mirror);
          int fromX = source(x, right, shape.width(), mirror);
          float expected = fromY < 0 || fromX < 0 ? 0 : at(before, shape, c, fromY, fromX);
          assertEquals(
              expected,
              at(after, shape, c, y, x),
              () -> "%s moved %d, %d".formatted(shape, down, right));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "1, 5, 4", "2, 4, 7", "3, 2, 2"})
  void translationMovesEveryPixelAndFillsWithZero(int channels, int height, int width) {
    Shape shape = new Shape(channels, height, width);
    for (int down = -height - 1; down <= height + 1; down++) {
      for (int right = -width - 1; right <= width + 1; right++) {
        assertMoved(shape, down, right, false);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 5, 2", "2, 9, 7, 3", "3, 6, 8, 2"})
  void mirroredEdgesFillWhatMovedIn(int channels, int height, int width, int padding) {
    Shape shape = new Shape(channels, height, width);
    for (int down = -padding; down <= padding; down++) {
      for (int right = -padding; right <= padding; right++) {
        assertMoved(shape, down, right, true);
      }
    }
  }

  /** How often each distinct result comes out. */
  private static Set<List<Float>> results(Transform transform, Shape shape, int times) {
    SeededRandom random = new SeededRandom(11);
    Set<List<Float>> results = new HashSet<>();
    for (int i = 0; i < times; i++) {
      float[] sample = sample(shape);
      transform.apply(sample, MARGIN, shape, random);
      assertSentinels(sample, shape);
      Float[] boxed = new Float[sample.length];
      Arrays.setAll(boxed, j -> sample[j]);
      results.add(List.of(boxed));
    }
    return results;
  }

  @Test
  void shiftAndCropReachEveryPositionAndNoOther() {
    assertEquals(25, results(new Shift(2), new Shape(1, 6, 7), 2000).size());
    assertEquals(25, results(new RandomCrop(2), new Shape(1, 6, 7), 2000).size());
    assertEquals(1, results(new Shift(0), new Shape(1, 6, 7), 10).size());
  }

  @Test
  void cropOfATooSmallImageIsRefused() {
    float[] sample = new float[16];
    assertMentions(
        assertThrows(
            IllegalArgumentException.class,
            () -> new RandomCrop(2).apply(sample, 0, new Shape(1, 4, 4), new SeededRandom(1))),
        "padding 2",
        "1x4x4",
        "below height and width");
    assertThrows(IllegalArgumentException.class, () -> new RandomCrop(-1));
    assertThrows(IllegalArgumentException.class, () -> new Shift(-1));
  }

  @ParameterizedTest
  @CsvSource({"1, 3, 4", "2, 2, 5", "3, 1, 1"})
  void flipMirrorsEachRow(int channels, int height, int width) {
    Shape shape = new Shape(channels, height, width);
    float[] before = sample(shape);
    float[] after = before.clone();
    new HorizontalFlip(1).apply(after, MARGIN, shape, new SeededRandom(1));
    assertSentinels(after, shape);
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          assertEquals(at(before, shape, c, y, width - 1 - x), at(after, shape, c, y, x));
        }
      }
    }
  }

  @Test
  void flipKeepsToItsProbability() {
    Shape shape = new Shape(1, 1, 2);
    SeededRandom random = new SeededRandom(5);
    int flipped = 0;
    for (int i = 0; i < 10_000; i++) {
      float[] sample = {1, 2};
      new HorizontalFlip(0.3).apply(sample, 0, shape, random);
      flipped += sample[0] == 2 ? 1 : 0;
    }
    assertEquals(3000, flipped, 250);
    assertEquals(1, results(new HorizontalFlip(0), new Shape(1, 2, 3), 50).size());
    assertEquals(new HorizontalFlip(0.5), new HorizontalFlip());
    assertThrows(IllegalArgumentException.class, () -> new HorizontalFlip(1.5));
    assertThrows(IllegalArgumentException.class, () -> new HorizontalFlip(Double.NaN));
  }

  @Test
  void normalizingWithMeasuredFiguresGivesMeanZeroAndDeviationOne() {
    Shape shape = new Shape(2, 4, 5);
    SeededRandom random = new SeededRandom(8);
    float[] values = new float[300 * shape.size()];
    for (int i = 0; i < values.length; i++) {
      boolean second = i / 20 % 2 == 1;
      values[i] = (float) (second ? 0.7 + 0.1 * random.nextGaussian() : random.nextDouble());
    }
    InMemoryDataset data = InMemoryDataset.ofFloats(shape, values, new int[300], List.of("only"));
    Normalize normalize = Normalize.of(data);
    assertEquals(0.5, normalize.mean()[0], 0.02);
    assertEquals(Math.sqrt(1 / 12.0), normalize.std()[0], 0.02);
    assertEquals(0.7, normalize.mean()[1], 0.01);
    assertEquals(0.1, normalize.std()[1], 0.01);
    double[] sum = new double[2];
    double[] squares = new double[2];
    float[] sample = new float[shape.size()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      normalize.apply(sample, 0, shape, random);
      for (int j = 0; j < sample.length; j++) {
        sum[j / 20] += sample[j];
        squares[j / 20] += sample[j] * sample[j];
      }
    }
    for (int c = 0; c < 2; c++) {
      assertEquals(0, sum[c] / 6000, 1e-4);
      assertEquals(1, squares[c] / 6000, 1e-4);
    }
  }

  @Test
  void normalizeRefusesUnusableFigures() {
    InMemoryDataset flat =
        InMemoryDataset.ofBytes(new Shape(1, 2, 2), new byte[8], new int[2], List.of("a"));
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> Normalize.of(flat)),
        "channel 0",
        "same value everywhere");
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> Normalize.of(0.5f, 0f)),
        "standard deviation 0.0",
        "above 0");
    assertThrows(IllegalArgumentException.class, () -> Normalize.of(Float.NaN, 1f));
    assertThrows(IllegalArgumentException.class, () -> Normalize.of(new float[2], new float[] {1}));
    assertMentions(
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Normalize.of(0.5f, 1f)
                    .apply(new float[12], 0, new Shape(3, 2, 2), new SeededRandom(1))),
        "figures for 1 channels",
        "3x2x2");
  }

  @Test
  void chainsApplyInOrder() {
    Transform plusOne = (sample, offset, shape, random) -> sample[offset] += 1;
    Transform timesTen = (sample, offset, shape, random) -> sample[offset] *= 10;
    float[] sample = {0, 2};
    Transform.chain(plusOne, timesTen, Transform.identity())
        .apply(sample, 1, new Shape(1, 1, 1), new SeededRandom(1));
    assertArrayEquals(new float[] {0, 30}, sample);
    assertThrows(NullPointerException.class, () -> Transform.chain(plusOne, null));
    assertTrue(Normalize.of(0.25f, 0.5f).toString().contains("0.25"));
  }
}
