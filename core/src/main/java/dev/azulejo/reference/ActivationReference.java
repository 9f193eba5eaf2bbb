package dev.azulejo.reference;

import dev.azulejo.ops.Activation;

/** σ and σ', T(2.1), T(2.2). */
public final class ActivationReference {
  private ActivationReference() {}

  /** σ(z). */
  public static double value(Activation activation, double slope, double z) {
    return switch (activation) {
      case IDENTITY -> z;
      case RELU -> Math.max(z, 0);
      case LEAKY_RELU -> z > 0 ? z : slope * z;
      case SIGMOID -> 1 / (1 + Math.exp(-z));
      case TANH -> Math.tanh(z);
    };
  }

  /**
   * σ'(z), with the errata: T(3.35) should read σ (1 - σ). At the kink of the ReLUs the derivative
   * from the left.
   */
  public static double derivative(Activation activation, double slope, double z) {
    return switch (activation) {
      case IDENTITY -> 1;
      case RELU -> z > 0 ? 1 : 0;
      case LEAKY_RELU -> z > 0 ? 1 : slope;
      case SIGMOID -> {
        double y = value(activation, slope, z);
        yield y * (1 - y);
      }
      case TANH -> 1 - Math.tanh(z) * Math.tanh(z);
    };
  }

  /** σ'(z) as a function of y = σ(z). */
  public static double derivativeFromOutput(Activation activation, double slope, double y) {
    return switch (activation) {
      case IDENTITY -> 1;
      case RELU -> y > 0 ? 1 : 0;
      case LEAKY_RELU -> y > 0 ? 1 : slope;
      case SIGMOID -> y * (1 - y);
      case TANH -> 1 - y * y;
    };
  }

  /** σ of each element. */
  public static double[] values(Activation activation, double slope, double[] z) {
    double[] y = new double[z.length];
    for (int i = 0; i < z.length; i++) {
      y[i] = value(activation, slope, z[i]);
    }
    return y;
  }
}
