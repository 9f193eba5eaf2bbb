package dev.azulejo.cli.report;

import dev.azulejo.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Output files: found to be writable before the work, written as a whole or not at all after it.
 */
public final class WholeFile {
  private WholeFile() {}

  /** Writes bytes to a file; what was there stays unless all of them are on the disk. */
  public static void write(Path file, byte[] bytes) throws IOException {
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        });
  }

  /**
   * Finds out, leaving no trace, whether {@link #write} will be possible: hours of training must
   * not end in an output that cannot be written.
   *
   * @throws IOException if not; the message names the file and what is wrong
   */
  public static void check(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || Files.isDirectory(file)) {
      throw new IOException(file + " cannot be written: it is a folder; name a file in it");
    }
    if (!Files.isDirectory(folder)) {
      String problem = Files.exists(folder) ? " is no folder" : " does not exist";
      throw new IOException(file + " cannot be written: " + folder + problem);
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException(file + " cannot be written: it exists and is no regular file");
    }
    try {
      Files.delete(Files.createTempFile(folder, ".azulejo", ".probe"));
    } catch (IOException e) {
      throw new IOException(
          file + " cannot be written: no file can be made in " + folder + " (" + e + ")", e);
    }
  }
}
