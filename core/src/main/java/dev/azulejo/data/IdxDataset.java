package dev.azulejo.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Reads data sets in the IDX format of MNIST: a file of images and a file of labels,
 * gzip-compressed or not.
 *
 * <p>IDX: two zero bytes, a byte for the element type (8: unsigned byte), a byte for the number of
 * dimensions, the dimensions as 32-bit big-endian integers, then the elements in row-major order.
 * Images have three dimensions (count, rows, columns), labels one (count).
 */
public final class IdxDataset {

  private static final int IMAGES_MAGIC = 0x00000803;
  private static final int LABELS_MAGIC = 0x00000801;

  /** What one IDX file holds. */
  record Content(int[] dimensions, byte[] elements, String sha256) {}

  private IdxDataset() {}

  /**
   * Reads a data set into memory, one byte a pixel.
   *
   * @param images the file of images
   * @param labels the file of labels
   * @param classNames by label
   * @return samples of shape 1 x rows x columns
   * @throws DatasetException if a file is missing, truncated, corrupt, too long or no IDX file of
   *     that kind, the counts differ, or a label has no class
   */
  public static InMemoryDataset read(Path images, Path labels, List<String> classNames) {
    Objects.requireNonNull(classNames, "classNames");
    return join(images, readImages(images), labels, readLabels(labels), classNames);
  }

  static Content readImages(Path path) {
    return readFile(path, IMAGES_MAGIC, "images (count, rows, columns)", 3);
  }

  static Content readLabels(Path path) {
    return readFile(path, LABELS_MAGIC, "labels (count)", 1);
  }

  static InMemoryDataset join(
      Path imagesPath, Content images, Path labelsPath, Content labels, List<String> classNames) {
    int[] dimensions = images.dimensions();
    if (dimensions[0] != labels.dimensions()[0]) {
      throw new DatasetException(
          "%s has %d images and %s has %d labels; they must be the same number"
              .formatted(imagesPath, dimensions[0], labelsPath, labels.dimensions()[0]));
    }
    int[] byIndex = new int[dimensions[0]];
    for (int i = 0; i < byIndex.length; i++) {
      byIndex[i] = labels.elements()[i] & 0xff;
    }
    Shape shape = new Shape(1, dimensions[1], dimensions[2]);
    return InMemoryDataset.owning(
        labelsPath.toString(), shape, images.elements(), byIndex, classNames);
  }

  private static Content readFile(Path path, int magic, String kind, int rank) {
    try (DataFile file = new DataFile(path)) {
      int found = file.readInt("header");
      if (found != magic) {
        throw new DatasetException(
            "%s is no IDX file of %s: it starts with 0x%08x instead of 0x%08x"
                .formatted(path, kind, found, magic));
      }
      int[] dimensions = new int[rank];
      long elements = 1;
      for (int i = 0; i < rank; i++) {
        dimensions[i] = file.readInt("header");
        // Read as signed, 2^31 and more is negative: no array could hold that anyway.
        if (dimensions[i] < 1 || (elements *= dimensions[i]) > Integer.MAX_VALUE - 8) {
          throw new DatasetException(
              "%s claims dimension %d of %s to be %d; each must be at least 1 and their product at most %d"
                  .formatted(
                      path,
                      i + 1,
                      kind,
                      Integer.toUnsignedLong(dimensions[i]),
                      Integer.MAX_VALUE - 8));
        }
      }
      byte[] content =
          file.readBytes((int) elements, "%d bytes its header promises".formatted(elements));
      file.expectEnd();
      return new Content(dimensions, content, file.contentSha256());
    }
  }
}
