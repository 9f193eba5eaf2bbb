package dev.azulejo.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads CIFAR-10 and CIFAR-100 in their "binary version": files of records without a header,
 * gzip-compressed or not.
 *
 * <p>A CIFAR-10 record is one byte of label and 3072 bytes of image (red, green, blue plane, each
 * 32 x 32, row by row). A CIFAR-100 record has two bytes of label, coarse (20 classes) and fine
 * (100 classes); the fine one is used.
 */
public final class CifarDataset {

  private static final Shape SHAPE = new Shape(3, 32, 32);

  /** Records of one file as published. */
  private static final int BATCH_OF_10 = 10_000;

  private static final int TRAIN_OF_100 = 50_000;

  private CifarDataset() {}

  /**
   * Reads files of CIFAR-10 records, one after the other.
   *
   * @throws DatasetException if a file is missing, empty, no whole number of records, or a label is
   *     above 9
   */
  public static InMemoryDataset readCifar10(List<Path> files) {
    return read(files, 1, CifarClasses.CIFAR_10, 0);
  }

  /**
   * Reads files of CIFAR-100 records, one after the other, with their fine labels.
   *
   * @throws DatasetException if a file is missing, empty, no whole number of records, or a label is
   *     above 99
   */
  public static InMemoryDataset readCifar100(List<Path> files) {
    return read(files, 2, CifarClasses.CIFAR_100, 0);
  }

  /**
   * The published CIFAR-10: 50,000 and 10,000 samples.
   *
   * @param folder holds data_batch_1.bin to data_batch_5.bin and test_batch.bin, or a folder
   *     cifar-10-batches-bin with them
   * @throws DatasetException if a file is missing or not as published
   */
  public static TrainTest cifar10(Path folder) {
    return cifar10(folder, BATCH_OF_10);
  }

  static TrainTest cifar10(Path folder, int recordsPerFile) {
    Path home = home(folder, "cifar-10-batches-bin");
    List<Path> train = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      train.add(home.resolve("data_batch_" + i + ".bin"));
    }
    List<Path> test = List.of(home.resolve("test_batch.bin"));
    return new TrainTest(
        read(train, 1, CifarClasses.CIFAR_10, recordsPerFile),
        read(test, 1, CifarClasses.CIFAR_10, recordsPerFile));
  }

  /**
   * The published CIFAR-100: 50,000 and 10,000 samples.
   *
   * @param folder holds train.bin and test.bin, or a folder cifar-100-binary with them
   * @throws DatasetException if a file is missing or not as published
   */
  public static TrainTest cifar100(Path folder) {
    return cifar100(folder, TRAIN_OF_100, BATCH_OF_10);
  }

  static TrainTest cifar100(Path folder, int trainRecords, int testRecords) {
    Path home = home(folder, "cifar-100-binary");
    return new TrainTest(
        read(List.of(home.resolve("train.bin")), 2, CifarClasses.CIFAR_100, trainRecords),
        read(List.of(home.resolve("test.bin")), 2, CifarClasses.CIFAR_100, testRecords));
  }

  /** The folder itself, or the one that unpacking the published archive makes in it. */
  static Path home(Path folder, String unpacked) {
    Path inside = folder.resolve(unpacked);
    return Files.isDirectory(inside) ? inside : folder;
  }

  /**
   * Reads records.
   *
   * @param labelBytes before each image; the last one is the label
   * @param expected number of records of each file, or 0 where any number will do
   */
  private static InMemoryDataset read(
      List<Path> files, int labelBytes, List<String> classNames, int expected) {
    int record = labelBytes + SHAPE.size();
    int limit = expected > 0 ? expected * record : Integer.MAX_VALUE - 8;
    List<byte[]> contents = new ArrayList<>();
    long total = 0;
    for (Path path : files) {
      byte[] content;
      try (DataFile file = new DataFile(path)) {
        content = file.readRest(limit);
      }
      check(path, content, record, labelBytes, classNames.size(), expected);
      contents.add(content);
      total += content.length / record;
    }
    if (total * SHAPE.size() > Integer.MAX_VALUE - 8) {
      throw new DatasetException(
          "%s hold %d images together; at most %d fit into one data set"
              .formatted(files, total, (Integer.MAX_VALUE - 8) / SHAPE.size()));
    }
    byte[] pixels = new byte[(int) total * SHAPE.size()];
    int[] labels = new int[(int) total];
    int index = 0;
    for (byte[] content : contents) {
      for (int at = 0; at < content.length; at += record) {
        labels[index] = content[at + labelBytes - 1] & 0xff;
        System.arraycopy(content, at + labelBytes, pixels, index * SHAPE.size(), SHAPE.size());
        index++;
      }
    }
    return InMemoryDataset.owning(files.toString(), SHAPE, pixels, labels, classNames);
  }

  private static void check(
      Path path, byte[] content, int record, int labelBytes, int classes, int expected) {
    if (content.length == 0 || content.length % record != 0) {
      throw new DatasetException(
          "%s has %d bytes, which is no whole number of records of %d bytes"
              .formatted(path, content.length, record));
    }
    if (expected > 0 && content.length / record != expected) {
      throw new DatasetException(
          "%s is truncated: it has %d records instead of %d"
              .formatted(path, content.length / record, expected));
    }
    for (int at = labelBytes - 1; at < content.length; at += record) {
      int label = content[at] & 0xff;
      if (label >= classes) {
        throw new DatasetException(
            "%s: record %d has label %d; with %d classes a label is 0 to %d"
                .formatted(path, at / record, label, classes, classes - 1));
      }
    }
  }
}
