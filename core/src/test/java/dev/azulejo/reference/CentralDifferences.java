package dev.azulejo.reference;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.function.ToDoubleFunction;

/**
 * Holds a gradient against central differences of the function: (E(x + h) - E(x - h)) / 2h, off by
 * O(h²).
 */
final class CentralDifferences {
  private static final double H = 1e-5;
  private static final double TOLERANCE = 1e-7;

  private CentralDifferences() {}

  /** Fails where a component of the gradient at x is wrong. x is changed and restored. */
  static void check(
      String what, double[] gradient, double[] x, ToDoubleFunction<double[]> function) {
    if (gradient.length != x.length) {
      fail(what + ": " + gradient.length + " components for " + x.length + " variables");
    }
    for (int i = 0; i < x.length; i++) {
      double value = x[i];
      x[i] = value + H;
      double above = function.applyAsDouble(x);
      x[i] = value - H;
      double below = function.applyAsDouble(x);
      x[i] = value;
      double difference = (above - below) / (2 * H);
      if (!(Math.abs(difference - gradient[i]) <= TOLERANCE * (1 + Math.abs(difference)))) {
        fail(what + "[" + i + "]: gradient " + gradient[i] + ", central difference " + difference);
      }
    }
  }
}
