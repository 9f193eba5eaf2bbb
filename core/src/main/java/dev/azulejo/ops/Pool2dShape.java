package dev.azulejo.ops;

import dev.azulejo.device.Sizes;

/**
 * The shapes of a pooling layer for one sample, N(21)-N(24), T(2.9): x[channels][height][width] to
 * y[channels][outputHeight][outputWidth]. With stride = window and no padding, outputHeight =
 * ⌊height / windowHeight⌋.
 *
 * @param channels of input and output
 * @param height rows of the input
 * @param width columns of the input; height * width is less than 2^31
 * @param windowHeight rows of the window
 * @param windowWidth columns of the window
 * @param strideHeight rows from one window to the next
 * @param strideWidth columns likewise
 * @param paddingHeight rows above and below the input, less than windowHeight
 * @param paddingWidth columns left and right of it, less than windowWidth
 */
public record Pool2dShape(
    long channels,
    long height,
    long width,
    long windowHeight,
    long windowWidth,
    long strideHeight,
    long strideWidth,
    long paddingHeight,
    long paddingWidth) {

  /** Checks the sizes. */
  public Pool2dShape {
    Sizes.atLeast(1, channels, "channels");
    Sizes.atLeast(1, height, "height");
    Sizes.atLeast(1, width, "width");
    Sizes.atLeast(1, windowHeight, "window height");
    Sizes.atLeast(1, windowWidth, "window width");
    Sizes.atLeast(1, strideHeight, "stride height");
    Sizes.atLeast(1, strideWidth, "stride width");
    checkPadding(paddingHeight, windowHeight, "height");
    checkPadding(paddingWidth, windowWidth, "width");
    if (Sizes.multiply(height, "height", width, "width") > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "height * width must be less than 2^31, so that argmax can name each element, was "
              + height
              + " * "
              + width);
    }
    Sizes.bytes(Sizes.product("channels * height * width", channels, height, width), "x");
    long p =
        Windows.outputLength(
            "rows", "window", height, windowHeight, strideHeight, paddingHeight, 1);
    long q =
        Windows.outputLength("columns", "window", width, windowWidth, strideWidth, paddingWidth, 1);
    Sizes.bytes(Sizes.product("channels * output height * output width", channels, p, q), "y");
  }

  /** Rows of the output. */
  public long outputHeight() {
    return Windows.outputLength(
        "rows", "window", height, windowHeight, strideHeight, paddingHeight, 1);
  }

  /** Columns of the output. */
  public long outputWidth() {
    return Windows.outputLength(
        "columns", "window", width, windowWidth, strideWidth, paddingWidth, 1);
  }

  /** Elements of one sample's x. */
  public long inputCount() {
    return channels * height * width;
  }

  /** Elements of one sample's y, and of its argmax. */
  public long outputCount() {
    return channels * outputHeight() * outputWidth();
  }

  private static void checkPadding(long padding, long window, String axis) {
    Sizes.atLeast(0, padding, "padding " + axis);
    if (padding >= window) {
      throw new IllegalArgumentException(
          "padding "
              + axis
              + " must be less than window "
              + axis
              + ", so that every window touches the input; padding "
              + padding
              + ", window "
              + window);
    }
  }
}
