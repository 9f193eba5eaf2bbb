package dev.azulejo.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * A well-known data set in IDX files: what it is called, where it comes from, and how its files are
 * recognised.
 *
 * @param name on the command line, and of its folder in the cache
 * @param title in messages
 * @param home address that the files' names are appended to
 * @param debianPackage that has the files, or null
 * @param debianFolder where that package puts them, or null
 * @param classNames by label
 * @param train the part to learn from
 * @param test the part that measures
 */
record PublishedIdx(
    String name,
    String title,
    URI home,
    String debianPackage,
    Path debianFolder,
    List<String> classNames,
    Part train,
    Part test) {

  /** One part of a data set. */
  record Part(PublishedFile images, PublishedFile labels) {

    List<PublishedFile> files() {
      return List.of(images, labels);
    }
  }

  /**
   * One file.
   *
   * @param name without .gz
   * @param bytes length of its content, uncompressed
   * @param sha256 of its content, uncompressed: Debian's files are the published ones compressed
   *     anew, so a checksum of the compressed file would refuse them
   */
  record PublishedFile(String name, int bytes, String sha256) {

    /** The name under which it is published. */
    String compressedName() {
      return name + ".gz";
    }
  }

  // The lengths are those of 60,000 and 10,000 images of 28 x 28 (header 16 bytes) and their labels
  // (header 8 bytes),
  // the same for every data set made in MNIST's image.

  static PublishedFile trainImages(String sha256) {
    return new PublishedFile("train-images-idx3-ubyte", 47_040_016, sha256);
  }

  static PublishedFile trainLabels(String sha256) {
    return new PublishedFile("train-labels-idx1-ubyte", 60_008, sha256);
  }

  static PublishedFile testImages(String sha256) {
    return new PublishedFile("t10k-images-idx3-ubyte", 7_840_016, sha256);
  }

  static PublishedFile testLabels(String sha256) {
    return new PublishedFile("t10k-labels-idx1-ubyte", 10_008, sha256);
  }
}
