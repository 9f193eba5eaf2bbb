package dev.azulejo.ops;

import java.util.Objects;

/**
 * Builds a {@link Pool2dProblem}. Input and window must be given; the rest begins as: batch 1,
 * stride the window as in N(23), padding 0, MAX, means over the taps inside the input. Values are
 * checked by {@link #build}.
 */
public final class Pool2dBuilder {
  private long batch = 1;
  private long channels;
  private long height;
  private long width;
  private long windowHeight;
  private long windowWidth;
  private boolean strideGiven;
  private long strideHeight;
  private long strideWidth;
  private long paddingHeight;
  private long paddingWidth;
  private PoolMode mode = PoolMode.MAX;
  private boolean countPadding;

  Pool2dBuilder() {}

  /** Samples of a mini-batch. */
  public Pool2dBuilder batch(long batch) {
    this.batch = batch;
    return this;
  }

  /** The input's channels, rows and columns. */
  public Pool2dBuilder input(long channels, long height, long width) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    return this;
  }

  /** A square window. */
  public Pool2dBuilder window(long size) {
    return window(size, size);
  }

  /** The window's rows and columns. */
  public Pool2dBuilder window(long height, long width) {
    windowHeight = height;
    windowWidth = width;
    return this;
  }

  /** The same stride in both directions. */
  public Pool2dBuilder stride(long stride) {
    return stride(stride, stride);
  }

  /** Rows and columns from one window to the next. */
  public Pool2dBuilder stride(long height, long width) {
    strideGiven = true;
    strideHeight = height;
    strideWidth = width;
    return this;
  }

  /** The same padding on all four sides. */
  public Pool2dBuilder padding(long padding) {
    return padding(padding, padding);
  }

  /**
   * Rows above and below, columns left and right; less than the window, so that every window
   * touches the input.
   */
  public Pool2dBuilder padding(long height, long width) {
    paddingHeight = height;
    paddingWidth = width;
    return this;
  }

  /** Maximum or mean. */
  public Pool2dBuilder mode(PoolMode mode) {
    this.mode = Objects.requireNonNull(mode, "mode");
    return this;
  }

  /**
   * MEAN: whether it divides by the whole window, padding counted, instead of by the taps inside
   * the input.
   */
  public Pool2dBuilder countPadding(boolean countPadding) {
    this.countPadding = countPadding;
    return this;
  }

  /**
   * The problem.
   *
   * @throws IllegalArgumentException where the sizes do not fit together; the message says which
   */
  public Pool2dProblem build() {
    var shape =
        new Pool2dShape(
            channels,
            height,
            width,
            windowHeight,
            windowWidth,
            strideGiven ? strideHeight : windowHeight,
            strideGiven ? strideWidth : windowWidth,
            paddingHeight,
            paddingWidth);
    return new Pool2dProblem(shape, batch, mode, countPadding);
  }
}
