package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.sha256;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The generated glyphs: the same everywhere, learnable, and not by looking at single pixels. */
class GlyphsTest {

  private static byte[] bytes(Dataset data) {
    int size = data.shape().size();
    byte[] bytes = new byte[data.size() * size];
    float[] sample = new float[size];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      for (int j = 0; j < size; j++) {
        bytes[i * size + j] = (byte) Math.round(sample[j] * 255);
      }
    }
    return bytes;
  }

  @Test
  void theSameBitsOnEveryMachine() {
    // A golden value: accuracies reported for glyphs mean something only while the images stay
    // these.
    assertEquals(
        "7c3110daecb1d80b6cd0bdebee516be3e5e7b0ce5254e8a9ce4982faa1ac5ad2",
        sha256(bytes(Glyphs.generate(200, new Shape(1, 28, 28), 1))));
  }

  @Test
  void aSampleDependsOnSeedAndIndexOnly() {
    Shape shape = new Shape(3, 20, 32);
    byte[] large = bytes(Glyphs.generate(40, shape, 7));
    byte[] small = bytes(Glyphs.generate(25, shape, 7));
    assertEquals(0, Arrays.compare(large, 0, small.length, small, 0, small.length));
    assertFalse(Arrays.equals(small, bytes(Glyphs.generate(25, shape, 8))));
    float[] first = new float[shape.size()];
    float[] eleventh = new float[shape.size()];
    Glyphs.generate(25, shape, 7).read(0, first, 0);
    Glyphs.generate(25, shape, 7).read(10, eleventh, 0);
    assertFalse(Arrays.equals(first, eleventh), "two glyphs of one class must differ");
  }

  @Test
  void classesAreBalanced() {
    InMemoryDataset data = Glyphs.generate(100, new Shape(1, 28, 28), 3);
    int[] counts = new int[data.classes()];
    for (int i = 0; i < data.size(); i++) {
      counts[data.label(i)]++;
    }
    assertEquals(10, counts.length);
    assertTrue(Arrays.stream(counts).allMatch(count -> count == 10));
  }

  @Test
  void everyGlyphIsSeen() {
    InMemoryDataset data = Glyphs.generate(500, new Shape(1, 28, 28), 3);
    float[] sample = new float[784];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      float[] sorted = sample.clone();
      Arrays.sort(sorted);
      // The brightest pixels, the pen, stand out against the median, the paper.
      assertTrue(sorted[760] - sorted[392] > 0.3, "glyph " + i + " is hardly visible");
    }
  }

  /**
   * Softmax regression on the pixels: far above chance, since the classes are real, and well below
   * what a small convolutional network reaches (over 97 % after four epochs), since place and slant
   * vary.
   */
  @Test
  void aLinearModelLearnsSomethingButNotAll() {
    Shape shape = new Shape(1, 28, 28);
    InMemoryDataset train = Glyphs.generate(5000, shape, 11);
    InMemoryDataset test = Glyphs.generate(1000, shape, 12);
    float[][] weights = new float[10][785];
    SeededRandom random = new SeededRandom(1);
    float[] x = new float[785];
    double[] scores = new double[10];
    for (int step = 0; step < 30_000; step++) {
      int index = random.nextInt(train.size());
      predict(train, index, weights, x, scores);
      double sum = 0;
      for (int k = 0; k < 10; k++) {
        scores[k] = Math.exp(scores[k]);
        sum += scores[k];
      }
      for (int k = 0; k < 10; k++) {
        float gradient = (float) (scores[k] / sum - (train.label(index) == k ? 1 : 0));
        for (int j = 0; j < x.length; j++) {
          weights[k][j] -= 0.01f * gradient * x[j];
        }
      }
    }
    int right = 0;
    for (int i = 0; i < test.size(); i++) {
      right += predict(test, i, weights, x, scores) == test.label(i) ? 1 : 0;
    }
    double accuracy = right / (double) test.size();
    assertTrue(accuracy > 0.5 && accuracy < 0.92, "accuracy of a linear model: " + accuracy);
  }

  private static int predict(
      Dataset data, int index, float[][] weights, float[] x, double[] scores) {
    data.read(index, x, 0);
    x[784] = 1;
    int best = 0;
    for (int k = 0; k < 10; k++) {
      float score = 0;
      for (int j = 0; j < x.length; j++) {
        score += weights[k][j] * x[j];
      }
      scores[k] = score;
      best = scores[k] > scores[best] ? k : best;
    }
    return best;
  }

  @Test
  void refusesWhatCannotBeDrawn() {
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> Glyphs.generate(5, new Shape(1, 28, 11), 1)),
        "5 glyphs of 1x28x11",
        "at least 12 rows and columns");
    assertThrows(IllegalArgumentException.class, () -> Glyphs.generate(0, new Shape(1, 28, 28), 1));
    assertMentions(
        assertThrows(
            IllegalArgumentException.class,
            () -> Glyphs.generate(Integer.MAX_VALUE, new Shape(1, 28, 28), 1)),
        "1683627179248 bytes");
  }
}
