package dev.azulejo.compare.measure;

import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;

/** What a precision's rounding may change. */
public final class Roundoff {
  private Roundoff() {}

  /**
   * What Winograd's transforms add, as a part of the largest Σ|terms| of the result. The transforms
   * of F(4x4, 3x3) have norms up to 19, 10 and 1/2 in each direction, so their errors grow with the
   * largest numbers of a tile and not with each sum's own; the worst case allows thousands of u,
   * random data show some tens (Barabasz et al., Error analysis and improving the accuracy of
   * Winograd convolution, 2020). A wrong or missing term is still far beyond it.
   */
  private static final double WINOGRAD = 64 * Tolerance.U;

  /** How our algorithms call a precision. */
  public static dev.azulejo.ops.Precision ops(Precision precision) {
    return switch (precision) {
      case FP32 -> dev.azulejo.ops.Precision.FLOAT32;
      case TF32 -> dev.azulejo.ops.Precision.TF32;
      case BF16 -> dev.azulejo.ops.Precision.BF16;
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
    double u = ops(precision).roundoff();
    return Tolerance.sum(terms, magnitude) + u * (2 + u) * magnitude;
  }

  /**
   * As {@link #tolerance}, of operands that lie in memory as {@code storage} says, from which the
   * reference was computed: factors in BF16 are not rounded any more, and a result in BF16 is
   * rounded once.
   *
   * @param expected the reference
   */
  public static double tolerance(
      Storage storage, Precision precision, double terms, double magnitude, double expected) {
    return storage == Storage.F32
        ? tolerance(precision, terms, magnitude)
        : Tolerance.storedBf16(expected, 2 * Tolerance.sum(terms, magnitude));
  }

  /**
   * What is allowed on top where operands were transformed.
   *
   * @param magnitudes the sums of absolute values of all compared elements
   */
  public static double winograd(double[] magnitudes) {
    return WINOGRAD * Arrays.stream(magnitudes).max().orElse(0);
  }
}
