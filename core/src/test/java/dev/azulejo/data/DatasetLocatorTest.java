package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.gzip;
import static dev.azulejo.data.TestFiles.idxImages;
import static dev.azulejo.data.TestFiles.idxLabels;
import static dev.azulejo.data.TestFiles.sha256;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.PublishedIdx.Part;
import dev.azulejo.data.PublishedIdx.PublishedFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The order in which a published data set is looked for, and what is said when it is nowhere. */
@Timeout(20)
class DatasetLocatorTest {

  private static final byte[] IMAGES = idxImages(3, 2, 2);
  private static final byte[] LABELS = idxLabels(0, 1, 1);
  private static final Part PART =
      new Part(
          new PublishedFile("images", IMAGES.length, sha256(IMAGES)),
          new PublishedFile("labels", LABELS.length, sha256(LABELS)));

  @TempDir Path root;

  private final FileServer server = new FileServer();
  private final List<String> messages = new ArrayList<>();
  private final List<String> commands = new ArrayList<>();
  private Path explicit;
  private boolean isRoot;
  private AptInstaller.Commands apt = command -> new AptInstaller.Result(100, "E: no network");

  @AfterEach
  void stop() {
    server.close();
  }

  private Path cache() {
    return root.resolve("cache/azulejo/tiny");
  }

  private Path debian() {
    return root.resolve("debian");
  }

  private InMemoryDataset load() {
    PublishedIdx tiny =
        new PublishedIdx(
            "tiny", "Tiny", server.home(), "dataset-tiny", debian(), List.of("a", "b"), PART, PART);
    AptInstaller.Commands recorded =
        command -> {
          commands.add(String.join(" ", command));
          return apt.run(command);
        };
    return new DatasetLocator(
            tiny,
            new DataFolders(explicit, "--data-dir", root.resolve("cache/azulejo")),
            new Downloader(Duration.ofSeconds(5), Duration.ofSeconds(10), messages::add),
            new AptInstaller(true, isRoot, recorded, messages::add),
            messages::add)
        .load(PART);
  }

  private static void put(Path folder) {
    write(folder, "images.gz", gzip(IMAGES));
    write(folder, "labels", LABELS);
  }

  private void assertLoaded(InMemoryDataset data) {
    assertEquals(3, data.size());
    assertEquals(1, data.label(2));
    assertEquals(List.of("a", "b"), data.classNames());
  }

  @Test
  void theExplicitFolderIsTheOnlyOne() {
    explicit = root.resolve("mine");
    put(explicit);
    assertLoaded(load());
    assertEquals(List.of(), messages);

    put(cache());
    explicit = root.resolve("empty");
    assertFails(
        this::load,
        "--data-dir " + explicit,
        "has neither images nor images.gz, which Tiny needs",
        "no other place is looked at");
    assertEquals(List.of(), server.requests);
  }

  @Test
  void theUsersOwnFilesAreUsedButNotInSilence() {
    explicit = root.resolve("mine");
    write(explicit, "images", IMAGES);
    byte[] other = idxLabels(1, 1, 0);
    write(explicit, "labels", other);
    assertEquals(0, load().label(2));
    assertEquals(1, messages.size());
    assertTrue(
        messages.getFirst().contains("labels is not the published Tiny")
            && messages.getFirst().contains(sha256(other)),
        messages.getFirst());
  }

  @Test
  void theCacheComesBeforeTheDebianPackageAndTheNetwork() {
    put(debian());
    assertLoaded(load());
    write(debian(), "labels", idxLabels(1, 1, 1)); // would be refused
    put(cache());
    assertLoaded(load());
    assertEquals(List.of(), server.requests);
    assertEquals(List.of(), messages);
  }

  @Test
  void downloadsIntoTheCacheOnce() {
    server.serve("/images.gz", gzip(IMAGES)).serve("/labels.gz", gzip(LABELS));
    assertLoaded(load());
    assertEquals(List.of("/images.gz", "/labels.gz"), server.requests);
    assertLoaded(load());
    assertEquals(2, server.requests.size(), "the second time the cache has it");
    assertEquals(List.of(), commands);
  }

