package dev.azulejo.reference;

import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import java.util.EnumMap;
import java.util.Map;

/**
 * {@link Tolerance} of a convolution pass, by whatever algorithm; without that of an activation.
 * WINOGRAD's errors are relative to the numbers between its transforms; each of the four two-sided
 * transforms of a result adds at most 10 roundings to those of its sum, in WINOGRAD_2X2 at most 4.
 */
public final class ConvTolerance {
  private static final int WINOGRAD_ROUNDINGS = 40;
  private static final int WINOGRAD_2X2_ROUNDINGS = 16;

  private final ConvCase problem;
  private final ConvPass pass;
  private final double[] first;
  private final double[] second;
  private final double[] bias;
  private double[] magnitude;
  private final Map<WinogradMatrices, double[]> winograd = new EnumMap<>(WinogradMatrices.class);

  private ConvTolerance(
      ConvCase problem, ConvPass pass, float[] first, float[] second, float[] bias) {
    this.problem = problem;
    this.pass = pass;
    this.first = Doubles.abs(Doubles.of(first));
    this.second = Doubles.abs(Doubles.of(second));
    this.bias = bias == null ? null : Doubles.abs(Doubles.of(bias));
  }

  /** Of the forward pass, with a bias or null. */
  public static ConvTolerance forward(ConvCase problem, float[] x, float[] w, float[] bias) {
    return new ConvTolerance(problem, ConvPass.FORWARD, x, w, bias);
  }

  /** Of the gradient to the input. */
  public static ConvTolerance gradInput(ConvCase problem, float[] gradZ, float[] w) {
    return new ConvTolerance(problem, ConvPass.GRAD_INPUT, gradZ, w, null);
  }

  /** Of the gradient to the weights. */
  public static ConvTolerance gradWeights(ConvCase problem, float[] x, float[] gradZ) {
    return new ConvTolerance(problem, ConvPass.GRAD_WEIGHTS, x, gradZ, null);
  }

  /** Of each element of the result by an algorithm, which is not AUTO. */
  public double[] of(ConvAlgorithm algorithm) {
    return switch (algorithm) {
      case AUTO -> throw new IllegalArgumentException("AUTO is one of the others; ask which");
      case WINOGRAD ->
          Tolerance.sums(terms() + WINOGRAD_ROUNDINGS, winograd(WinogradMatrices.F4X4));
      case WINOGRAD_2X2 ->
          Tolerance.sums(terms() + WINOGRAD_2X2_ROUNDINGS, winograd(WinogradMatrices.F2X2));
      default -> Tolerance.sums(algorithm.precision(), terms(), magnitude());
    };
  }

  private double terms() {
    return switch (pass) {
      case FORWARD -> problem.forwardTerms();
      case GRAD_INPUT -> problem.gradInputTerms();
      case GRAD_WEIGHTS -> problem.gradWeightsTerms();
    };
  }

  private double[] magnitude() {
    if (magnitude == null) {
      ConvolutionReference reference = problem.reference();
      magnitude =
          switch (pass) {
            case FORWARD -> reference.forward(first, second, bias);
            case GRAD_INPUT -> reference.gradInput(first, second);
            case GRAD_WEIGHTS -> reference.gradWeights(first, second);
          };
    }
    return magnitude;
  }

  private double[] winograd(WinogradMatrices matrices) {
    return winograd.computeIfAbsent(
        matrices,
        m -> {
          var numbers = new WinogradMagnitude(m, problem.shape(), problem.batch());
          return switch (pass) {
            case FORWARD -> withBias(numbers.forward(first, second));
            case GRAD_INPUT -> numbers.gradInput(first, second);
            case GRAD_WEIGHTS -> numbers.gradWeights(first, second);
          };
        });
  }

  private double[] withBias(double[] sums) {
    if (bias != null) {
      int plane = sums.length / problem.batch() / bias.length;
      for (int i = 0; i < sums.length; i++) {
        sums[i] += bias[i / plane % bias.length];
      }
    }
    return sums;
  }
}
