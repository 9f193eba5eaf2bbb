package dev.azulejo.cli;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A few glyphs as the files of MNIST: the 24,000 of {@code --data glyphs} take a second to draw.
 */
public final class GlyphFiles {
  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;
  private static final Shape SHAPE = new Shape(1, 28, 28);

  private GlyphFiles() {}

  /** Writes them into a new folder. */
  public static Path write(Path parent, int train, int test) throws IOException {
    Path folder = Files.createTempDirectory(parent, "glyphs");
    write(folder, "train", Glyphs.generate(train, SHAPE, 1));
    write(folder, "t10k", Glyphs.generate(test, SHAPE, 2));
    return folder;
  }

  private static void write(Path folder, String part, Dataset data) throws IOException {
    ByteArrayOutputStream images = new ByteArrayOutputStream();
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    header(images, IMAGES_MAGIC, data.size(), SHAPE.height(), SHAPE.width());
    header(labels, LABELS_MAGIC, data.size());
    float[] sample = new float[SHAPE.size()];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      for (float value : sample) {
        images.write(Math.round(255 * value));
      }
      labels.write(data.label(i));
    }
    Files.write(folder.resolve(part + "-images-idx3-ubyte"), images.toByteArray());
    Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.toByteArray());
  }

  private static void header(ByteArrayOutputStream out, int... numbers) throws IOException {
    DataOutputStream data = new DataOutputStream(out);
    for (int number : numbers) {
      data.writeInt(number);
    }
  }
}
