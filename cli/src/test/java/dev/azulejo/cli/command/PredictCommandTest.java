package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azulejo.cli.Cli;
import dev.azulejo.cli.GlyphFiles;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int IMAGES = 50;

  @TempDir private static Path folder;
  private static Path model;

  @BeforeAll
  static void train() throws Exception {
    Path data = GlyphFiles.write(folder, 3000, 100);
    Cli.run(Cli.train(folder, data, "--epochs", 8, "--optimizer", "sgd")).succeeded();
    model = folder.resolve("out").resolve("model.safetensors");
  }

  /** Writes a glyph as an image file, twice as large, in colour or gray. */
  private static Path image(Dataset glyphs, int index, String format, int type, boolean inverted)
      throws IOException {
    Shape shape = glyphs.shape();
    float[] sample = new float[shape.size()];
    glyphs.read(index, sample, 0);
    BufferedImage image = new BufferedImage(2 * shape.width(), 2 * shape.height(), type);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        float value = sample[y / 2 * shape.width() + x / 2];
        int level = Math.round(255 * (inverted ? 1 - value : value));
        image.setRGB(x, y, level << 16 | level << 8 | level);
      }
    }
    Path file = folder.resolve(index + (inverted ? "-inverted." : ".") + format);
    assertTrue(ImageIO.write(image, format, file.toFile()));
    return file;
  }

  private static int hits(String format, int type, boolean inverted) throws IOException {
    Dataset glyphs = Glyphs.generate(IMAGES, new Shape(1, 28, 28), 99);
    Object[] args = new Object[IMAGES + 7];
    System.arraycopy(
        new Object[] {"predict", "--model", model, "--json", "-", "--top", 10}, 0, args, 0, 7);
    for (int i = 0; i < IMAGES; i++) {
      args[i + 7] = image(glyphs, i, format, type, inverted);
    }
    if (inverted) {
      args = Arrays.copyOf(args, args.length + 1);
      args[args.length - 1] = "--invert";
    }
    JsonNode predictions = JSON.readTree(Cli.run(args).succeeded().out()).get("predictions");
    assertEquals(IMAGES, predictions.size());
    int hits = 0;
    for (int i = 0; i < IMAGES; i++) {
      JsonNode classes = predictions.get(i).get("classes");
      assertEquals(10, classes.size());
      double sum = 0;
      for (int c = 0; c < 10; c++) {
        sum += classes.get(c).get("probability").asDouble();
        assertTrue(
            c == 0
                || classes.get(c - 1).get("probability").asDouble()
                    >= classes.get(c).get("probability").asDouble());
      }
      assertEquals(1, sum, 1e-4);
      hits += classes.get(0).get("label").asInt() == glyphs.label(i) ? 1 : 0;
    }
    return hits;
  }

  @Test
  void recognisesGlyphsInFiles() throws Exception {
    // Chance would be 5 of 50.
    int png = hits("png", BufferedImage.TYPE_BYTE_GRAY, false);
    assertTrue(png >= IMAGES / 2, png + " of " + IMAGES);
    assertTrue(hits("jpg", BufferedImage.TYPE_INT_RGB, false) >= png - 5, "JPEG in colour");
    assertTrue(hits("png", BufferedImage.TYPE_INT_RGB, true) >= png - 2, "dark on light");
  }

  @Test
  void printsALineForEachImage() throws Exception {
    Dataset glyphs = Glyphs.generate(2, new Shape(1, 28, 28), 5);
    Path first = image(glyphs, 0, "png", BufferedImage.TYPE_BYTE_GRAY, false);
    Path second = image(glyphs, 1, "png", BufferedImage.TYPE_BYTE_GRAY, false);
    Cli.Result result = Cli.run("predict", "--model", model, "--top", 2, first, second).succeeded();
    String line = ": \\d \\d+\\.\\d\\d %, \\d \\d+\\.\\d\\d %";
    String[] lines = result.out().lines().toArray(String[]::new);
    assertTrue(lines[1].matches("\\Q" + first + "\\E" + line), result.out());
    assertTrue(lines[2].matches("\\Q" + second + "\\E" + line), result.out());
  }

  @Test
  void badImagesAndModelsAreNamed() throws Exception {
    Path text = Files.writeString(folder.resolve("text.png"), "no image");
    Cli.run("predict", "--model", model, text).failed(1, text + " is neither a PNG nor a JPEG");
    Path missing = folder.resolve("missing.png");
    Cli.run("predict", "--model", model, missing).failed(1, missing + " does not exist");
    Cli.run("predict", "--model", model).failed(2, "IMAGE");
    Cli.run("predict", "--model", model, "--top", 0, text).failed(2, "--top 0");
    Cli.run("predict", "--model", text, text).failed(1, text.toString());
    Path lost = folder.resolve("lost.safetensors");
    Cli.run("predict", "--model", lost, text).failed(1, lost.toString());
  }

  @Test
  void corruptModelsAreRefused() throws Exception {
    byte[] bytes = Files.readAllBytes(model);
    Path broken = folder.resolve("broken.safetensors");
    Files.write(broken, Arrays.copyOf(bytes, bytes.length - 1));
    Cli.run("evaluate", broken, "--data", "glyphs").failed(1, broken.toString());
    bytes[3] = 0x7f; // the header's length lies
    Files.write(broken, bytes);
    Cli.run("evaluate", broken, "--data", "glyphs").failed(1, broken.toString());
  }
}
