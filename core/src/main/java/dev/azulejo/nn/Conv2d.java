package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.PoolMode;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Convolution layer with bias and activation: y = σ(Σ_c x_c ⋆ w_mc + b_m), N(20), T§2.6.1 (rows N7,
 * T9). Its gradients are N(30), N(34), N(46) (rows N9, T14).
 *
 * @param filters output channels
 * @param kernel rows and columns of a filter
 * @param stride rows and columns between the outputs
 * @param padding rows and columns of zeros on each side (row T10)
 * @param dilation rows and columns between the taps
 * @param groups groups of channels that do not see each other
 * @param activation σ
 * @param slope of the leaky ReLU
 * @param algorithm how it is computed
 * @param samplesPerUnroll samples that share an X_unroll (row T15); 0: one for each thread
 */
public record Conv2d(
    int filters,
    Pair kernel,
    Pair stride,
    Pair padding,
    Pair dilation,
    int groups,
    Activation activation,
    float slope,
    ConvAlgorithm algorithm,
    int samplesPerUnroll)
    implements Layer {

  /** What a convolution runs with in one step, where the engine does: the most common pooling. */
  static final Pool2d POOLING = Pool2d.of(PoolMode.MAX, Pair.of(2));

  /** Checks what does not depend on the input. */
  public Conv2d {
    if (filters < 1) {
      throw new IllegalArgumentException("filters must be at least 1, was " + filters);
    }
    kernel.atLeast(1, "kernel");
    stride.atLeast(1, "stride");
    padding.atLeast(0, "padding");
    dilation.atLeast(1, "dilation");
    if (groups < 1) {
      throw new IllegalArgumentException("groups must be at least 1, was " + groups);
    }
    if (samplesPerUnroll < 0) {
      throw new IllegalArgumentException(
          "samples per unroll must be at least 0, was " + samplesPerUnroll);
    }
    slope = Slopes.check(activation, slope);
    Objects.requireNonNull(algorithm, "algorithm");
  }

  /** Stride 1, no padding, one group, no activation. */
  public static Conv2d of(int filters, Pair kernel) {
    return new Conv2d(
        filters,
        kernel,
        Pair.of(1),
        Pair.of(0),
        Pair.of(1),
        1,
        Activation.IDENTITY,
        0,
        ConvAlgorithm.AUTO,
        0);
  }

  @Override
  public String name() {
    return "conv2d";
  }

  @Override
  public String describe() {
    return name()
        + " "
        + filters
        + " "
        + kernel
        + (stride.equals(Pair.of(1)) ? "" : " stride " + stride)
        + (padding.equals(Pair.of(0)) ? "" : " padding " + padding)
        + (dilation.equals(Pair.of(1)) ? "" : " dilation " + dilation)
        + (groups == 1 ? "" : " groups " + groups)
        + (algorithm == ConvAlgorithm.AUTO ? "" : " algorithm " + NetworkText.format(algorithm))
        + (samplesPerUnroll == 0 ? "" : " samples-per-unroll " + samplesPerUnroll)
        + NetworkText.format(activation, slope);
  }

  @Override
  public Shape outputShape(Shape input) {
    if (input.channels() % groups != 0 || filters % groups != 0) {
      throw new IllegalArgumentException(
          groups
              + " groups must divide the "
              + input.channels()
              + " input channels and the "
              + filters
              + " filters");
    }
    return new Shape(
        filters,
        Pair.slide(
            input.height(), padding.h(), kernel.h(), dilation.h(), stride.h(), "kernel height"),
        Pair.slide(
            input.width(), padding.w(), kernel.w(), dilation.w(), stride.w(), "kernel width"));
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    long patch = (long) input.channels() / groups * kernel.h() * kernel.w();
    return List.of(
        new ParameterShape(
            "weight",
            new long[] {filters, input.channels() / groups, kernel.h(), kernel.w()},
            patch),
        new ParameterShape("bias", new long[] {filters}, 0));
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    return new Conv2dPlan(this, problem(input, maxBatch), engine);
  }

  /** With {@link #POOLING}. */
  @Override
  public Optional<LayerPlan> planWith(Layer next, Shape input, int maxBatch, EngineSession engine) {
    if (!next.equals(POOLING)) {
      return Optional.empty();
    }
    Conv2dProblem problem = problem(input, maxBatch);
    return engine
        .pooledConvolution(problem)
        .map(plan -> new PooledConv2dPlan(plan, problem.pooledCount(), problem.outputCount()));
  }

  @Override
  public Optional<Bf16Form> bf16() {
    return Optional.of(new Bf16Conv2d(this));
  }

  /** The operation this layer runs. */
  Conv2dProblem problem(Shape input, int batch) {
    return new Conv2dProblem(shape(input), batch, algorithm, samplesPerUnroll, activation, slope);
  }

  /** The operation's sizes for one sample. */
  Conv2dShape shape(Shape input) {
    return new Conv2dShape(
        input.channels(),
        input.height(),
        input.width(),
        filters,
        kernel.h(),
        kernel.w(),
        stride.h(),
        stride.w(),
        padding.h(),
        padding.w(),
        dilation.h(),
        dilation.w(),
        groups);
  }

  Conv2d withStride(Pair value) {
    return new Conv2d(
        filters,
        kernel,
        value,
        padding,
        dilation,
        groups,
        activation,
        slope,
        algorithm,
        samplesPerUnroll);
  }

  Conv2d withPadding(Pair value) {
    return new Conv2d(
        filters,
        kernel,
        stride,
        value,
        dilation,
        groups,
        activation,
        slope,
        algorithm,
        samplesPerUnroll);
  }

  Conv2d withDilation(Pair value) {
    return new Conv2d(
        filters,
        kernel,
        stride,
        padding,
        value,
        groups,
        activation,
        slope,
        algorithm,
        samplesPerUnroll);
  }

  Conv2d withGroups(int value) {
    return new Conv2d(
        filters,
        kernel,
        stride,
        padding,
        dilation,
        value,
        activation,
        slope,
        algorithm,
        samplesPerUnroll);
  }

  Conv2d withActivation(Activation value, float valueSlope) {
    return new Conv2d(
        filters,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        value,
        valueSlope,
        algorithm,
        samplesPerUnroll);
  }

  Conv2d withAlgorithm(ConvAlgorithm value) {
    return new Conv2d(
        filters,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        activation,
        slope,
        value,
        samplesPerUnroll);
  }

  Conv2d withSamplesPerUnroll(int value) {
    return new Conv2d(
        filters, kernel, stride, padding, dilation, groups, activation, slope, algorithm, value);
  }
}
