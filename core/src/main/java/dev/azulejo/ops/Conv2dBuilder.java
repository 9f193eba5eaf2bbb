package dev.azulejo.ops;

import java.util.Objects;

/**
 * Builds a {@link Conv2dProblem}. Input, filters and kernel must be given; the rest begins as:
 * batch 1, stride 1, padding 0, dilation 1, groups 1, algorithm AUTO, one sample unrolled per
 * thread, no activation. Values are checked by {@link #build}.
 */
public final class Conv2dBuilder {
  private long batch = 1;
  private long channels;
  private long height;
  private long width;
  private long filters;
  private long kernelHeight;
  private long kernelWidth;
  private long strideHeight = 1;
  private long strideWidth = 1;
  private long paddingHeight;
  private long paddingWidth;
  private long dilationHeight = 1;
  private long dilationWidth = 1;
  private long groups = 1;
  private ConvAlgorithm algorithm = ConvAlgorithm.AUTO;
  private long samplesPerUnroll;
  private Activation activation = Activation.IDENTITY;
  private float slope;

  Conv2dBuilder() {}

  /** Samples of a mini-batch. */
  public Conv2dBuilder batch(long batch) {
    this.batch = batch;
    return this;
  }

  /** The input's channels, rows and columns. */
  public Conv2dBuilder input(long channels, long height, long width) {
    return channels(channels).height(height).width(width);
  }

  /** The input's channels. */
  public Conv2dBuilder channels(long channels) {
    this.channels = channels;
    return this;
  }

  /** The input's rows. */
  public Conv2dBuilder height(long height) {
    this.height = height;
    return this;
  }

  /** The input's columns. */
  public Conv2dBuilder width(long width) {
    this.width = width;
    return this;
  }

  /** The output's channels. */
  public Conv2dBuilder filters(long filters) {
    this.filters = filters;
    return this;
  }

  /** A square kernel. */
  public Conv2dBuilder kernel(long size) {
    return kernel(size, size);
  }

  /** The kernel's rows and columns. */
  public Conv2dBuilder kernel(long height, long width) {
    kernelHeight = height;
    kernelWidth = width;
    return this;
  }

  /** The same stride in both directions. */
  public Conv2dBuilder stride(long stride) {
    return stride(stride, stride);
  }

  /** Rows and columns from one place of the kernel to the next. */
  public Conv2dBuilder stride(long height, long width) {
    strideHeight = height;
    strideWidth = width;
    return this;
  }

  /** The same padding on all four sides (row T10). */
  public Conv2dBuilder padding(long padding) {
    return padding(padding, padding);
  }

  /** Rows of zeros above and below, columns of zeros left and right. */
  public Conv2dBuilder padding(long height, long width) {
    paddingHeight = height;
    paddingWidth = width;
    return this;
  }

  /** The same dilation in both directions. */
  public Conv2dBuilder dilation(long dilation) {
    return dilation(dilation, dilation);
  }

  /** Rows and columns from one element of the kernel to the next. */
  public Conv2dBuilder dilation(long height, long width) {
    dilationHeight = height;
    dilationWidth = width;
    return this;
  }

  /** Parts into which channels and filters are divided; as many as channels: depthwise. */
  public Conv2dBuilder groups(long groups) {
    this.groups = groups;
    return this;
  }

  /** How the passes are computed. */
  public Conv2dBuilder algorithm(ConvAlgorithm algorithm) {
    this.algorithm = Objects.requireNonNull(algorithm, "algorithm");
    return this;
  }

  /**
   * Samples that IM2COL_GEMM unrolls at a time (row T15; 1 is the thesis); 0: one for each thread.
   */
  public Conv2dBuilder samplesPerUnroll(long samples) {
    samplesPerUnroll = samples;
    return this;
  }

  /** The activation of the forward pass; not LEAKY_RELU, which needs a slope. */
  public Conv2dBuilder activation(Activation activation) {
    return activation(activation, 0);
  }

  /** The activation of the forward pass, with LEAKY_RELU's slope in [0, 1). */
  public Conv2dBuilder activation(Activation activation, float slope) {
    this.activation = Objects.requireNonNull(activation, "activation");
    this.slope = slope;
    return this;
  }

  /**
   * The problem.
   *
   * @throws IllegalArgumentException where the sizes do not fit together; the message says which
   */
  public Conv2dProblem build() {
    var shape =
        new Conv2dShape(
            channels,
            height,
            width,
            filters,
            kernelHeight,
            kernelWidth,
            strideHeight,
            strideWidth,
            paddingHeight,
            paddingWidth,
            dilationHeight,
            dilationWidth,
            groups);
    return new Conv2dProblem(shape, batch, algorithm, samplesPerUnroll, activation, slope);
  }
}
