package dev.azulejo.reference;

/** Convolution of arrays and matrices, N(9)-N(18); matrices row-major. */
public final class SignalReference {
  private SignalReference() {}

  /** N(12): y[i] = sum_r x[i + r] w[R - 1 - r], i = 0..I - R. */
  public static double[] valid(double[] x, double[] w) {
    double[] y = new double[x.length - w.length + 1];
    for (int i = 0; i < y.length; i++) {
      for (int r = 0; r < w.length; r++) {
        y[i] += x[i + r] * w[w.length - 1 - r];
      }
    }
    return y;
  }

  /** N(14): y[i] = sum over r + s = i of x[r] w[s]. */
  public static double[] full(double[] x, double[] w) {
    double[] y = new double[x.length + w.length - 1];
    for (int r = 0; r < x.length; r++) {
      for (int s = 0; s < w.length; s++) {
        y[r + s] += x[r] * w[s];
      }
    }
    return y;
  }

  /** N(15): y[i] = sum_r x[i + r] w[r]. */
  public static double[] correlate(double[] x, double[] w) {
    double[] y = new double[x.length - w.length + 1];
    for (int i = 0; i < y.length; i++) {
      for (int r = 0; r < w.length; r++) {
        y[i] += x[i + r] * w[r];
      }
    }
    return y;
  }

  /** N(13): x padded by (R - 1) / 2 zeros at each end, then {@link #valid}. */
  public static double[] same(double[] x, double[] w) {
    double[] padded = new double[x.length + w.length - 1];
    System.arraycopy(x, 0, padded, (w.length - 1) / 2, x.length);
    return valid(padded, w);
  }

  /** N(14) in two dimensions: y[i][j] = sum over r + p = i, s + q = j of x[r][s] w[p][q]. */
  public static double[] full(
      double[] x, int xRows, int xColumns, double[] w, int rows, int columns) {
    int outColumns = xColumns + columns - 1;
    double[] y = new double[(xRows + rows - 1) * outColumns];
    for (int r = 0; r < xRows; r++) {
      for (int s = 0; s < xColumns; s++) {
        for (int p = 0; p < rows; p++) {
          for (int q = 0; q < columns; q++) {
            y[(r + p) * outColumns + s + q] += x[r * xColumns + s] * w[p * columns + q];
          }
        }
      }
    }
    return y;
  }

  /** The part of a matrix that begins at a row and a column. */
  public static double[] crop(double[] x, int xColumns, int top, int left, int rows, int columns) {
    double[] part = new double[rows * columns];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(x, (top + i) * xColumns + left, part, i * columns, columns);
    }
    return part;
  }
}
