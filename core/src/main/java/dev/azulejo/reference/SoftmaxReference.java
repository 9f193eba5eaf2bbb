package dev.azulejo.reference;

/** Softmax over rows and its gradient, T§2.5. */
public final class SoftmaxReference {
  private SoftmaxReference() {}

  /** y[r][c] = exp(x[r][c]) / sum_j exp(x[r][j]). */
  public static double[] forward(int rows, int classes, double[] x) {
    double[] y = new double[rows * classes];
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(x[r * classes + c] - largest(r, classes, x));
      }
      for (int c = 0; c < classes; c++) {
        y[r * classes + c] = Math.exp(x[r * classes + c] - largest(r, classes, x)) / sum;
      }
    }
    return y;
  }

  /** gradX[r][c] = y[r][c] (gradY[r][c] - sum_j gradY[r][j] y[r][j]). */
  public static double[] backward(int rows, int classes, double[] y, double[] gradY) {
    double[] gradX = new double[rows * classes];
    for (int r = 0; r < rows; r++) {
      double dot = 0;
      for (int c = 0; c < classes; c++) {
        dot += gradY[r * classes + c] * y[r * classes + c];
      }
      for (int c = 0; c < classes; c++) {
        gradX[r * classes + c] = y[r * classes + c] * (gradY[r * classes + c] - dot);
      }
    }
    return gradX;
  }

  /** A row's largest element. */
  public static double largest(int row, int classes, double[] x) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      largest = Math.max(largest, x[row * classes + c]);
    }
    return largest;
  }
}
