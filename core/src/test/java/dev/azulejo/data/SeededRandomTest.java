package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The random numbers behind shuffling, augmentation and glyphs: their figures, and that they never
 * change.
 */
class SeededRandomTest {

  @Test
  void followsThePublishedAlgorithm() {
    // The first outputs of SplitMix64 for seed 1234567, as its reference implementation prints
    // them.
    SeededRandom random = new SeededRandom(1234567);
    assertEquals(6457827717110365317L, random.nextLong());
    assertEquals(3203168211198807973L, random.nextLong());
    assertEquals(-8629252141511181193L, random.nextLong());
  }

  @Test
  void reseedingStartsOver() {
    SeededRandom random = new SeededRandom(3);
    double first = random.nextGaussian();
    random.reseed(3);
    assertEquals(first, random.nextGaussian(), "the spare of a pair of Gaussians must not survive");
  }

  @Test
  void boundedNumbersAreInRangeAndEven() {
    SeededRandom random = new SeededRandom(1);
    int[] counts = new int[7];
    for (int i = 0; i < 70_000; i++) {
      counts[random.nextInt(7)]++;
    }
    for (int count : counts) {
      assertEquals(10_000, count, 500); // over five standard deviations
    }
    for (int i = 0; i < 1000; i++) {
      int value = random.nextInt(-3, 4);
      assertTrue(value >= -3 && value <= 3);
      assertTrue(random.nextFloat() < 1);
      double real = random.nextDouble(2, 3);
      assertTrue(real >= 2 && real <= 3);
    }
    assertThrows(IllegalArgumentException.class, () -> random.nextInt(0));
    assertThrows(IllegalArgumentException.class, () -> random.nextInt(4, 4));
  }

  @Test
  void gaussiansHaveTheRightMoments() {
    SeededRandom random = new SeededRandom(2);
    double sum = 0;
    double squares = 0;
    double fourths = 0;
    int count = 200_000;
    for (int i = 0; i < count; i++) {
      double x = random.nextGaussian();
      sum += x;
      squares += x * x;
      fourths += x * x * x * x;
    }
    assertEquals(0, sum / count, 0.01);
    assertEquals(1, squares / count, 0.02);
    assertEquals(3, fourths / count, 0.15);
  }

  @Test
  void combinedSeedsDiffer() {
    Set<Long> seeds = new HashSet<>();
    for (int a = -50; a < 50; a++) {
      for (int b = -50; b < 50; b++) {
        assertTrue(seeds.add(SeededRandom.combine(a, b)), "collision at " + a + ", " + b);
      }
    }
    assertNotEquals(SeededRandom.combine(1, 2), SeededRandom.combine(2, 1));
  }

  @Test
  void shufflingIsAPermutationAndEven() {
    SeededRandom random = new SeededRandom(4);
    int[] firstPlace = new int[5];
    for (int i = 0; i < 50_000; i++) {
      int[] values = {0, 1, 2, 3, 4};
      random.shuffle(values);
      firstPlace[values[0]]++;
      assertArrayEquals(
          new int[] {0, 1, 2, 3, 4}, java.util.Arrays.stream(values).sorted().toArray());
    }
    for (int count : firstPlace) {
      assertEquals(10_000, count, 500);
    }
  }
}
