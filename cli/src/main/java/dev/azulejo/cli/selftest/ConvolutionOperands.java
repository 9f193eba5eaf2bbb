package dev.azulejo.cli.selftest;

import dev.azulejo.ops.Activation;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.ConvTolerance;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import java.util.EnumMap;
import java.util.Map;

/**
 * The data of a convolution case, and what its passes are in float64: computed once for all
 * algorithms.
 */
final class ConvolutionOperands {
  static final Activation ACTIVATION = Activation.LEAKY_RELU;
  static final float SLOPE = 0.125f;

  final ConvCase problem;
  final float[] x;
  final float[] w;
  final float[] bias;
  final float[] gradZ;
  private final Map<ConvPass, Exact> exact = new EnumMap<>(ConvPass.class);

  /** A result, and how far each algorithm may be off. */
  record Exact(double[] values, ConvTolerance tolerance) {}

  ConvolutionOperands(ConvCase problem) {
    this.problem = problem;
    var samples = new Samples(29);
    x = samples.uniform(problem.inputCount());
    w = samples.uniform(problem.shape().weightCount());
    bias = samples.uniform(problem.shape().filters());
    gradZ = samples.uniform(problem.outputCount());
  }

  Exact exact(ConvPass pass) {
    return exact.computeIfAbsent(pass, this::compute);
  }

  private Exact compute(ConvPass pass) {
    ConvolutionReference reference = problem.reference();
    double[] xs = Doubles.of(x);
    double[] ws = Doubles.of(w);
    double[] gs = Doubles.of(gradZ);
    return switch (pass) {
      case FORWARD ->
          new Exact(
              ActivationReference.values(
                  ACTIVATION, SLOPE, reference.forward(xs, ws, Doubles.of(bias))),
              ConvTolerance.forward(problem, x, w, bias));
      case GRAD_INPUT ->
          new Exact(reference.gradInput(gs, ws), ConvTolerance.gradInput(problem, gradZ, w));
      case GRAD_WEIGHTS ->
          new Exact(reference.gradWeights(xs, gs), ConvTolerance.gradWeights(problem, x, gradZ));
    };
  }
}
