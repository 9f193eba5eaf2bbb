package dev.azulejo.reference;

/** Arrays of doubles, as the references take and give them. */
public final class Doubles {
  private Doubles() {}

  /** The same values. */
  public static double[] of(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** The absolute values; null stays null. */
  public static double[] abs(double[] values) {
    if (values == null) {
      return null;
    }
    double[] absolute = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      absolute[i] = Math.abs(values[i]);
    }
    return absolute;
  }

  /** The scalar product. */
  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
