package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.counting;
import static dev.azulejo.data.TestFiles.gzip;
import static dev.azulejo.data.TestFiles.idx;
import static dev.azulejo.data.TestFiles.idxImages;
import static dev.azulejo.data.TestFiles.idxLabels;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** IDX files (row T1): what is read from good ones, and what is said about bad ones. */
class IdxDatasetTest {

  private static final List<String> NAMES = List.of("a", "b", "c");

  @TempDir Path folder;

  private InMemoryDataset read(byte[] images, byte[] labels) {
    return IdxDataset.read(write(folder, "images", images), write(folder, "labels", labels), NAMES);
  }

  private void assertGood(InMemoryDataset data) {
    assertEquals(2, data.size());
    assertEquals(new Shape(1, 3, 2), data.shape());
    assertEquals(NAMES, data.classNames());
    assertEquals(3, data.classes());
    assertEquals(2, data.label(0));
    assertEquals(0, data.label(1));
    float[] target = new float[8];
    Arrays.fill(target, -1);
    data.read(1, target, 1);
    assertEquals(-1, target[0]);
    assertEquals(-1, target[7]);
    for (int i = 0; i < 6; i++) {
      assertEquals((6 + i) / 255f, target[1 + i]);
    }
  }

  @Test
  void readsPlainFiles() {
    assertGood(read(idxImages(2, 3, 2), idxLabels(2, 0)));
  }

  @Test
  void readsGzipWhateverTheName() {
    assertGood(read(gzip(idxImages(2, 3, 2)), gzip(idxLabels(2, 0))));
  }

  @Test
  void bytesAbove127AreNotNegative() {
    byte[] bright = {(byte) 255, (byte) 128};
    InMemoryDataset data = read(idx(0x803, new int[] {1, 1, 2}, bright), idxLabels(1));
    float[] target = new float[2];
    data.read(0, target, 0);
    assertEquals(1f, target[0]);
    assertEquals(128 / 255f, target[1]);
  }

  @Test
  void refusesTruncatedFiles() {
    byte[] images = idxImages(2, 3, 2);
    assertFails(
        () -> read(Arrays.copyOf(images, images.length - 5), idxLabels(2, 0)),
        folder.resolve("images"),
        "truncated",
        "it ends at byte 23, 5 bytes before the end of the 12 bytes its header promises");
    assertFails(
        () -> read(Arrays.copyOf(images, 7), idxLabels(2, 0)), "truncated", "end of the header");
    assertFails(() -> read(new byte[0], idxLabels(2, 0)), "truncated", "it ends at byte 0");
    byte[] packed = gzip(images);
    assertFails(
        () -> read(Arrays.copyOf(packed, packed.length - 9), idxLabels(2, 0)),
        folder.resolve("images"),
        "truncated: its gzip stream has no end");
  }

  @Test
  void refusesCorruptGzip() {
    byte[] noBlock = gzip(idxImages(2, 3, 2));
    noBlock[10] =
        7; // after the 10 bytes of gzip's header: a last block of type 3, which does not exist
    assertFails(() -> read(noBlock, idxLabels(2, 0)), folder.resolve("images"), "is corrupt");
    byte[] wrongSum = gzip(idxImages(2, 3, 2));
    wrongSum[wrongSum.length - 8] ^= 1;
    assertFails(() -> read(wrongSum, idxLabels(2, 0)), "is corrupt: Corrupt GZIP trailer");
  }

  @Test
  void refusesAnotherMagicNumber() {
    assertFails(
        () -> read(idxLabels(2, 0), idxLabels(2, 0)),
        folder.resolve("images"),
        "no IDX file of images (count, rows, columns)",
        "0x00000801 instead of 0x00000803");
    assertFails(
        () -> read(idxImages(2, 3, 2), idxImages(2, 3, 2)),
        folder.resolve("labels"),
        "no IDX file of labels (count)",
        "0x00000803 instead of 0x00000801");
  }

  @Test
  void refusesACountThatLies() {
    // Over a billion pixels promised, twelve there: found out without taking memory for a billion.
    byte[] lies = idx(0x803, new int[] {1_000_000, 40, 40}, counting(12));
    assertFails(
        () -> read(lies, idxLabels(2, 0)),
        "it ends at byte 28, 1599999988 bytes before the end of the 1600000000 bytes");
    byte[] impossible = idx(0x803, new int[] {-1, 28, 28}, counting(12));
    assertFails(() -> read(impossible, idxLabels(2, 0)), "claims dimension 1", "to be 4294967295");
    byte[] overflowing = idx(0x803, new int[] {1 << 30, 1 << 30, 1 << 30}, counting(12));
    assertFails(
        () -> read(overflowing, idxLabels(2, 0)),
        "claims dimension 2",
        "product at most 2147483639");
    byte[] empty = idx(0x803, new int[] {0, 28, 28}, new byte[0]);
    assertFails(() -> read(empty, idxLabels(2, 0)), "dimension 1", "to be 0", "at least 1");
  }

  @Test
  void refusesBytesThatFollow() {
    byte[] images = idxImages(2, 3, 2);
    byte[] longer = Arrays.copyOf(images, images.length + 1);
    assertFails(
        () -> read(longer, idxLabels(2, 0)),
        folder.resolve("images"),
        "too long: the data should end at byte 28, and more follows");
    assertFails(() -> read(gzip(longer), idxLabels(2, 0)), "too long");
  }

  @Test
  void refusesLabelsWithoutClass() {
    assertFails(
        () -> read(idxImages(2, 3, 2), idxLabels(2, 3)),
        folder.resolve("labels"),
        "sample 1 has label 3; with 3 classes a label is 0 to 2");
    assertFails(() -> read(idxImages(2, 3, 2), idxLabels(255, 0)), "sample 0 has label 255");
  }

  @Test
  void refusesCountsThatDiffer() {
    assertFails(
        () -> read(idxImages(2, 3, 2), idxLabels(2, 0, 1)),
        folder.resolve("images") + " has 2 images",
        folder.resolve("labels") + " has 3 labels",
        "must be the same number");
  }

  @Test
  void refusesWhatIsNoFile() {
    Path missing = folder.resolve("missing");
    Path labels = write(folder, "labels", idxLabels(2, 0));
    assertFails(() -> IdxDataset.read(missing, labels, NAMES), missing + " does not exist");
    assertFails(
        () -> IdxDataset.read(folder, labels, NAMES), folder + " cannot be read: it is a folder");
  }
}
