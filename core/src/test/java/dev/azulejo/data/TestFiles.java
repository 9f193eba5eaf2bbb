package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.function.Executable;

/** Small files and assertions that several tests of data sets need. */
final class TestFiles {

  private TestFiles() {}

  /** An IDX file: magic number, dimensions, elements. */
  static byte[] idx(int magic, int[] dimensions, byte[] elements) {
    ByteBuffer buffer = ByteBuffer.allocate(4 + 4 * dimensions.length + elements.length);
    buffer.putInt(magic);
    for (int dimension : dimensions) {
      buffer.putInt(dimension);
    }
    return buffer.put(elements).array();
  }

  static byte[] idxImages(int count, int rows, int columns) {
    return idx(0x803, new int[] {count, rows, columns}, counting(count * rows * columns));
  }

  static byte[] idxLabels(int... labels) {
    byte[] bytes = new byte[labels.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) labels[i];
    }
    return idx(0x801, new int[] {labels.length}, bytes);
  }

  /** 0, 1, 2, ... modulo 256. */
  static byte[] counting(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }

  static byte[] gzip(byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static String sha256(byte[] content) {
    return HexFormat.of().formatHex(DataFile.sha256().digest(content));
  }

  static Path write(Path folder, String name, byte[] content) {
    try {
      Files.createDirectories(folder);
      return Files.write(folder.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Asserts that the action fails as a data set does, with all the parts in the message. */
  static DatasetException assertFails(Executable action, Object... parts) {
    DatasetException e = assertThrows(DatasetException.class, action);
    assertMentions(e, parts);
    return e;
  }

  static void assertMentions(Exception e, Object... parts) {
    for (Object part : parts) {
      assertTrue(
          e.getMessage().contains(part.toString()),
          () -> "expected \"" + part + "\" in: " + e.getMessage());
    }
  }

  /**
   * A data set of which sample i is i everywhere, labelled i modulo classes: what a loader does to
   * it can be read off.
   */
  static InMemoryDataset numbered(int size, int classes) {
    Shape shape = new Shape(2, 3, 2);
    float[] values = new float[size * shape.size()];
    int[] labels = new int[size];
    for (int i = 0; i < values.length; i++) {
      values[i] = i / shape.size();
    }
    for (int i = 0; i < size; i++) {
      labels[i] = i % classes;
    }
    String[] names = new String[classes];
    java.util.Arrays.setAll(names, i -> "class " + i);
    return InMemoryDataset.ofFloats(shape, values, labels, java.util.List.of(names));
  }
}
