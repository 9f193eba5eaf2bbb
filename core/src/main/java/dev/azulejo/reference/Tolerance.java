package dev.azulejo.reference;

import dev.azulejo.ops.Precision;

/**
 * How far a float32 result may be from the float64 reference, derived from how it is computed; u =
 * 2^-24 is float32's unit roundoff.
 *
 * <p><b>A sum of n products</b>, added in any order, with or without fused multiply-add, differs
 * from the exact sum by at most γ_n Σ|a_i b_i|, γ_n = n u / (1 - n u) (Higham, Accuracy and
 * Stability of Numerical Algorithms, 2002, (3.5)). Each output is therefore allowed
 *
 * <pre>
 * 1.01 (n + 2) u Σ|terms| + 2^-126
 * </pre>
 *
 * where Σ|terms| is the reference run on the absolute values of its inputs, n counts the terms (the
 * bias among them), the two more are for alpha and for the final rounding, and 2^-126, the smallest
 * normal float, allows results too small for float's precision. This is a bound and no estimate: a
 * right kernel never exceeds it, whatever its order of summation; and one wrong or missing term is
 * about 1 / (n u), thousands of times, too large for it.
 *
 * <p><b>On tensor cores</b> the factors are rounded first, to v = 2^-11 (TF32) or 2^-8 (BF16) of
 * their value; a product of two is then off by (1 + v)^2 - 1 = 2 v + v^2 of itself. The products
 * are exact and are summed in float32, but cut off instead of rounded where the hardware adds,
 * which is up to twice the error:
 *
 * <pre>
 * (2 v + v^2) Σ|terms| + (1 + v)^2 2 (the bound above)
 * </pre>
 *
 * <p><b>On BF16 in memory</b> the factors are what the reference is given, so that only the second
 * part is left, the cut off sum; and a result that is stored in BF16 is rounded once more, to v =
 * 2^-8 of itself, half of its last place.
 *
 * <p><b>A function</b> of one variable (exp, sigmoid, tanh) is allowed 8 u of its value, 4 units in
 * the last place; where it follows a sum, the sum's tolerance is added, as none of the activations
 * is steeper than 1.
 *
 * <p><b>Softmax</b> of n classes: exp(x - max) has the relative error of its argument's rounding,
 * |x - max| u, and its own; the sum over the classes and the division follow: (n + 16 + |x - max|)
 * u of the value. The losses built on it are allowed (n + 16) u (1 + |loss|).
 *
 * <p>Comparisons are written {@code !(error <= tolerance)}, so that NaN fails.
 */
public final class Tolerance {
  /** Unit roundoff of float32. */
  public static final double U = 0x1p-24;

  private static final double TINY = Float.MIN_NORMAL;

  private Tolerance() {}

  /** Of a sum of so many terms, with their absolute values summing to so much. */
  public static double sum(double terms, double magnitude) {
    return 1.01 * (terms + 2) * U * magnitude + TINY;
  }

  /** Of sums of so many terms each. */
  public static double[] sums(double terms, double[] magnitudes) {
    return sums(Precision.FLOAT32, terms, magnitudes);
  }

  /** As {@link #sum(double, double)}, of factors rounded to a precision. */
  public static double sum(Precision precision, double terms, double magnitude) {
    double v = precision.roundoff();
    return v == 0
        ? sum(terms, magnitude)
        : (2 * v + v * v) * magnitude + (1 + v) * (1 + v) * 2 * sum(terms, magnitude);
  }

  /** As {@link #sums(double, double[])}, of factors rounded to a precision. */
  public static double[] sums(Precision precision, double terms, double[] magnitudes) {
    double[] tolerance = new double[magnitudes.length];
    for (int i = 0; i < tolerance.length; i++) {
      tolerance[i] = sum(precision, terms, magnitudes[i]);
    }
    return tolerance;
  }

  /** Of sums of so many products each of BF16 factors, cut off where tensor cores add. */
  public static double[] cutOffSums(double terms, double[] magnitudes) {
    double[] tolerance = sums(terms, magnitudes);
    for (int i = 0; i < tolerance.length; i++) {
      tolerance[i] *= 2;
    }
    return tolerance;
  }

  /** Of a value that is known up to an error and then rounded to BF16. */
  public static double storedBf16(double value, double error) {
    return error + Precision.BF16.roundoff() * (Math.abs(value) + error) + TINY;
  }

  /** Of values that are known up to errors and then rounded to BF16. */
  public static double[] storedBf16(double[] values, double[] errors) {
    double[] tolerance = new double[values.length];
    for (int i = 0; i < tolerance.length; i++) {
      tolerance[i] = storedBf16(values[i], errors[i]);
    }
    return tolerance;
  }

  /** Of a function of one variable with this value. */
  public static double function(double value) {
    return 8 * U * Math.abs(value) + TINY;
  }

  /** Of softmax over so many classes: one value, whose logit is so far below the largest. */
  public static double softmax(int classes, double value, double belowLargest) {
    return (classes + 16 + Math.abs(belowLargest)) * U * Math.abs(value) + TINY;
  }

  /** Of a loss over so many classes. */
  public static double loss(int classes, double loss) {
    return (classes + 16) * U * (1 + Math.abs(loss));
  }
}
