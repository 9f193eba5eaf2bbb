package dev.azulejo.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads one data file from front to back, uncompressing it when it starts with gzip's magic number
 * (RFC 1952, 1f 8b), whatever its name. Turns every way in which the bytes can be wrong into a
 * {@link DatasetException} naming the file.
 */
final class DataFile implements AutoCloseable {

  private static final int GZIP_MAGIC = 0x1f8b;

  private final Path path;
  private final MessageDigest digest = sha256();
  private final InputStream in;
  private long position;

  DataFile(Path path) {
    this.path = path;
    try {
      this.in = new DigestInputStream(open(path), digest);
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static InputStream open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new IOException("it is a folder");
    }
    InputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    try {
      file.mark(2);
      boolean compressed = (file.read() << 8 | file.read()) == GZIP_MAGIC;
      file.reset();
      return compressed ? new GZIPInputStream(file, 1 << 16) : file;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** Where the next byte is read, counted in the uncompressed content. */
  long position() {
    return position;
  }

  /** Four bytes, most significant first. */
  int readInt(String what) {
    byte[] bytes = readBytes(4, what);
    return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
  }

  /**
   * Exactly {@code count} bytes. Memory grows with what the file really holds: a count that lies is
   * found out before memory for it is taken.
   */
  byte[] readBytes(int count, String what) {
    try {
      byte[] bytes = in.readNBytes(count);
      position += bytes.length;
      if (bytes.length < count) {
        throw new DatasetException(
            "%s is truncated: it ends at byte %d, %d bytes before the end of the %s"
                .formatted(path, position, count - bytes.length, what));
      }
      return bytes;
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** Everything up to the end of the file, at most {@code limit} bytes. */
  byte[] readRest(int limit) {
    try {
      byte[] bytes = in.readNBytes(limit);
      position += bytes.length;
      expectEnd();
      return bytes;
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** Checks that nothing follows, which also makes gzip check its own checksum. */
  void expectEnd() {
    try {
      if (in.read() >= 0) {
        throw new DatasetException(
            "%s is too long: the data should end at byte %d, and more follows"
                .formatted(path, position));
      }
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /**
   * SHA-256, in lower-case hexadecimal, of the (uncompressed) bytes read; asked for once, at the
   * end.
   */
  String contentSha256() {
    return HexFormat.of().formatHex(digest.digest());
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must have SHA-256", e);
    }
  }

  private DatasetException broken(IOException e) {
    return new DatasetException("%s %s".formatted(path, describe(e)), e);
  }

  /** What went wrong, to follow the name of the file. */
  static String describe(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "does not exist";
      case EOFException end -> "is truncated: its gzip stream has no end";
      case ZipException corrupt -> "is corrupt: " + corrupt.getMessage();
      default -> "cannot be read: " + (e.getMessage() != null ? e.getMessage() : e.toString());
    };
  }
}
