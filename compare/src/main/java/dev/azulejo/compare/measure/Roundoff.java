package dev.azulejo.compare.measure;

import dev.azulejo.engine.Precision;
import dev.azulejo.reference.Tolerance;

/** What a precision's rounding may change. */
public final class Roundoff {
  private Roundoff() {}

  /** The unit roundoff of a precision's factors; 0 for FP32, which takes them as they are. */
  public static double of(Precision precision) {
    return switch (precision) {
      case FP32 -> 0;
      case TF32 -> 0x1p-11;
      case BF16 -> 0x1p-8;
    };
  }

  /**
   * How far a sum of products may be from the float64 reference: {@link Tolerance#sum}, and what
   * the rounding of both factors adds.
   *
   * @param terms how many products
   * @param magnitude the sum of their absolute values
   */
  public static double tolerance(Precision precision, double terms, double magnitude) {
    double u = of(precision);
    return Tolerance.sum(terms, magnitude) + u * (2 + u) * magnitude;
  }
}
