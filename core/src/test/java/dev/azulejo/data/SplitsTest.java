package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.numbered;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Train, validation and test parts (row T1). */
class SplitsTest {

  private static int[] indices(Subset part) {
    return IntStream.range(0, part.size()).map(part::baseIndex).toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 0",
    "7, 0.2, 0.3",
    "10, 0.1, 0.1",
    "101, 0.25, 0.5",
    "1000, 0.333, 0.333",
    "64, 0, 0.2"
  })
  void everySampleIsInExactlyOnePart(int size, double validation, double test) {
    InMemoryDataset data = numbered(size, 3);
    for (Splits splits :
        List.of(
            Splits.random(data, validation, test, 5),
            Splits.stratified(data, validation, test, 5))) {
      int[] seen = new int[size];
      for (Subset part : List.of(splits.train(), splits.validation(), splits.test())) {
        for (int index : indices(part)) {
          seen[index]++;
        }
      }
      int[] once = new int[size];
      Arrays.fill(once, 1);
      assertArrayEquals(once, seen);
      assertEquals(Math.round(size * validation), splits.validation().size());
      assertEquals(Math.round(size * test), splits.test().size());
    }
  }

  @Test
  void theSeedDecides() {
    InMemoryDataset data = numbered(200, 4);
    int[] first = indices(Splits.random(data, 0.2, 0.2, 1).test());
    assertArrayEquals(first, indices(Splits.random(data, 0.2, 0.2, 1).test()));
    assertFalse(Arrays.equals(first, indices(Splits.random(data, 0.2, 0.2, 2).test())));
    int[] stratified = indices(Splits.stratified(data, 0.2, 0.2, 1).test());
    assertArrayEquals(stratified, indices(Splits.stratified(data, 0.2, 0.2, 1).test()));
    assertFalse(Arrays.equals(stratified, indices(Splits.stratified(data, 0.2, 0.2, 2).test())));
  }

  @Test
  void stratifiedPartsKeepTheProportions() {
    // Classes of 600, 300, 97 and 3 samples, sorted by class.
    int[] labels = new int[1000];
    Arrays.fill(labels, 600, 900, 1);
    Arrays.fill(labels, 900, 997, 2);
    Arrays.fill(labels, 997, 1000, 3);
    InMemoryDataset data =
        InMemoryDataset.ofBytes(
            new Shape(1, 1, 1), new byte[1000], labels, List.of("a", "b", "c", "d"));
    Splits splits = Splits.stratified(data, 0.15, 0.33, 9);
    assertProportional(splits.validation(), 0.15);
    assertProportional(splits.test(), 0.33);
    assertProportional(splits.train(), 0.52);
  }

  private static void assertProportional(Subset part, double fraction) {
    int[] counts = new int[4];
    for (int i = 0; i < part.size(); i++) {
      counts[part.label(i)]++;
    }
    double[] sizes = {600, 300, 97, 3};
    for (int label = 0; label < 4; label++) {
      assertTrue(
          Math.abs(counts[label] - sizes[label] * fraction) <= 2,
          "class counts " + Arrays.toString(counts) + " with fraction " + fraction);
    }
  }

  @Test
  void refusesFractionsThatLeaveNothing() {
    InMemoryDataset data = numbered(4, 2);
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> Splits.random(data, 0.5, 0.5, 1)),
        "validation fraction 0.5 and test fraction 0.5",
        "together below 1");
    assertThrows(IllegalArgumentException.class, () -> Splits.random(data, -0.1, 0.5, 1));
    assertThrows(IllegalArgumentException.class, () -> Splits.random(data, Double.NaN, 0, 1));
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> Splits.stratified(data, 0.9, 0, 1)),
        "splitting 4 samples",
        "leaves none to train on");
  }
}
