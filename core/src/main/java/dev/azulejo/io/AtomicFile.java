package dev.azulejo.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;

/**
 * Writes a file as a whole or not at all: into a new file in the same folder, forced to the disk,
 * then renamed over the target. On any failure the old file stays and the new one is removed.
 */
public final class AtomicFile {

  /** Writes the content. */
  @FunctionalInterface
  public interface Content {
    /** Writes to the channel, which the caller opened and closes. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** Opens the new file; tests put failing channels here. */
  @FunctionalInterface
  interface Opener {
    FileChannel open(Path path) throws IOException;
  }

  private AtomicFile() {}

  /**
   * Writes a file. A symbolic link as target is followed: what it points to is replaced.
   *
   * @throws IOException naming the target and the cause: a folder that is missing or not writable,
   *     a target that is no file, a full disk. The target is as it was before.
   */
  public static void write(Path target, Content content) throws IOException {
    write(
        target,
        content,
        path -> FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
  }

  static void write(Path target, Content content, Opener opener) throws IOException {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(content, "content");
    Path temporary = null;
    try {
      Path file = resolve(target);
      temporary = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
      try (FileChannel channel = opener.open(temporary)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(file.getParent());
    } catch (IOException e) {
      throw new IOException("%s cannot be written: %s".formatted(target, describe(e, target)), e);
    } finally {
      if (temporary != null) {
        Files.deleteIfExists(temporary);
      }
    }
  }

  private static Path resolve(Path target) throws IOException {
    Path file = Files.isSymbolicLink(target) ? target.toRealPath() : target.toAbsolutePath();
    if (file.getFileName() == null || Files.isDirectory(file)) {
      throw new IOException("it is a folder; name a file in it");
    }
    // A rename over a device such as /dev/null would replace the device itself.
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file)) {
      throw new IOException("it exists and is no regular file");
    }
    if (!Files.isDirectory(file.getParent())) {
      throw new IOException(
          Files.exists(file.getParent())
              ? file.getParent() + " is no folder"
              : "the folder " + file.getParent() + " does not exist");
    }
    return file;
  }

  /** Makes the rename itself outlast a power failure; not every system lets a folder be opened. */
  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // The file is complete and in place; only the moment at which the rename is on the disk is
      // open.
      System.getLogger("dev.azulejo.io")
          .log(System.Logger.Level.DEBUG, "folder " + folder + " cannot be forced to the disk", e);
    }
  }

  private static String describe(IOException e, Path target) {
    return switch (e) {
      case java.nio.file.AccessDeniedException denied ->
          "no permission to write into the folder of " + target;
      case NoSuchFileException missing -> "no such file or folder: " + missing.getMessage();
      case FileAlreadyExistsException exists -> "there is a file " + exists.getMessage();
      default -> e.getMessage() != null ? e.getMessage() : e.toString();
    };
  }
}
