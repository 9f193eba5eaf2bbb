package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.gzip;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CIFAR-10 and CIFAR-100 binary files (row T1). */
class CifarDatasetTest {

  private static final int IMAGE = 3 * 32 * 32;

  @TempDir Path folder;

  /** Records whose image is filled with (7 * number + channel); the label bytes are given. */
  private static byte[] records(int labelBytes, int... labels) {
    int record = labelBytes + IMAGE;
    byte[] file = new byte[labels.length / labelBytes * record];
    for (int i = 0; i < labels.length / labelBytes; i++) {
      for (int j = 0; j < labelBytes; j++) {
        file[i * record + j] = (byte) labels[i * labelBytes + j];
      }
      for (int j = 0; j < IMAGE; j++) {
        file[i * record + labelBytes + j] = (byte) (7 * i + j / 1024);
      }
    }
    return file;
  }

  private static void assertImage(Dataset data, int index, int numberInFile) {
    float[] sample = new float[IMAGE];
    data.read(index, sample, 0);
    for (int j = 0; j < IMAGE; j++) {
      assertEquals((7 * numberInFile + j / 1024) / 255f, sample[j]);
    }
  }

  @Test
  void readsCifar10FilesOneAfterTheOther() {
    Path first = write(folder, "1.bin", records(1, 9, 0, 3));
    Path second = write(folder, "2.bin.gz", gzip(records(1, 5)));
    InMemoryDataset data = CifarDataset.readCifar10(List.of(first, second));
    assertEquals(4, data.size());
    assertEquals(new Shape(3, 32, 32), data.shape());
    assertEquals("airplane", data.classNames().getFirst());
    assertEquals("truck", data.classNames().get(data.label(0)));
    assertEquals(3, data.label(2));
    assertEquals(5, data.label(3));
    assertImage(data, 2, 2);
    assertImage(data, 3, 0);
  }

  @Test
  void readsCifar100WithFineLabels() {
    Path file = write(folder, "train.bin", records(2, 19, 99, 0, 51));
    InMemoryDataset data = CifarDataset.readCifar100(List.of(file));
    assertEquals(100, data.classes());
    assertEquals("worm", data.classNames().get(data.label(0)));
    assertEquals("mushroom", data.classNames().get(data.label(1)));
    assertImage(data, 1, 1);
  }

  @Test
  void findsTheUnpackedArchives() throws Exception {
    Path ten = Files.createDirectories(folder.resolve("cifar-10-batches-bin"));
    for (int i = 1; i <= 5; i++) {
      write(ten, "data_batch_" + i + ".bin", records(1, i, i));
    }
    write(ten, "test_batch.bin", records(1, 7, 8));
    TrainTest data = CifarDataset.cifar10(folder, 2);
    assertEquals(10, data.train().size());
    assertEquals(2, data.test().size());
    assertEquals(5, data.train().label(9));
    assertEquals(10, CifarDataset.cifar10(ten, 2).train().size(), "the folder itself will do");

    Path hundred = folder.resolve("cifar-100-binary");
    write(hundred, "train.bin", records(2, 1, 2, 3, 4));
    write(hundred, "test.bin", records(2, 5, 6));
    assertEquals(2, CifarDataset.cifar100(folder, 2, 1).train().size());
    assertEquals(6, CifarDataset.cifar100(folder, 2, 1).test().label(0));
  }

  @Test
  void refusesTruncatedAndOversizedFiles() {
    byte[] good = records(1, 9, 0);
    Path cut = write(folder, "cut.bin", Arrays.copyOf(good, good.length - 1));
    assertFails(
        () -> CifarDataset.readCifar10(List.of(cut)),
        cut + " has 6145 bytes",
        "no whole number of records of 3073 bytes");
    Path empty = write(folder, "empty.bin", new byte[0]);
    assertFails(() -> CifarDataset.readCifar10(List.of(empty)), empty + " has 0 bytes");

    // As published every file has 10,000 records; whole records that are missing or too many are
    // found as well.
    Path batches = folder.resolve("cifar-10-batches-bin");
    for (int i = 1; i <= 5; i++) {
      write(batches, "data_batch_" + i + ".bin", good);
    }
    write(batches, "test_batch.bin", good);
    assertFails(
        () -> CifarDataset.cifar10(folder),
        batches.resolve("data_batch_1.bin"),
        "truncated: it has 2 records instead of 10000");
    assertFails(
        () -> CifarDataset.cifar10(folder, 1),
        batches.resolve("data_batch_1.bin"),
        "too long: the data should end at byte 3073, and more follows");
  }

  @Test
  void refusesLabelsWithoutClass() {
    Path ten = write(folder, "ten.bin", records(1, 9, 10));
    assertFails(
        () -> CifarDataset.readCifar10(List.of(ten)),
        ten + ": record 1 has label 10; with 10 classes a label is 0 to 9");
    Path hundred = write(folder, "hundred.bin", records(2, 0, 100));
    assertFails(() -> CifarDataset.readCifar100(List.of(hundred)), "record 0 has label 100");
  }

  @Test
  void saysWhichFileIsMissing() {
    assertFails(
        () -> CifarDataset.cifar10(folder), folder.resolve("data_batch_1.bin") + " does not exist");
  }
}
