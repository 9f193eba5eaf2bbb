package dev.azulejo.data;

import dev.azulejo.data.PublishedIdx.PublishedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Fetches one published file over HTTP: into a file beside the target, which gets the target's name
 * only once its content has been verified. Nobody ever sees half a file under the right name.
 *
 * <p>HttpURLConnection rather than java.net.http: it has a time limit for each read, so a server
 * that stops sending is noticed, and it is in java.base.
 */
final class Downloader {

  /** What gzip may add to content that does not compress, generously. */
  private static final int GZIP_OVERHEAD = 1 << 16;

  private final Duration connectTimeout;
  private final Duration readTimeout;
  private final Consumer<String> messages;

  Downloader(Duration connectTimeout, Duration readTimeout, Consumer<String> messages) {
    this.connectTimeout = connectTimeout;
    this.readTimeout = readTimeout;
    this.messages = messages;
  }

  /** Gives up after 5 seconds without a connection, or 30 seconds in which nothing arrives. */
  static Downloader standard(Consumer<String> messages) {
    return new Downloader(Duration.ofSeconds(5), Duration.ofSeconds(30), messages);
  }

  /**
   * Fetches a file, gzip-compressed or not; does nothing more than verify it where the target is
   * there already.
   *
   * @throws IOException if the server cannot be reached, refuses, or stops early, or the target
   *     cannot be written
   * @throws DatasetException if what arrives is not the published content
   */
  void fetch(URI address, Path target, PublishedFile published) throws IOException {
    messages.accept("Downloading " + address);
    Path part = target.resolveSibling(target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      save(address, part, published.bytes() + GZIP_OVERHEAD);
      try (DataFile file = new DataFile(part)) {
        file.readBytes(published.bytes(), "published content");
        file.expectEnd();
        DatasetLocator.verify(part, file.contentSha256(), published);
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    messages.accept("Saved as " + target);
  }

  private void save(URI address, Path part, int limit) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
    connection.setConnectTimeout((int) connectTimeout.toMillis());
    connection.setReadTimeout((int) readTimeout.toMillis());
    connection.setRequestProperty("User-Agent", "azulejo");
    try {
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new IOException("the server answered with HTTP status " + status + " instead of 200");
      }
      Files.createDirectories(part.getParent()); // not before there is something to put into it
      try (InputStream in = connection.getInputStream();
          OutputStream out = Files.newOutputStream(part, StandardOpenOption.CREATE_NEW)) {
        copy(in, out, limit, connection.getContentLengthLong());
      }
    } finally {
      connection.disconnect();
    }
  }

  /** Copies all; {@code promised} is the length the server announced, or -1. */
  private static void copy(InputStream in, OutputStream out, int limit, long promised)
      throws IOException {
    byte[] buffer = new byte[1 << 16];
    long saved = 0;
    for (int read; (read = read(in, buffer, saved, promised)) >= 0; ) {
      saved += read;
      if (saved > limit) {
        throw new IOException(
            "the server sent more than %d bytes, which the published file cannot have"
                .formatted(limit));
      }
      out.write(buffer, 0, read);
    }
    if (saved < promised) {
      throw endedEarly(saved, promised, null);
    }
  }

  private static int read(InputStream in, byte[] buffer, long saved, long promised)
      throws IOException {
    try {
      return in.read(buffer);
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      throw endedEarly(saved, promised, e);
    }
  }

  private static IOException endedEarly(long saved, long promised, IOException cause) {
    return new IOException(
        "the connection ended after %d of %s bytes"
            .formatted(saved, promised < 0 ? "an unknown number of" : promised),
        cause);
  }

  /**
   * What went wrong; the JDK's messages for the most frequent causes are a bare host name or two
   * words.
   */
  static String describe(Exception e) {
    return switch (e) {
      case UnknownHostException unknown -> "unknown host " + unknown.getMessage();
      case ConnectException refused -> "cannot connect: " + refused.getMessage();
      case SocketTimeoutException slow -> "no answer in time: " + slow.getMessage();
      default -> e.getMessage() != null ? e.getMessage() : e.toString();
    };
  }
}
