package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertMentions;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Label encoding and one-hot encoding (row T3, T§2.5.4 and T§2.5.8). */
class LabelsTest {

  @Test
  void labelsAreTheSortedDistinctNames() {
    LabelEncoding encoding = LabelEncoding.of(List.of("dog", "cat", "dog", "bird"));
    assertEquals(List.of("bird", "cat", "dog"), encoding.classNames());
    assertArrayEquals(
        new int[] {2, 1, 2, 0}, encoding.encode(List.of("dog", "cat", "dog", "bird")));
    for (int label = 0; label < 3; label++) {
      assertEquals(label, encoding.encode(encoding.decode(label)));
    }
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> encoding.encode("fish")),
        "\"fish\" is none of the classes [bird, cat, dog]");
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> encoding.decode(3)),
        "label 3 is not among 0 to 2");
    assertThrows(IllegalArgumentException.class, () -> encoding.decode(-1));
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> LabelEncoding.of(List.of())),
        "at least one class name");
  }

  @Test
  void oneHotThereAndBack() {
    int[] labels = {2, 0, 1, 2};
    float[] encoded = OneHot.encode(labels, 3);
    assertArrayEquals(new float[] {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1}, encoded);
    assertArrayEquals(labels, OneHot.decode(encoded, 3));
  }

  @Test
  void decodingTakesTheLargest() {
    float[] outputs = {0.1f, 0.7f, 0.2f, -3, -1, -1, 5, 5, 5};
    assertArrayEquals(new int[] {1, 1, 0}, OneHot.decode(outputs, 3));
  }

  @Test
  void refusesWhatCannotBeEncoded() {
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> OneHot.encode(new int[] {0, 3}, 3)),
        "label 3 at position 1 is out of range; with 3 classes a label is 0 to 2");
    assertThrows(IllegalArgumentException.class, () -> OneHot.encode(new int[] {-1}, 3));
    assertThrows(IllegalArgumentException.class, () -> OneHot.encode(new int[0], 0));
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> OneHot.encode(new int[100_000], 100_000)),
        "10000000000 values");
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> OneHot.decode(new float[7], 3)),
        "7 values are not a whole number of vectors of 3 classes");
    assertMentions(
        assertThrows(
            IllegalArgumentException.class,
            () -> OneHot.decode(new float[] {0, 1, 0, Float.NaN, 0, 0}, 3)),
        "value 0 of vector 1 is NaN");
  }
}
