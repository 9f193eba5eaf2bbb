package dev.azulejo.reference;

import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import java.util.List;

/**
 * A convolution of operands in BF16: the operands, and in float64 what its passes give and how far
 * a device may be off.
 */
public final class Bf16ConvReference {
  static final float SLOPE = 0.125f;

  private final ConvCase problem;
  private final float[] x;
  private final float[] w;
  private final float[] bias;
  private final float[] gradZ;

  /**
   * The result of a pass, channels first.
   *
   * @param values in float64
   * @param allowed how far each may be off
   */
  public record Exact(double[] values, double[] allowed) {}

  /** Random operands for a case. */
  public Bf16ConvReference(ConvCase problem) {
    this.problem = problem;
    var samples = new Samples(50);
    x = Bf16.rounded(samples.uniform(problem.inputCount()));
    w = Bf16.rounded(samples.uniform(problem.shape().weightCount()));
    bias = samples.uniform(problem.shape().filters());
    gradZ = Bf16.rounded(samples.uniform(problem.outputCount()));
  }

  /** The cases that convolutions on BF16 do: one group, and the limits of HOPPER_BF16. */
  public static List<ConvCase> cases() {
    return ConvCase.all().stream()
        .filter(c -> c.shape().groups() == 1 && ConvAlgorithm.HOPPER_BF16.fits(c.shape()))
        .toList();
  }

  /** The problem. LEAKY_RELU has the slope 1/8. */
  public Conv2dProblem problem(Activation activation) {
    return new Conv2dProblem(
        problem.shape(), problem.batch(), ConvAlgorithm.AUTO, 0, activation, SLOPE);
  }

  /** How x and its gradient lie. */
  public PackedReference input() {
    Conv2dShape shape = problem.shape();
    return new PackedReference(problem.batch(), shape.channels(), shape.height() * shape.width());
  }

  /** How y and its gradient lie. */
  public PackedReference output() {
    Conv2dShape shape = problem.shape();
    return new PackedReference(
        problem.batch(), shape.filters(), shape.outputHeight() * shape.outputWidth());
  }

  /** x[batch][height][width][pitch]. */
  public short[] x() {
    return input().pack(Bf16.of(x));
  }

  /** w[filters][kernelHeight][kernelWidth][pitch]. */
  public short[] w() {
    Conv2dShape shape = problem.shape();
    return new PackedReference(
            shape.filters(), shape.channels(), shape.kernelHeight() * shape.kernelWidth())
        .pack(Bf16.of(w));
  }

  /** bias[filters], which is float32. */
  public float[] bias() {
    return bias.clone();
  }

  /** gradZ[batch][outputHeight][outputWidth][pitch]. */
  public short[] gradZ() {
    return output().pack(Bf16.of(gradZ));
  }

  /** y, which is stored in BF16. */
  public Exact forward(Activation activation, boolean withBias) {
    ConvolutionReference reference = problem.reference();
    double[] b = withBias ? Doubles.of(bias) : null;
    double[] xs = Doubles.of(x);
    double[] ws = Doubles.of(w);
    double[] y = ActivationReference.values(activation, SLOPE, reference.forward(xs, ws, b));
    double[] errors =
        Tolerance.cutOffSums(
            problem.forwardTerms(),
            reference.forward(Doubles.abs(xs), Doubles.abs(ws), Doubles.abs(b)));
    for (int i = 0; i < errors.length; i++) {
      errors[i] += Tolerance.function(y[i]);
    }
    return new Exact(y, Tolerance.storedBf16(y, errors));
  }

  /** The gradient to x, which is stored in BF16. */
  public Exact gradInput() {
    ConvolutionReference reference = problem.reference();
    double[] gs = Doubles.of(gradZ);
    double[] ws = Doubles.of(w);
    double[] gradX = reference.gradInput(gs, ws);
    double[] errors =
        Tolerance.cutOffSums(
            problem.gradInputTerms(), reference.gradInput(Doubles.abs(gs), Doubles.abs(ws)));
    return new Exact(gradX, Tolerance.storedBf16(gradX, errors));
  }

  /** The gradient to w, which is float32. */
  public Exact gradWeights() {
    ConvolutionReference reference = problem.reference();
    double[] xs = Doubles.of(x);
    double[] gs = Doubles.of(gradZ);
    return new Exact(
        reference.gradWeights(xs, gs),
        Tolerance.cutOffSums(
            problem.gradWeightsTerms(), reference.gradWeights(Doubles.abs(xs), Doubles.abs(gs))));
  }

  /** What a pass gives; the forward pass with bias and activation. */
  public Exact pass(ConvPass pass, Activation activation) {
    return switch (pass) {
      case FORWARD -> forward(activation, true);
      case GRAD_INPUT -> gradInput();
      case GRAD_WEIGHTS -> gradWeights();
    };
  }
}
