package dev.azulejo.data;

import static dev.azulejo.data.ImageFileTest.encode;
import static dev.azulejo.data.ImageFileTest.gray;
import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.gzip;
import static dev.azulejo.data.TestFiles.idxImages;
import static dev.azulejo.data.TestFiles.idxLabels;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data sets by name. */
class DatasetsTest {

  @TempDir Path folder;

  private final List<String> messages = new ArrayList<>();

  private TrainTest named(String name, Path dataDir) {
    return Datasets.named(name, dataDir, messages::add);
  }

  private void images(String in, int count) {
    for (int i = 0; i < count; i++) {
      write(folder.resolve(in), i + ".png", encode(gray(6, 5), "png"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mnits", "", "folder:", "Glyphs"})
  void anUnknownNameListsTheKnownOnes(String name) {
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> named(name, null)),
        "unknown data set \"" + name + "\"",
        "fashion-mnist, mnist, cifar10, cifar100, glyphs, folder:PATH");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mnist", "fashion-mnist"})
  void idxFilesFromTheFolderTheUserNames(String name) {
    write(folder, "train-images-idx3-ubyte.gz", gzip(idxImages(4, 28, 28)));
    write(folder, "train-labels-idx1-ubyte.gz", gzip(idxLabels(0, 9, 1, 2)));
    write(folder, "t10k-images-idx3-ubyte", idxImages(2, 28, 28));
    assertFails(
        () -> named(name, folder), "neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz");
    write(folder, "t10k-labels-idx1-ubyte", idxLabels(3, 4));
    messages.clear();
    TrainTest data = named(name, folder);
    assertEquals(4, data.train().size());
    assertEquals(4, data.test().label(1));
    assertEquals(new Shape(1, 28, 28), data.test().shape());
    assertEquals(5, messages.size(), "not the published files, and each is said to be so");
    assertTrue(messages.getLast().endsWith("is read from " + folder), messages.getLast());
  }

  @Test
  void glyphsNeedNothing() {
    TrainTest data = named("glyphs", null);
    assertEquals(20_000, data.train().size());
    assertEquals(4_000, data.test().size());
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> named("glyphs", folder)),
        "reads nothing from a data folder");
  }

  @Test
  void imageFoldersWithTrainAndTest() {
    images("train/a", 3);
    images("train/b", 2);
    images("test/a", 1);
    images("test/b", 1);
    TrainTest data = named("folder:" + folder, null);
    assertEquals(5, data.train().size());
    assertEquals(2, data.test().size());
    assertEquals(new Shape(1, 6, 5), data.train().shape());
    assertEquals(1, messages.size());
    assertTrue(messages.getFirst().contains("read as 1x6x5, like the first one"));
    assertEquals(new Shape(3, 12, 14), named("folder:" + folder + "@3x12x14", null).test().shape());
    assertEquals(1, messages.size(), "a shape that was named needs no message");
    images("test/c", 1);
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> named("folder:" + folder, null)),
        "[a, b]",
        "[a, b, c]");
  }

  @Test
  void imageFoldersWithoutTrainAndTestAreSplit() {
    images("a", 10);
    images("b", 5);
    TrainTest data = named("folder:" + folder + "@1x8x8", null);
    assertEquals(12, data.train().size());
    assertEquals(3, data.test().size());
    assertTrue(messages.getFirst().contains("a fifth of each class"), messages.getFirst());
  }

  @Test
  void badImageFolders() {
    Path missing = folder.resolve("missing");
    assertFails(() -> named("folder:" + missing, null), missing + " does not exist");
    images("a", 1);
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> named("folder:" + folder + "@1x0x8", null)),
        "shape 1x0x8",
        "at least 1");
    assertThrows(
        IllegalArgumentException.class, () -> named("folder:" + folder + "@1x99999999999x8", null));
    assertThrows(IllegalArgumentException.class, () -> named("folder:" + folder, folder));
  }

  @Test
  void cifarIsLookedForButNotFetched() throws Exception {
    DataFolders cacheOnly = new DataFolders(null, null, folder);
    assertFails(
        () -> Datasets.cifarFolder("cifar10", cacheOnly),
        "cifar10 is not downloaded",
        "--data-dir or AZULEJO_DATA",
        folder.resolve("cifar10"),
        "--data glyphs");
    Files.createDirectory(folder.resolve("cifar10"));
    assertEquals(folder.resolve("cifar10"), Datasets.cifarFolder("cifar10", cacheOnly));
    assertFails(() -> named("cifar10", folder), "data_batch_1.bin does not exist");
    assertFails(() -> named("cifar100", folder), "train.bin does not exist");
  }

  @Test
  void normalizersMatchTheirDataSets() {
    assertEquals(0.2860f, FashionMnist.normalize().mean()[0]);
    assertEquals(0.3530f, FashionMnist.normalize().std()[0]);
    assertEquals(0.1307f, Mnist.normalize().mean()[0]);
    assertEquals(0.3081f, Mnist.normalize().std()[0]);
  }
}
