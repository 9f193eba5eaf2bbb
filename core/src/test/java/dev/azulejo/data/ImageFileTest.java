package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PNG and JPEG images as samples: exact values, conversions, resizing, and bad files. */
class ImageFileTest {

  @TempDir Path folder;

  static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, out)) {
        throw new IllegalStateException("no writer for " + format);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static BufferedImage gray(int height, int width) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < height * width; i++) {
      image.getRaster().setSample(i % width, i / width, 0, i * 9 % 256);
    }
    return image;
  }

  static BufferedImage flat(int height, int width, int rgb) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < height * width; i++) {
      image.setRGB(i % width, i / width, rgb);
    }
    return image;
  }

  @Test
  void grayPngValuesAreTheStoredOnes() {
    Path file = write(folder, "gray.png", encode(gray(4, 6), "png"));
    float[] sample = ImageFile.read(file, new Shape(1, 4, 6));
    for (int i = 0; i < sample.length; i++) {
      assertEquals(i * 9 % 256 / 255f, sample[i], 1e-6f);
    }
    assertEquals(new Shape(1, 4, 6), ImageFile.shapeOf(file));
    float[] colour = ImageFile.read(file, new Shape(3, 4, 6));
    for (int i = 0; i < colour.length; i++) {
      assertEquals(sample[i % 24], colour[i], "each channel is the gray plane");
    }
  }

  @Test
  void colourPlanesAndLuma() {
    BufferedImage image = flat(2, 2, 0x000000);
    image.setRGB(1, 0, 0xff8040);
    Path file = write(folder, "colour.png", encode(image, "png"));
    float[] sample = ImageFile.read(file, new Shape(3, 2, 2));
    float[] expected = {0, 1, 0, 0, 0, 128 / 255f, 0, 0, 0, 64 / 255f, 0, 0};
    for (int i = 0; i < 12; i++) {
      assertEquals(expected[i], sample[i], 1e-6f);
    }
    float luma = (0.299f * 255 + 0.587f * 128 + 0.114f * 64) / 255;
    assertEquals(luma, ImageFile.read(file, new Shape(1, 2, 2))[1], 1e-6f);
    assertEquals(new Shape(3, 2, 2), ImageFile.shapeOf(file));
  }

  @Test
  void transparencyLiesOverBlack() {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00ffffff);
    image.setRGB(1, 0, 0x80ffffff);
    Path file = write(folder, "clear.png", encode(image, "png"));
    float[] sample = ImageFile.read(file, new Shape(1, 1, 2));
    assertEquals(0, sample[0]);
    assertEquals(128 / 255f, sample[1], 1e-5f);
  }

  @Test
  void sixteenBitAndPalettePngs() {
    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(0, 0, 0, 65535);
    deep.getRaster().setSample(1, 0, 0, 13107);
    float[] sample =
        ImageFile.read(write(folder, "deep.png", encode(deep, "png")), new Shape(1, 1, 2));
    assertEquals(1f, sample[0]);
    assertEquals(0.2f, sample[1], 1e-5f);
    BufferedImage palette = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED);
    palette.setRGB(0, 0, 0xffff0000);
    palette.setRGB(1, 0, 0xff0000ff);
    float[] colour =
        ImageFile.read(write(folder, "palette.png", encode(palette, "png")), new Shape(3, 1, 2));
    assertEquals(1f, colour[0]);
    assertEquals(0f, colour[1]);
    assertEquals(1f, colour[5]);
  }

  @Test
  void jpegIsReadWithinItsLoss() {
    Path file = write(folder, "photo.JPG", encode(flat(16, 16, 0xc06020), "jpg"));
    float[] sample = ImageFile.read(file, new Shape(3, 16, 16));
    assertEquals(0xc0 / 255f, sample[100], 0.02f);
    assertEquals(0x60 / 255f, sample[256 + 100], 0.02f);
    assertEquals(0x20 / 255f, sample[512 + 100], 0.02f);
  }

  @Test
  void resizesToTheShapeAskedFor() {
    Path file = write(folder, "flat.png", encode(flat(40, 30, 0x808080), "png"));
    for (Shape shape : new Shape[] {new Shape(1, 8, 8), new Shape(3, 50, 7)}) {
      float[] sample = ImageFile.read(file, shape);
      assertEquals(shape.size(), sample.length);
      for (float value : sample) {
        assertEquals(128 / 255f, value, 1e-5f);
      }
    }
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> ImageFile.read(file, new Shape(2, 8, 8))),
        "2x8x8",
        "1 channel (gray) or 3");
  }

  @Test
  void refusesTruncatedImages() {
    for (String format : new String[] {"png", "jpg"}) {
      BufferedImage noise = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
      SeededRandom random = new SeededRandom(1);
      for (int i = 0; i < 64 * 64; i++) {
        noise.setRGB(i % 64, i / 64, random.nextInt(1 << 24));
      }
      byte[] whole = encode(noise, format);
      for (int length : new int[] {whole.length / 2, 60, 20}) {
        Path file = write(folder, "cut." + format, Arrays.copyOf(whole, length));
        assertFails(() -> ImageFile.read(file, new Shape(3, 64, 64)), file + " cannot be decoded");
      }
    }
  }

  @Test
  void refusesCorruptImages() {
    byte[] whole = encode(gray(64, 64), "png");
    int inside = whole.length / 2;
    for (int i = inside; i < inside + 20; i++) {
      whole[i] ^= 0x5a;
    }
    Path file = write(folder, "corrupt.png", whole);
    assertFails(() -> ImageFile.read(file, new Shape(1, 64, 64)), file + " cannot be decoded");
  }

  @Test
  void refusesImagesTooLargeToDecode() {
    byte[] png = encode(gray(4, 4), "png");
    // Width and height of the IHDR chunk, then its checksum made right again.
    ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
    CRC32 sum = new CRC32();
    sum.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) sum.getValue());
    Path file = write(folder, "bomb.png", png);
    assertFails(
        () -> ImageFile.read(file, new Shape(1, 4, 4)),
        file + " claims 100000 x 100000 pixels; at most 67108864 are decoded");
  }

  @Test
  void refusesWhatIsNoPngOrJpeg() {
    Path text = write(folder, "text.png", "this is no image".getBytes());
    assertFails(
        () -> ImageFile.read(text, new Shape(1, 4, 4)), text + " is neither a PNG nor a JPEG");
    Path gif = write(folder, "gif.png", encode(gray(4, 4), "gif"));
    assertFails(
        () -> ImageFile.read(gif, new Shape(1, 4, 4)), gif + " is neither a PNG nor a JPEG");
    Path empty = write(folder, "empty.png", new byte[0]);
    assertFails(() -> ImageFile.read(empty, new Shape(1, 4, 4)), empty + " is neither a PNG nor");
    Path missing = folder.resolve("missing.png");
    assertFails(() -> ImageFile.read(missing, new Shape(1, 4, 4)), missing + " does not exist");
    assertFails(() -> ImageFile.read(folder, new Shape(1, 4, 4)), folder + " is no file");
  }
}