  @Test
  void aCorruptCacheIsReportedAndReplaced() {
    write(cache(), "images.gz", gzip(IMAGES));
    write(cache(), "labels.gz", gzip(idxLabels(0, 0, 0)));
    server.serve("/images.gz", gzip(IMAGES)).serve("/labels.gz", gzip(LABELS));
    assertLoaded(load());
    assertTrue(
        messages.getFirst().startsWith("cache folder: " + cache().resolve("labels.gz"))
            && messages.getFirst().contains("is not the published file"),
        messages.getFirst());
    messages.clear();
    assertLoaded(load());
    assertEquals(List.of(), messages);
  }

  @Test
  void installsThePackageWhereTheDownloadFailsAndThisIsRoot() {
    isRoot = true;
    apt =
        command -> {
          put(debian());
          return new AptInstaller.Result(0, "");
        };
    assertLoaded(load());
    assertEquals(List.of("/images.gz"), server.requests);
    assertEquals(List.of("apt-get install -y dataset-tiny"), commands);
    assertTrue(messages.contains("Running as root: apt-get install -y dataset-tiny"));
  }

  @Test
  void aPackageWithOtherFilesIsNotBelieved() {
    isRoot = true;
    apt =
        command -> {
          write(debian(), "images", IMAGES);
          write(debian(), "labels", idxLabels(1, 1, 1));
          return new AptInstaller.Result(0, "");
        };
    assertFails(
        this::load,
        "Debian package's folder after the installation: ",
        "is not the published file");
  }

  @Test
  void listsEverythingThatWasTried() {
    isRoot = true;
    DatasetException e =
        assertFails(
            this::load,
            "Tiny was not found and could not be fetched. Tried:",
            "  - cache folder " + cache() + ": no images.gz",
            "  - Debian package's folder " + debian() + ": no images.gz",
            "  - download from "
                + server.home()
                + "images.gz: the server answered with HTTP status 404",
            "  - Debian package dataset-tiny: apt-get update failed with exit code 100: E: no"
                + " network",
            "--data-dir or AZULEJO_DATA",
            "--data glyphs");
    assertEquals(6, e.getMessage().lines().count());
    isRoot = false;
    assertFails(this::load, "needs root; run: sudo apt-get install dataset-tiny");
  }

  @Test
  void aDownloadThatIsNotRightIsNotKept() throws Exception {
    server.serve("/images.gz", gzip(IMAGES)).serve("/labels.gz", gzip(idxLabels(1, 1, 1)));
    assertFails(this::load, "labels.gz: ", "is not the published file");
    try (Stream<Path> kept = Files.list(cache())) {
      assertEquals(List.of(cache().resolve("images.gz")), kept.toList());
    }
  }

  /** The published lengths are those of 60,000 and 10,000 images of 28 x 28 and their labels. */
  @Test
  void thePublishedFilesAreDescribedConsistently() {
    for (PublishedIdx published : List.of(FashionMnist.FILES, Mnist.FILES)) {
      assertEquals(16 + 60_000 * 784, published.train().images().bytes());
      assertEquals(8 + 60_000, published.train().labels().bytes());
      assertEquals(16 + 10_000 * 784, published.test().images().bytes());
      assertEquals(8 + 10_000, published.test().labels().bytes());
      assertEquals(10, published.classNames().size());
      List<String> sums =
          Stream.of(published.train(), published.test())
              .flatMap(part -> part.files().stream())
              .map(PublishedFile::sha256)
              .distinct()
              .toList();
      assertEquals(4, sums.size());
      assertTrue(sums.stream().allMatch(sum -> sum.matches("[0-9a-f]{64}")));
      assertEquals(
          published.home().resolve("t10k-labels-idx1-ubyte.gz").toString(),
          published.home() + published.test().labels().compressedName());
    }
  }
}
