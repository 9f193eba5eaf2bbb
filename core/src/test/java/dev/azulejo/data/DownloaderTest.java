package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.counting;
import static dev.azulejo.data.TestFiles.gzip;
import static dev.azulejo.data.TestFiles.sha256;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.PublishedIdx.PublishedFile;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on this machine: the good one, and everything that can go wrong. */
@Timeout(20)
class DownloaderTest {

  private static final byte[] CONTENT = counting(5000);
  private static final PublishedFile PUBLISHED =
      new PublishedFile("data", CONTENT.length, sha256(CONTENT));

  @TempDir Path folder;

  private final FileServer server = new FileServer();
  private final List<String> messages = new ArrayList<>();
  private Duration patience = Duration.ofSeconds(10);

  @AfterEach
  void stop() {
    server.close();
  }

  private Path target() {
    return folder.resolve("cache/data.gz");
  }

  private void fetch() throws IOException {
    fetch(server.home().resolve("data.gz"));
  }

  private void fetch(URI address) throws IOException {
    new Downloader(Duration.ofSeconds(5), patience, messages::add)
        .fetch(address, target(), PUBLISHED);
  }

  private Exception assertFailsAndLeavesNothing(Class<? extends Exception> kind, String... parts)
      throws IOException {
    Exception e = assertThrows(kind, this::fetch);
    String text = Downloader.describe(e);
    for (String part : parts) {
      assertTrue(text.contains(part), text);
    }
    try (Stream<Path> left = Files.walk(folder)) {
      assertEquals(
          List.of(),
          left.filter(Files::isRegularFile).toList(),
          "a failed download must leave no file");
    }
    return e;
  }

  @Test
  void savesWhatIsPublishedAndSaysSo() throws IOException {
    byte[] packed = gzip(CONTENT);
    server.serve("/data.gz", packed);
    fetch();
    assertArrayEquals(packed, Files.readAllBytes(target()));
    assertEquals(
        List.of("Downloading " + server.home() + "data.gz", "Saved as " + target()), messages);
  }

  @Test
  void theChecksumIsThatOfTheContent() throws IOException {
    server.serve("/data.gz", CONTENT); // not compressed at all: the same content
    fetch();
    assertTrue(Files.exists(target()));
  }

  @Test
  void replacesACorruptFile() throws IOException {
    Files.createDirectories(target().getParent());
    Files.write(target(), new byte[] {1});
    server.serve("/data.gz", gzip(CONTENT));
    fetch();
    assertArrayEquals(gzip(CONTENT), Files.readAllBytes(target()));
  }

  @Test
  void refusesAnotherChecksum() throws IOException {
    byte[] other = CONTENT.clone();
    other[4000] ^= 1;
    server.serve("/data.gz", gzip(other));
    assertFailsAndLeavesNothing(
        DatasetException.class,
        "is not the published file: its content has SHA-256 " + sha256(other),
        "instead of " + sha256(CONTENT));
  }

  @Test
  void refusesAnotherLength() throws IOException {
    server.serve("/data.gz", gzip(counting(5001)));
    assertFailsAndLeavesNothing(
        DatasetException.class, "too long: the data should end at byte 5000");
    server.serve("/data.gz", gzip(counting(4999)));
    assertFailsAndLeavesNothing(DatasetException.class, "truncated");
  }

  @Test
  void reportsAStatusOtherThan200() throws IOException {
    assertFailsAndLeavesNothing(IOException.class, "HTTP status 404 instead of 200");
    server.answer("/data.gz", exchange -> exchange.sendResponseHeaders(503, -1));
    assertFailsAndLeavesNothing(IOException.class, "HTTP status 503");
  }

  @Test
  void reportsABodyThatEndsEarly() throws IOException {
    byte[] packed = gzip(CONTENT);
    server.answer(
        "/data.gz",
        exchange -> {
          exchange.sendResponseHeaders(200, packed.length);
          exchange.getResponseBody().write(packed, 0, packed.length / 2);
          exchange.getResponseBody().flush();
        });
    assertFailsAndLeavesNothing(
        IOException.class,
        "the connection ended after " + packed.length / 2 + " of " + packed.length + " bytes");
  }

  @Test
  void reportsAGzipStreamThatEndsEarly() throws IOException {
    byte[] packed = gzip(CONTENT);
    server.serve("/data.gz", Arrays.copyOf(packed, packed.length / 2));
    assertFailsAndLeavesNothing(DatasetException.class, "truncated: its gzip stream has no end");
  }

  @Test
  void reportsAServerThatStopsSending() throws IOException {
    CountDownLatch end = new CountDownLatch(1);
    server.answer(
        "/data.gz",
        exchange -> {
          exchange.sendResponseHeaders(200, 1000);
          exchange.getResponseBody().write(1);
          exchange.getResponseBody().flush();
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    patience = Duration.ofMillis(200);
    try {
      assertFailsAndLeavesNothing(IOException.class, "no answer in time");
    } finally {
      end.countDown();
    }
  }

  @Test
  void stopsAServerThatSendsWithoutEnd() throws IOException {
    server.answer(
        "/data.gz",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] block = new byte[8192];
          for (int i = 0; i < 10_000; i++) {
            exchange.getResponseBody().write(block);
          }
        });
    assertFailsAndLeavesNothing(IOException.class, "more than 70536 bytes");
  }

  @Test
  void reportsAnUnreachableServer() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Exception refused =
        assertThrows(
            IOException.class, () -> fetch(URI.create("http://127.0.0.1:" + port + "/data.gz")));
    assertMentions(new IOException(Downloader.describe(refused)), "cannot connect");
    Exception unknown =
        assertThrows(IOException.class, () -> fetch(URI.create("http://host.invalid/data.gz")));
    assertMentions(new IOException(Downloader.describe(unknown)), "unknown host host.invalid");
  }
}
