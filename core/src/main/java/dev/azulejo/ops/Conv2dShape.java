package dev.azulejo.ops;

import dev.azulejo.device.Sizes;

/**
 * The shapes of a 2-D convolution layer for one sample, N(19), T§2.6.1: x[channels][height][width]
 * with w[filters][channels / groups][kernelHeight][kernelWidth] to
 * y[filters][outputHeight][outputWidth].
 *
 * <p>All sizes are checked when it is made: at least 1 (paddings 0), groups divides channels and
 * filters, the dilated kernel fits the padded input, and every product fits 64 bits.
 *
 * @param channels of the input
 * @param height rows of the input
 * @param width columns of the input
 * @param filters channels of the output
 * @param kernelHeight rows of the kernel
 * @param kernelWidth columns of the kernel
 * @param strideHeight rows from one place of the kernel to the next
 * @param strideWidth columns likewise
 * @param paddingHeight rows of zeros above and below the input (row T10)
 * @param paddingWidth columns of zeros left and right of it
 * @param dilationHeight rows from one row of the kernel to the next
 * @param dilationWidth columns likewise
 * @param groups parts into which channels and filters are divided; each filter sees the channels of
 *     its part
 */
public record Conv2dShape(
    long channels,
    long height,
    long width,
    long filters,
    long kernelHeight,
    long kernelWidth,
    long strideHeight,
    long strideWidth,
    long paddingHeight,
    long paddingWidth,
    long dilationHeight,
    long dilationWidth,
    long groups) {

  /** Checks the sizes. */
  public Conv2dShape {
    Sizes.atLeast(1, channels, "channels");
    Sizes.atLeast(1, height, "height");
    Sizes.atLeast(1, width, "width");
    Sizes.atLeast(1, filters, "filters");
    Sizes.atLeast(1, kernelHeight, "kernel height");
    Sizes.atLeast(1, kernelWidth, "kernel width");
    Sizes.atLeast(1, strideHeight, "stride height");
    Sizes.atLeast(1, strideWidth, "stride width");
    Sizes.atLeast(0, paddingHeight, "padding height");
    Sizes.atLeast(0, paddingWidth, "padding width");
    Sizes.atLeast(1, dilationHeight, "dilation height");
    Sizes.atLeast(1, dilationWidth, "dilation width");
    Sizes.atLeast(1, groups, "groups");
    if (channels % groups != 0 || filters % groups != 0) {
      throw new IllegalArgumentException(
          "groups must divide channels and filters; groups "
              + groups
              + ", channels "
              + channels
              + ", filters "
              + filters);
    }
    long p = rows(height, kernelHeight, strideHeight, paddingHeight, dilationHeight);
    long q = columns(width, kernelWidth, strideWidth, paddingWidth, dilationWidth);
    Sizes.bytes(Sizes.product("channels * height * width", channels, height, width), "x");
    Sizes.bytes(Sizes.product("filters * output height * output width", filters, p, q), "y");
    Sizes.bytes(
        Sizes.product(
            "filters * (channels / groups) * kernel height * kernel width",
            filters,
            channels / groups,
            kernelHeight,
            kernelWidth),
        "w");
    Sizes.bytes(
        Sizes.product(
            "channels * kernel height * kernel width * output height * output width",
            channels,
            kernelHeight,
            kernelWidth,
            p,
            q),
        "X_unroll");
  }

  /** Rows of the output. */
  public long outputHeight() {
    return rows(height, kernelHeight, strideHeight, paddingHeight, dilationHeight);
  }

  /** Columns of the output. */
  public long outputWidth() {
    return columns(width, kernelWidth, strideWidth, paddingWidth, dilationWidth);
  }

  /** Elements of one sample's x. */
  public long inputCount() {
    return channels * height * width;
  }

  /** Elements of one sample's y. */
  public long outputCount() {
    return filters * outputHeight() * outputWidth();
  }

  /** Elements of w. */
  public long weightCount() {
    return filters * (channels / groups) * kernelHeight * kernelWidth;
  }

  /**
   * Elements of one sample's X_unroll, [channels * kernelHeight * kernelWidth][outputHeight *
   * outputWidth], T§4.1.
   */
  public long unrolledCount() {
    return channels * kernelHeight * kernelWidth * outputHeight() * outputWidth();
  }

  /** Elements of X_unroll for each element of the input: how much im2col blows it up (row T15). */
  public double expansionRatio() {
    return (double) unrolledCount() / inputCount();
  }

  private static long rows(long length, long size, long stride, long padding, long dilation) {
    return Windows.outputLength("rows", "kernel", length, size, stride, padding, dilation);
  }

  private static long columns(long length, long size, long stride, long padding, long dilation) {
    return Windows.outputLength("columns", "kernel", length, size, stride, padding, dilation);
  }
}
