package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_pool2d_desc;
import dev.azulejo.device.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A pooling of a mini-batch: {@link Pool2dShape}, batch and mode.
 *
 * <p>Immutable but for {@link #setBatch}; used by one thread at a time.
 */
public final class Pool2dProblem {
  private final Pool2dShape shape;
  private final PoolMode mode;
  private final boolean countPadding;
  private final MemorySegment descriptor = azj_pool2d_desc.allocate(Arena.ofAuto());
  private final long sampleInputs;
  private final long sampleOutputs;
  private long batch;
  private long inputCount;
  private long outputCount;

  /** A problem; {@link #builder} is shorter. */
  public Pool2dProblem(Pool2dShape shape, long batch, PoolMode mode, boolean countPadding) {
    this.shape = Objects.requireNonNull(shape, "shape");
    this.mode = Objects.requireNonNull(mode, "mode");
    this.countPadding = countPadding;
    sampleInputs = shape.inputCount();
    sampleOutputs = shape.outputCount();
    azj_pool2d_desc.channels(descriptor, shape.channels());
    azj_pool2d_desc.height(descriptor, shape.height());
    azj_pool2d_desc.width(descriptor, shape.width());
    azj_pool2d_desc.window_h(descriptor, shape.windowHeight());
    azj_pool2d_desc.window_w(descriptor, shape.windowWidth());
    azj_pool2d_desc.stride_h(descriptor, shape.strideHeight());
    azj_pool2d_desc.stride_w(descriptor, shape.strideWidth());
    azj_pool2d_desc.pad_h(descriptor, shape.paddingHeight());
    azj_pool2d_desc.pad_w(descriptor, shape.paddingWidth());
    azj_pool2d_desc.mode(descriptor, mode.code());
    azj_pool2d_desc.count_padding(descriptor, countPadding ? 1 : 0);
    setBatch(batch);
  }

  /** Begins a problem. */
  public static Pool2dBuilder builder() {
    return new Pool2dBuilder();
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
    Sizes.bytes(inputs, "x");
    Sizes.bytes(outputs, "y");
    this.batch = batch;
    inputCount = inputs;
    outputCount = outputs;
    azj_pool2d_desc.batch(descriptor, batch);
  }

  /** Its shapes for one sample. */
  public Pool2dShape shape() {
    return shape;
  }

  /** Samples. */
  public long batch() {
    return batch;
  }

  /** Maximum or mean. */
  public PoolMode mode() {
    return mode;
  }

  /** MEAN: whether it divides by the whole window. */
  public boolean countPadding() {
    return countPadding;
  }

  /** Elements of x[batch][channels][height][width]. */
  public long inputCount() {
    return inputCount;
  }

  /** Elements of y[batch][channels][outputHeight][outputWidth], and of argmax. */
  public long outputCount() {
    return outputCount;
  }

  /** The problem in words. */
  @Override
  public String toString() {
    return "batch "
        + batch
        + ", "
        + shape
        + ", "
        + mode
        + (countPadding ? " counting padding" : "");
  }

  /** The C struct. */
  MemorySegment descriptor() {
    return descriptor;
  }
}
