package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.assertMentions;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Data sets in memory, their views, and the shape of their samples. */
class InMemoryDatasetTest {

  private static final Shape SHAPE = new Shape(1, 1, 2);
  private static final List<String> NAMES = List.of("no", "yes");

  @Test
  void bytesBecomeFractionsAndFloatsStay() {
    float[] target = new float[2];
    byte[] pixels = {0, 51, (byte) 255, 102};
    InMemoryDataset.ofBytes(SHAPE, pixels, new int[] {0, 1}, NAMES).read(1, target, 0);
    assertArrayEquals(new float[] {1, 0.4f}, target);
    float[] values = {0, 1, -2, 3.5f};
    InMemoryDataset.ofFloats(SHAPE, values, new int[] {0, 1}, NAMES).read(1, target, 0);
    assertArrayEquals(new float[] {-2, 3.5f}, target);
  }

  @Test
  void doesNotChangeWithTheCallersArrays() {
    byte[] pixels = {0, 51, (byte) 255, 102};
    int[] labels = {0, 1};
    InMemoryDataset data = InMemoryDataset.ofBytes(SHAPE, pixels, labels, NAMES);
    pixels[2] = 0;
    labels[1] = 0;
    float[] target = new float[2];
    data.read(1, target, 0);
    assertEquals(1f, target[0]);
    assertEquals(1, data.label(1));
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertFails(
        () -> InMemoryDataset.ofBytes(SHAPE, new byte[3], new int[2], NAMES),
        "2 labels need 4 values in images of 1x1x2, got 3");
    assertFails(
        () -> InMemoryDataset.ofFloats(SHAPE, new float[4], new int[] {0, -1}, NAMES),
        "sample 1 has label -1; with 2 classes a label is 0 to 1");
    InMemoryDataset data = InMemoryDataset.ofBytes(SHAPE, new byte[4], new int[2], NAMES);
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(2, new float[2], 0));
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(-1, new float[2], 0));
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(0, new float[2], 1));
    assertThrows(IndexOutOfBoundsException.class, () -> data.label(2));
  }

  @Test
  void subsetsAreViews() {
    InMemoryDataset data = TestFiles.numbered(10, 4);
    Subset some = Subset.of(data, 7, 2, 7);
    assertEquals(3, some.size());
    assertEquals(data.shape(), some.shape());
    assertEquals(data.classNames(), some.classNames());
    assertEquals(3, some.label(2));
    assertEquals(2, some.baseIndex(1));
    float[] target = new float[data.shape().size()];
    some.read(0, target, 0);
    assertEquals(7f, target[0]);
    Subset range = Subset.range(data, 3, 5);
    assertEquals(2, range.size());
    assertEquals(4, range.baseIndex(1));
    assertThrows(IndexOutOfBoundsException.class, () -> Subset.of(data, 10));
    assertThrows(IndexOutOfBoundsException.class, () -> Subset.range(data, 3, 11));
    assertThrows(IndexOutOfBoundsException.class, () -> some.label(3));
    assertThrows(IndexOutOfBoundsException.class, () -> some.read(-1, target, 0));
  }

  @Test
  void shapesAreChecked() {
    assertEquals(3 * 32 * 31, new Shape(3, 32, 31).size());
    assertEquals("3x32x31", new Shape(3, 32, 31).toString());
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> new Shape(1, 0, 28)),
        "shape 1x0x28",
        "at least 1");
    int large = 1 << 30;
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> new Shape(large, large, large)),
        "at most 2147483647 values");
  }

  @Test
  void partsOfOneSetMustMatch() {
    InMemoryDataset data = InMemoryDataset.ofBytes(SHAPE, new byte[4], new int[2], NAMES);
    InMemoryDataset other =
        InMemoryDataset.ofBytes(SHAPE, new byte[4], new int[2], List.of("no", "maybe"));
    InMemoryDataset larger =
        InMemoryDataset.ofBytes(new Shape(1, 2, 2), new byte[8], new int[2], NAMES);
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> new TrainTest(data, other)),
        "[no, yes]",
        "[no, maybe]");
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> new TrainTest(data, larger)),
        "1x1x2",
        "1x2x2");
  }
}
