package dev.azulejo.data;

/**
 * The shape of one sample: channels, rows and columns. Samples are stored channel by channel, row
 * by row (CHW), so the value of channel {@code c} at row {@code y} and column {@code x} is at
 * {@code (c * height + y) * width + x}.
 *
 * @param channels planes of the sample, 1 for gray and 3 for colour; at least 1
 * @param height rows of a plane; at least 1
 * @param width columns of a plane; at least 1
 */
public record Shape(int channels, int height, int width) {

  /**
   * Checks the shape.
   *
   * @throws IllegalArgumentException if a dimension is below 1 or the sample has more than 2^31 - 1
   *     values
   */
  public Shape {
    if (channels < 1 || height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "shape "
              + text(channels, height, width)
              + ": channels, height and width must all be at least 1");
    }
    // Two steps: a product of three ints can overflow even a long.
    long plane = (long) height * width;
    if (plane > Integer.MAX_VALUE || plane * channels > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "shape "
              + text(channels, height, width)
              + ": a sample can have at most 2147483647 values");
    }
  }

  /** The number of values of one sample: channels times height times width. */
  public int size() {
    return channels * height * width;
  }

  /** The shape as {@code 1x28x28}. */
  @Override
  public String toString() {
    return text(channels, height, width);
  }

  private static String text(int channels, int height, int width) {
    return channels + "x" + height + "x" + width;
  }
}
