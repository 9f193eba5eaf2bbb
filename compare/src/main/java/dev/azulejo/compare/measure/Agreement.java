package dev.azulejo.compare.measure;

/**
 * How a result compares with the float64 reference at the points where it was computed.
 *
 * @param points how many values were compared
 * @param error the largest error, as a part of the largest value of the reference
 * @param ofTolerance the largest error as a part of what is allowed at its point; above 1, or NaN:
 *     they disagree
 * @param worst the point where that is, in words
 */
public record Agreement(int points, double error, double ofTolerance, String worst) {
  /** Whether every value is within its tolerance. */
  public boolean agrees() {
    return ofTolerance <= 1;
  }

  /** Values against the reference's, each with its tolerance. */
  public static Agreement of(
      double[] actual, double[] expected, double[] tolerance, long[] indices) {
    double error = 0;
    double largest = 0;
    double most = 0;
    int worst = 0;
    for (int i = 0; i < actual.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, difference);
      double part = difference / tolerance[i];
      // Written so that NaN is the worst there is, and stays.
      if (!(part <= most)) {
        most = Double.isNaN(part) || Double.isNaN(most) ? Double.NaN : part;
        worst = i;
      }
    }
    String where =
        "element %d is %s, the reference %s, allowed are %.3g"
            .formatted(indices[worst], actual[worst], expected[worst], tolerance[worst]);
    return new Agreement(actual.length, error / Math.max(largest, 1e-300), most, where);
  }
}
