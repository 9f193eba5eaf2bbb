package dev.azulejo.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Reads a folder of images: one folder for each class, named like the class, with its PNG and JPEG
 * files.
 *
 * <p>Classes and files are taken in the order of their names, so labels and indices do not depend
 * on the file system. Hidden files (names starting with a dot) are passed over; anything else that
 * is no image is an error, because a sample that is left out silently is not noticed until the
 * accuracy is wrong. All images are decoded, resized and kept as bytes: {@code size() *
 * shape().size()} bytes of heap.
 */
public final class ImageFolder {

  private ImageFolder() {}

  /**
   * Reads all images.
   *
   * @param root the folder with the class folders
   * @param shape that every image is resized to; 1 channel (gray) or 3 (colour)
   * @throws DatasetException if there is no folder, no class, a class without images, a file that
   *     is no image, an image that cannot be read, or more than 2 GB of pixels
   * @throws IllegalArgumentException if the shape has neither 1 nor 3 channels
   */
  public static InMemoryDataset read(Path root, Shape shape) {
    List<String> classNames = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (Path folder : classFolders(root)) {
      for (Path file : images(folder)) {
        files.add(file);
        labels.add(classNames.size());
      }
      classNames.add(folder.getFileName().toString());
    }
    long bytes = (long) files.size() * shape.size();
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new DatasetException(
          "%s has %d images, %d bytes as %s; at most %d fit: resize to a smaller shape"
              .formatted(root, files.size(), bytes, shape, Integer.MAX_VALUE - 8));
    }
    byte[] pixels = new byte[(int) bytes];
    int at = 0;
    for (Path file : files) {
      for (float value : ImageFile.read(file, shape)) {
        pixels[at++] = (byte) Math.round(Math.clamp(value, 0f, 1f) * 255);
      }
    }
    int[] byIndex = labels.stream().mapToInt(Integer::intValue).toArray();
    return InMemoryDataset.owning(root.toString(), shape, pixels, byIndex, classNames);
  }

  /** The shape of the first image, which stands for all where the user names none. */
  static Shape firstShape(Path root) {
    return ImageFile.shapeOf(images(classFolders(root).getFirst()).getFirst());
  }

  private static List<Path> classFolders(Path root) {
    List<Path> folders = list(root);
    for (Path entry : folders) {
      if (!Files.isDirectory(entry)) {
        throw new DatasetException(
            entry + " is no folder; " + root + " should hold one folder of images for each class");
      }
    }
    if (folders.isEmpty()) {
      throw new DatasetException(
          root + " is empty; it should hold one folder of images for each class");
    }
    return folders;
  }

  private static List<Path> images(Path folder) {
    List<Path> files = list(folder);
    for (Path file : files) {
      if (!ImageFile.hasImageName(file)) {
        throw new DatasetException(
            file + " is no image; a class folder should hold .png, .jpg and .jpeg files only");
      }
    }
    if (files.isEmpty()) {
      throw new DatasetException(folder + " has no images; every class needs at least one");
    }
    return files;
  }

  private static List<Path> list(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new DatasetException(
          folder + (Files.exists(folder) ? " is no folder" : " does not exist"));
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> !entry.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new DatasetException(folder + " cannot be listed: " + e.getMessage(), e);
    }
  }
}
