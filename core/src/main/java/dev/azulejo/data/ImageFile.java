package dev.azulejo.data;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/**
 * Reads one PNG or JPEG image as a sample.
 *
 * <p>Gray from colour is the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); colour from gray
 * repeats the plane; transparent parts are laid over black. The image is stretched to the shape
 * asked for; see the bilinear filter in {@code Resampler}.
 */
public final class ImageFile {

  /** More would be 256 MB as an int image: a header that claims more is a mistake or an attack. */
  private static final long MOST_PIXELS = 1L << 26;

  private static final Set<String> FORMATS = Set.of("png", "jpeg");

  private ImageFile() {}

  /** Whether the name ends like a PNG's or a JPEG's: .png, .jpg, .jpeg, in any case. */
  static boolean hasImageName(Path path) {
    String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
  }

  /**
   * Reads an image.
   *
   * @param path of a PNG or JPEG file
   * @param shape of the result: 1 channel (gray) or 3 (red, green, blue)
   * @return {@code shape.size()} values in 0..1, CHW
   * @throws DatasetException if the file is missing, neither PNG nor JPEG, truncated, corrupt, or
   *     too large to decode
   * @throws IllegalArgumentException if the shape has neither 1 nor 3 channels
   */
  public static float[] read(Path path, Shape shape) {
    if (shape.channels() != 1 && shape.channels() != 3) {
      throw new IllegalArgumentException(
          "an image cannot be read as " + shape + ": 1 channel (gray) or 3 (colour) are possible");
    }
    BufferedImage image = decode(path);
    int height = image.getHeight();
    int width = image.getWidth();
    float[][] planes = shape.channels() == 1 ? new float[][] {gray(image)} : colour(image);
    float[] sample = new float[shape.size()];
    int plane = shape.height() * shape.width();
    for (int c = 0; c < planes.length; c++) {
      float[] resized = Resampler.resize(planes[c], height, width, shape.height(), shape.width());
      System.arraycopy(resized, 0, sample, c * plane, plane);
    }
    return sample;
  }

  /** The image's own shape: 1 channel if it is stored as gray, otherwise 3. */
  public static Shape shapeOf(Path path) {
    BufferedImage image = decode(path);
    return new Shape(isGray(image) ? 1 : 3, image.getHeight(), image.getWidth());
  }

  private static BufferedImage decode(Path path) {
    if (!Files.exists(path)) {
      throw new DatasetException(path + " does not exist");
    }
    if (!Files.isRegularFile(path)) {
      throw new DatasetException(path + " is no file");
    }
    try (ImageInputStream in = new FileImageInputStream(path.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      while (readers.hasNext()) {
        ImageReader reader = readers.next();
        try {
          if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
            return decode(path, reader, in);
          }
        } finally {
          reader.dispose();
        }
      }
      throw new DatasetException(path + " is neither a PNG nor a JPEG image");
    } catch (IOException | RuntimeException e) {
      if (e instanceof DatasetException known) {
        throw known;
      }
      // The decoders answer to some corrupt files with unchecked exceptions: index, argument, null.
      throw new DatasetException(
          "%s cannot be decoded; it is truncated, corrupt or of a kind not supported: %s"
              .formatted(path, e.getMessage() != null ? e.getMessage() : e.toString()),
          e);
    }
  }

  private static BufferedImage decode(Path path, ImageReader reader, ImageInputStream in)
      throws IOException {
    reader.setInput(in, true, true);
    long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
    if (pixels > MOST_PIXELS) {
      throw new DatasetException(
          "%s claims %d x %d pixels; at most %d are decoded"
              .formatted(path, reader.getWidth(0), reader.getHeight(0), MOST_PIXELS));
    }
    // The JPEG decoder fills what is missing with gray and only warns: a warning is an error here.
    String[] warning = new String[1];
    reader.addIIOReadWarningListener((source, text) -> warning[0] = text);
    BufferedImage image = reader.read(0);
    if (warning[0] != null) {
      throw new IOException(warning[0]);
    }
    return image;
  }

  private static boolean isGray(BufferedImage image) {
    return image.getRaster().getNumBands() <= 2
        && !(image.getColorModel() instanceof IndexColorModel);
  }

  private static float[] gray(BufferedImage image) {
    if (isGray(image)) {
      return storedGray(image);
    }
    float[][] colour = colour(image);
    float[] gray = colour[0];
    for (int i = 0; i < gray.length; i++) {
      gray[i] = 0.299f * gray[i] + 0.587f * colour[1][i] + 0.114f * colour[2][i];
    }
    return gray;
  }

  /**
   * The values as stored. Not through getRGB: Java takes gray images to be linear and would
   * brighten them on the way to RGB.
   */
  private static float[] storedGray(BufferedImage image) {
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int height = image.getHeight();
    float[] gray =
        raster.getSamples(raster.getMinX(), raster.getMinY(), width, height, 0, (float[]) null);
    scale(gray, raster.getSampleModel().getSampleSize(0));
    if (raster.getNumBands() == 2) {
      float[] alpha =
          raster.getSamples(raster.getMinX(), raster.getMinY(), width, height, 1, (float[]) null);
      scale(alpha, raster.getSampleModel().getSampleSize(1));
      for (int i = 0; i < gray.length; i++) {
        gray[i] *= alpha[i];
      }
    }
    return gray;
  }

  private static void scale(float[] samples, int bits) {
    float largest = (float) ((1L << bits) - 1);
    for (int i = 0; i < samples.length; i++) {
      samples[i] /= largest;
    }
  }

  private static float[][] colour(BufferedImage image) {
    if (isGray(image)) {
      float[] gray = storedGray(image);
      return new float[][] {gray, gray.clone(), gray.clone()};
    }
    int width = image.getWidth();
    int[] argb = image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
    float[][] planes = new float[3][argb.length];
    for (int i = 0; i < argb.length; i++) {
      float alpha = (argb[i] >>> 24) / 255f;
      planes[0][i] = alpha * (argb[i] >> 16 & 0xff) / 255f;
      planes[1][i] = alpha * (argb[i] >> 8 & 0xff) / 255f;
      planes[2][i] = alpha * (argb[i] & 0xff) / 255f;
    }
    return planes;
  }
}
