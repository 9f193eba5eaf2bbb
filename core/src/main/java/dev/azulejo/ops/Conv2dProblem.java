package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_conv2d_desc;
import dev.azulejo.device.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A convolution of a mini-batch: {@link Conv2dShape}, batch, algorithm and the activation of its
 * forward pass.
 *
 * <p>Immutable but for {@link #setBatch}; used by one thread at a time.
 */
public final class Conv2dProblem {
  private final Conv2dShape shape;
  private final ConvAlgorithm algorithm;
  private final Activation activation;
  private final MemorySegment descriptor = azj_conv2d_desc.allocate(Arena.ofAuto());
  private final long sampleInputs;
  private final long sampleOutputs;
  private final long samplePooled;
  private final long sampleUnrolled;
  private final long weightCount;
  private long batch;
  private long inputCount;
  private long outputCount;
  private long unrolledCount;

  /**
   * A problem; {@link #builder} is shorter.
   *
   * @param samplesPerUnroll see {@link Conv2dBuilder#samplesPerUnroll}
   * @param slope of LEAKY_RELU, otherwise ignored
   */
  public Conv2dProblem(
      Conv2dShape shape,
      long batch,
      ConvAlgorithm algorithm,
      long samplesPerUnroll,
      Activation activation,
      float slope) {
    this.shape = Objects.requireNonNull(shape, "shape");
    this.algorithm = Objects.requireNonNull(algorithm, "algorithm");
    this.activation = Objects.requireNonNull(activation, "activation");
    sampleInputs = shape.inputCount();
    sampleOutputs = shape.outputCount();
    samplePooled = shape.filters() * (shape.outputHeight() / 2) * (shape.outputWidth() / 2);
    sampleUnrolled = shape.unrolledCount();
    weightCount = shape.weightCount();
    azj_conv2d_desc.channels(descriptor, shape.channels());
    azj_conv2d_desc.height(descriptor, shape.height());
    azj_conv2d_desc.width(descriptor, shape.width());
    azj_conv2d_desc.filters(descriptor, shape.filters());
    azj_conv2d_desc.kernel_h(descriptor, shape.kernelHeight());
    azj_conv2d_desc.kernel_w(descriptor, shape.kernelWidth());
    azj_conv2d_desc.stride_h(descriptor, shape.strideHeight());
    azj_conv2d_desc.stride_w(descriptor, shape.strideWidth());
    azj_conv2d_desc.pad_h(descriptor, shape.paddingHeight());
    azj_conv2d_desc.pad_w(descriptor, shape.paddingWidth());
    azj_conv2d_desc.dilation_h(descriptor, shape.dilationHeight());
    azj_conv2d_desc.dilation_w(descriptor, shape.dilationWidth());
    azj_conv2d_desc.groups(descriptor, shape.groups());
    azj_conv2d_desc.samples_per_unroll(
        descriptor, Sizes.atLeast(0, samplesPerUnroll, "samples per unroll"));
    azj_conv2d_desc.algorithm(descriptor, algorithm.code());
    azj_conv2d_desc.activation(descriptor, activation.code());
    azj_conv2d_desc.slope(descriptor, activation.checkSlope(slope));
    setBatch(batch);
  }

  /** Begins a problem. */
  public static Conv2dBuilder builder() {
    return new Conv2dBuilder();
  }

  /**
   * Begins a 1-D problem, x[channels][length] with kernels of so many elements: all heights are 1
   * (rows N1-N5).
   */
  public static Conv2dBuilder signal(long channels, long length, long filters, long kernel) {
    return builder().input(channels, 1, length).filters(filters).kernel(1, kernel);
  }

  /**
   * Sets the number of samples; allocates nothing.
   *
   * @param batch at least 1
   * @throws IllegalArgumentException where it is less, or a size then does not fit 64 bits; nothing
   *     is changed then
   */
  public void setBatch(long batch) {
    Sizes.atLeast(1, batch, "batch");
    long inputs = Sizes.multiply(batch, "batch", sampleInputs, "elements of x per sample");
    long outputs = Sizes.multiply(batch, "batch", sampleOutputs, "elements of y per sample");
    long unrolled =
        Sizes.multiply(batch, "batch", sampleUnrolled, "elements of X_unroll per sample");
    Sizes.bytes(inputs, "x");
    Sizes.bytes(outputs, "y");
    Sizes.bytes(unrolled, "X_unroll");
    this.batch = batch;
    inputCount = inputs;
    outputCount = outputs;
    unrolledCount = unrolled;
    azj_conv2d_desc.batch(descriptor, batch);
  }

  /** The same problem, computed by another algorithm. */
  public Conv2dProblem withAlgorithm(ConvAlgorithm other) {
    Conv2dProblem problem =
        new Conv2dProblem(
            shape,
            batch,
            other,
            azj_conv2d_desc.samples_per_unroll(descriptor),
            activation,
            azj_conv2d_desc.slope(descriptor));
    azj_conv2d_desc.precision(problem.descriptor, azj_conv2d_desc.precision(descriptor));
    return problem;
  }

  /** The same problem, where AUTO may round the factors of products to this, at most. */
  public Conv2dProblem withPrecision(Precision precision) {
    Conv2dProblem problem = withAlgorithm(algorithm);
    azj_conv2d_desc.precision(problem.descriptor, precision.code());
    return problem;
  }

  /** Its shapes for one sample. */
  public Conv2dShape shape() {
    return shape;
  }

  /** Samples. */
  public long batch() {
    return batch;
  }

  /** The algorithm asked for. */
  public ConvAlgorithm algorithm() {
    return algorithm;
  }

  /** The activation of the forward pass. */
  public Activation activation() {
    return activation;
  }

  /** The slope of a LEAKY_RELU. */
  public float slope() {
    return azj_conv2d_desc.slope(descriptor);
  }

  /** Rows of the output. */
  public long outputHeight() {
    return shape.outputHeight();
  }

  /** Columns of the output. */
  public long outputWidth() {
    return shape.outputWidth();
  }

  /** Elements of x[batch][channels][height][width]. */
  public long inputCount() {
    return inputCount;
  }

  /** Elements of y[batch][filters][outputHeight][outputWidth]. */
  public long outputCount() {
    return outputCount;
  }

  /**
   * Elements of y[batch][filters][outputHeight / 2][outputWidth / 2] of a convolution with max
   * pooling by windows of 2x2, {@link PooledConvolution#forward}.
   *
   * @throws IllegalArgumentException where the output has no such window
   */
  public long pooledCount() {
    if (samplePooled == 0) {
      throw new IllegalArgumentException(
          "the convolution's output is "
              + outputHeight()
              + "x"
              + outputWidth()
              + "; a 2x2 window needs at least two rows and two columns");
    }
    return batch * samplePooled;
  }

  /** Elements of w[filters][channels / groups][kernelHeight][kernelWidth]. */
  public long weightCount() {
    return weightCount;
  }

  /** Elements of bias[filters]. */
  public long biasCount() {
    return shape.filters();
  }

  /** Elements of X_unroll of the whole batch, as {@link Convolution#im2col} writes it. */
  public long unrolledCount() {
    return unrolledCount;
  }

  /** Elements of X_unroll for each element of x (row T15). */
  public double expansionRatio() {
    return shape.expansionRatio();
  }

  /** The problem in words. */
  @Override
  public String toString() {
    return "batch " + batch + ", " + shape + ", " + algorithm + ", " + activation;
  }

  /** The C struct. */
  MemorySegment descriptor() {
    return descriptor;
  }
}
