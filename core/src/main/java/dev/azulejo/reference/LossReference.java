package dev.azulejo.reference;

/** Losses by row and their gradients, T(2.3), T(2.4), T(3.26). */
public final class LossReference {
  private LossReference() {}

  /** log(sum_j exp(x[r][j])) - x[r][label]. */
  public static double[] softmaxCrossEntropy(int rows, int classes, double[] x, int[] labels) {
    double[] losses = new double[rows];
    for (int r = 0; r < rows; r++) {
      double largest = SoftmaxReference.largest(r, classes, x);
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(x[r * classes + c] - largest);
      }
      losses[r] = Math.log(sum) + largest - x[r * classes + labels[r]];
    }
    return losses;
  }

  /** scale (softmax(x) - onehot). */
  public static double[] softmaxCrossEntropyGrad(
      int rows, int classes, double[] x, int[] labels, double scale) {
    double[] grad = SoftmaxReference.forward(rows, classes, x);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < classes; c++) {
        grad[r * classes + c] = scale * (grad[r * classes + c] - (c == labels[r] ? 1 : 0));
      }
    }
    return grad;
  }

  /**
   * -sum_c t log(sigmoid(x)) + (1 - t) log(1 - sigmoid(x)), written so that no sigmoid rounds to 0
   * or 1.
   */
  public static double[] sigmoidCrossEntropy(int rows, int classes, double[] x, double[] targets) {
    double[] losses = new double[rows];
    for (int r = 0; r < rows; r++) {
      for (int i = r * classes; i < (r + 1) * classes; i++) {
        losses[r] += targets[i] * softplus(-x[i]) + (1 - targets[i]) * softplus(x[i]);
      }
    }
    return losses;
  }

  /** scale (sigmoid(x) - t). */
  public static double[] sigmoidCrossEntropyGrad(double[] x, double[] targets, double scale) {
    double[] grad = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      grad[i] = scale * (1 / (1 + Math.exp(-x[i])) - targets[i]);
    }
    return grad;
  }

  /** 1 / columns sum_c (x - t)^2. */
  public static double[] meanSquaredError(int rows, int columns, double[] x, double[] targets) {
    double[] losses = new double[rows];
    for (int r = 0; r < rows; r++) {
      for (int i = r * columns; i < (r + 1) * columns; i++) {
        losses[r] += (x[i] - targets[i]) * (x[i] - targets[i]) / columns;
      }
    }
    return losses;
  }

  /** scale 2 / columns (x - t). */
  public static double[] meanSquaredErrorGrad(
      int columns, double[] x, double[] targets, double scale) {
    double[] grad = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      grad[i] = scale * 2 / columns * (x[i] - targets[i]);
    }
    return grad;
  }

  /** log(1 + exp(x)) without overflow. */
  private static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
