package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_dense_desc;
import dev.azulejo.device.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The shapes of a dense layer, T§4.3: x[batch][inputs] with w[outputs][inputs] to
 * y[batch][outputs], and the activation of its forward pass.
 *
 * <p>Immutable but for {@link #setBatch}; used by one thread at a time.
 */
public final class DenseProblem {
  private final MemorySegment descriptor = azj_dense_desc.allocate(Arena.ofAuto());
  private final long inputs;
  private final long outputs;
  private final long weightCount;
  private final Activation activation;
  private long batch;
  private long inputCount;
  private long outputCount;

  /** A layer without activation. */
  public DenseProblem(long batch, long inputs, long outputs) {
    this(batch, inputs, outputs, Activation.IDENTITY, 0);
  }

  /**
   * A layer.
   *
   * @param slope of LEAKY_RELU in [0, 1), otherwise ignored
   * @throws IllegalArgumentException where a size is less than 1 or a product does not fit 64 bits
   */
  public DenseProblem(long batch, long inputs, long outputs, Activation activation, float slope) {
    this.inputs = Sizes.atLeast(1, inputs, "inputs");
    this.outputs = Sizes.atLeast(1, outputs, "outputs");
    this.activation = Objects.requireNonNull(activation, "activation");
    weightCount = Sizes.multiply(outputs, "outputs", inputs, "inputs");
    Sizes.bytes(weightCount, "w");
    azj_dense_desc.inputs(descriptor, inputs);
    azj_dense_desc.outputs(descriptor, outputs);
    azj_dense_desc.activation(descriptor, activation.code());
    azj_dense_desc.slope(descriptor, activation.checkSlope(slope));
    setBatch(batch);
  }

  /** The same layer, whose product may round its factors to this, at most. */
  public DenseProblem withPrecision(Precision precision) {
    DenseProblem problem = new DenseProblem(batch, inputs, outputs, activation, slope());
    azj_dense_desc.precision(problem.descriptor, precision.code());
    return problem;
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
    long allInputs = Sizes.multiply(batch, "batch", inputs, "inputs");
    long allOutputs = Sizes.multiply(batch, "batch", outputs, "outputs");
    Sizes.bytes(allInputs, "x");
    Sizes.bytes(allOutputs, "y");
    this.batch = batch;
    inputCount = allInputs;
    outputCount = allOutputs;
    azj_dense_desc.batch(descriptor, batch);
  }

  /** Samples. */
  public long batch() {
    return batch;
  }

  /** Inputs of the layer. */
  public long inputs() {
    return inputs;
  }

  /** Outputs of the layer. */
  public long outputs() {
    return outputs;
  }

  /** The activation of the forward pass. */
  public Activation activation() {
    return activation;
  }

  /** The slope of a LEAKY_RELU. */
  public float slope() {
    return azj_dense_desc.slope(descriptor);
  }

  /** Elements of x[batch][inputs]. */
  public long inputCount() {
    return inputCount;
  }

  /** Elements of y[batch][outputs]. */
  public long outputCount() {
    return outputCount;
  }

  /** Elements of w[outputs][inputs]. */
  public long weightCount() {
    return weightCount;
  }

  /** The problem in words. */
  @Override
  public String toString() {
    return "batch " + batch + ", dense " + inputs + " to " + outputs + ", " + activation;
  }

  /** The C struct. */
  MemorySegment descriptor() {
    return descriptor;
  }
}
