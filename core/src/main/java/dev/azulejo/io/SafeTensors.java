package dev.azulejo.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads and writes safetensors files (github.com/huggingface/safetensors, "Format").
 *
 * <p>Eight bytes N, little-endian; N bytes of UTF-8 JSON, the header, padded with spaces so that
 * the data begins at a multiple of 8; then the data. The header maps each tensor's name to its
 * dtype, shape and data_offsets [begin, end) relative to the data, and {@code __metadata__} to a
 * map of strings. The tensors fill the data without gap or overlap.
 */
public final class SafeTensors {

  /** The format's limit on the header's length. */
  static final long LONGEST_HEADER = 100_000_000;

  /** Of one read or write call; channels copy heap memory to the side in pieces this large. */
  private static final int CHUNK = 1 << 20;

  /**
   * What a file holds.
   *
   * @param tensors by name, in the header's order; their data is read-only
   * @param metadata the strings of {@code __metadata__}
   */
  public record Contents(Map<String, HostTensor> tensors, Map<String, String> metadata) {

    /** Makes both maps unmodifiable. */
    public Contents {
      tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
      metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }
  }

  private SafeTensors() {}

  /**
   * Writes a file, as a whole or not at all: see {@link AtomicFile}.
   *
   * @param tensors by name; the header keeps the map's order
   * @param metadata strings to store beside them
   * @throws CheckpointException if it cannot be written; an existing file is then as it was
   * @throws IllegalArgumentException if a tensor is named {@code __metadata__}, or the header is
   *     over 100 MB
   */
  public static void write(
      Path path, Map<String, HostTensor> tensors, Map<String, String> metadata) {
    write(path, tensors, metadata, null);
  }

  static void write(
      Path path,
      Map<String, HostTensor> tensors,
      Map<String, String> metadata,
      AtomicFile.Opener opener) {
    Objects.requireNonNull(path, "path");
    List<Map.Entry<String, HostTensor>> byAlignment = new ArrayList<>(tensors.entrySet());
    // The widest elements first, as the format's own writer does: then every tensor is aligned to
    // its element.
    byAlignment.sort(Comparator.comparingInt(entry -> -entry.getValue().type().bytes()));
    Map<String, Long> begins = new LinkedHashMap<>();
    long end = 0;
    for (Map.Entry<String, HostTensor> entry : byAlignment) {
      begins.put(entry.getKey(), end);
      end += entry.getValue().data().byteSize();
    }
    byte[] header = SafeTensorsHeader.write(tensors, begins, metadata, LONGEST_HEADER);
    AtomicFile.Content content =
        channel -> {
          ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          writeFully(channel, length.putLong(header.length).flip());
          writeFully(channel, ByteBuffer.wrap(header));
          for (Map.Entry<String, HostTensor> entry : byAlignment) {
            writeFully(channel, entry.getValue().data());
          }
        };
    try {
      if (opener == null) {
        AtomicFile.write(path, content);
      } else {
        AtomicFile.write(path, content, opener);
      }
    } catch (IOException e) {
      throw new CheckpointException("checkpoint " + e.getMessage(), e);
    }
  }

  private static void writeFully(FileChannel channel, MemorySegment data) throws IOException {
    for (long at = 0; at < data.byteSize(); at += CHUNK) {
      long bytes = Math.min(CHUNK, data.byteSize() - at);
      // A copy, because a segment over float[] has no byte buffer.
      writeFully(channel, ByteBuffer.wrap(data.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE)));
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /**
   * Reads a whole file into off-heap memory, which the garbage collector frees when the contents
   * are no longer used.
   *
   * @throws CheckpointException if the file is missing, truncated, too long, or breaks the format
   *     in any way: a header length that lies, a header that is not UTF-8 or not such a JSON
   *     object, a name twice, an unknown dtype, offsets that do not fit the shape, overlap, leave a
   *     gap, or point outside the data
   */
  public static Contents read(Path path) {
    Objects.requireNonNull(path, "path");
    if (Files.isDirectory(path)) {
      throw new CheckpointException(path + " is a folder, not a safetensors file");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      long headerLength = readHeaderLength(path, channel, size);
      ByteBuffer header = ByteBuffer.allocate((int) headerLength);
      readFully(path, channel, header);
      SafeTensorsHeader parsed = SafeTensorsParser.parse(path, header.array());
      long dataBytes = size - Long.BYTES - headerLength;
      parsed.checkLayout(path, dataBytes);
      MemorySegment data = Arena.ofAuto().allocate(dataBytes, Long.BYTES);
      for (long at = 0; at < dataBytes; at += CHUNK) {
        readFully(path, channel, data.asSlice(at, Math.min(CHUNK, dataBytes - at)).asByteBuffer());
      }
      return parsed.contents(data.asReadOnly());
    } catch (NoSuchFileException e) {
      throw new CheckpointException(path + " does not exist", e);
    } catch (IOException e) {
      throw new CheckpointException("%s cannot be read: %s".formatted(path, e.getMessage()), e);
    }
  }

  private static long readHeaderLength(Path path, FileChannel channel, long size)
      throws IOException {
    if (size < Long.BYTES) {
      throw new CheckpointException(
          "%s is no safetensors file: it has %d bytes, and the header's length alone takes 8"
              .formatted(path, size));
    }
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(path, channel, length);
    long claimed = length.getLong(0);
    // The number is unsigned: negative here means 2^63 and more.
    if (claimed < 0 || claimed > LONGEST_HEADER) {
      throw new CheckpointException(
          "%s claims a header of %s bytes; the format allows %d: it is corrupt or no safetensors file"
              .formatted(path, Long.toUnsignedString(claimed), LONGEST_HEADER));
    }
    if (claimed > size - Long.BYTES) {
      throw new CheckpointException(
          "%s claims a header of %d bytes, and only %d follow: it is truncated or corrupt"
              .formatted(path, claimed, size - Long.BYTES));
    }
    return claimed;
  }

  private static void readFully(Path path, FileChannel channel, ByteBuffer buffer)
      throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new CheckpointException(
            path + " ended while it was being read: another program has cut it short");
      }
    }
  }
}
