package dev.azulejo.data;

import static dev.azulejo.data.ImageFileTest.encode;
import static dev.azulejo.data.ImageFileTest.flat;
import static dev.azulejo.data.ImageFileTest.gray;
import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of images for each class (row T1). */
class ImageFolderTest {

  private static final Shape SHAPE = new Shape(1, 4, 4);

  @TempDir Path root;

  private Path image(String folder, String name, int level) {
    byte[] png = encode(flat(4, 4, level * 0x010101), "png");
    return write(root.resolve(folder), name, png);
  }

  @Test
  void classesAndFilesComeInTheOrderOfTheirNames() {
    image("dogs", "b.png", 30);
    image("dogs", "a.png", 20);
    image("cats", "z.png", 10);
    write(root.resolve("cats"), ".hidden", new byte[1]);
    write(root, ".hidden", new byte[1]);
    InMemoryDataset data = ImageFolder.read(root, SHAPE);
    assertEquals(List.of("cats", "dogs"), data.classNames());
    assertEquals(3, data.size());
    float[] sample = new float[16];
    int[] levels = new int[3];
    int[] labels = new int[3];
    for (int i = 0; i < 3; i++) {
      data.read(i, sample, 0);
      levels[i] = Math.round(sample[7] * 255);
      labels[i] = data.label(i);
    }
    assertArrayEquals(new int[] {10, 20, 30}, levels);
    assertArrayEquals(new int[] {0, 1, 1}, labels);
  }

  @Test
  void imagesOfAnySizeAndKindAreResized() {
    write(root.resolve("a"), "large.png", encode(gray(40, 30), "png"));
    write(root.resolve("a"), "small.jpeg", encode(flat(2, 2, 0xff0000), "jpg"));
    assertEquals(new Shape(1, 40, 30), ImageFolder.firstShape(root));
    InMemoryDataset data = ImageFolder.read(root, new Shape(3, 8, 8));
    float[] sample = new float[192];
    data.read(1, sample, 0);
    assertEquals(1, sample[0], 0.02);
    assertEquals(0, sample[64], 0.02);
  }

  @Test
  void refusesEmptyFolders() throws Exception {
    assertFails(
        () -> ImageFolder.read(root, SHAPE),
        root + " is empty",
        "one folder of images for each class");
    image("cats", "z.png", 10);
    Path dogs = Files.createDirectory(root.resolve("dogs"));
    assertFails(() -> ImageFolder.read(root, SHAPE), dogs + " has no images");
    Path missing = root.resolve("missing");
    assertFails(() -> ImageFolder.read(missing, SHAPE), missing + " does not exist");
  }

  @Test
  void refusesStrayFiles() {
    Path image = image("cats", "z.png", 10);
    Path notes = write(root.resolve("cats"), "notes.txt", new byte[1]);
    assertFails(
        () -> ImageFolder.read(root, SHAPE), notes + " is no image", ".png, .jpg and .jpeg");
    assertFails(() -> ImageFolder.read(root.resolve("cats"), SHAPE), notes + " is no folder");
    assertFails(() -> ImageFolder.read(image, SHAPE), image + " is no folder");
  }

  @Test
  void namesTheImageThatCannotBeRead() {
    image("cats", "a.png", 10);
    Path bad = write(root.resolve("cats"), "b.png", new byte[] {1, 2, 3});
    assertFails(() -> ImageFolder.read(root, SHAPE), bad + " is neither a PNG nor a JPEG image");
  }
}
