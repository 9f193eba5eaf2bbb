package dev.azulejo.reference;

import java.util.Arrays;

/**
 * {@link Tolerance} of what is computed row by row: softmax, and the losses with their gradients.
 */
public final class RowTolerance {
  private RowTolerance() {}

  /** Of softmax(x), whose values are y. */
  public static double[] softmax(int rows, int classes, double[] x, double[] y) {
    double[] tolerance = new double[y.length];
    for (int r = 0; r < rows; r++) {
      double largest = SoftmaxReference.largest(r, classes, x);
      for (int i = r * classes; i < (r + 1) * classes; i++) {
        tolerance[i] = Tolerance.softmax(classes, y[i], largest - x[i]);
      }
    }
    return tolerance;
  }

  /** Of the gradient of softmax, y (gradY - Σ gradY y). */
  public static double[] softmaxBackward(int rows, int classes, double[] y, double[] gradY) {
    double[] tolerance = new double[y.length];
    for (int r = 0; r < rows; r++) {
      double dot = 0;
      for (int i = r * classes; i < (r + 1) * classes; i++) {
        dot += Math.abs(y[i] * gradY[i]);
      }
      for (int i = r * classes; i < (r + 1) * classes; i++) {
        tolerance[i] = Tolerance.sum(classes + 2, y[i] * (Math.abs(gradY[i]) + dot));
      }
    }
    return tolerance;
  }

  /** Of losses over so many classes. */
  public static double[] losses(int classes, double[] losses) {
    return Arrays.stream(losses).map(loss -> Tolerance.loss(classes, loss)).toArray();
  }

  /**
   * Of the gradient of the softmax cross-entropy, scale (softmax(x) - onehot): at the label softmax
   * - 1 is rounded once more.
   *
   * @param y softmax(x)
   * @param grad the gradient
   */
  public static double[] softmaxCrossEntropyGrad(
      int rows, int classes, double[] x, double[] y, double[] grad, double scale) {
    double[] tolerance = softmax(rows, classes, x, y);
    for (int i = 0; i < tolerance.length; i++) {
      tolerance[i] = scale * tolerance[i] + 2 * Tolerance.U * Math.abs(grad[i]);
    }
    return tolerance;
  }

  /**
   * Of the sigmoid cross-entropy: max(x, 0) - x t cancels where t is near 1, so the error is
   * relative to its parts.
   */
  public static double[] sigmoidCrossEntropy(int rows, int classes, double[] x) {
    double[] tolerance = new double[rows];
    for (int i = 0; i < x.length; i++) {
      tolerance[i / classes] += (classes + 16) * Tolerance.U * (1 + 2 * Math.abs(x[i]));
    }
    return tolerance;
  }

  /** Of its gradient, scale (sigmoid(x) - t), whose parts are at most scale. */
  public static double[] sigmoidCrossEntropyGrad(int count, double scale) {
    double[] tolerance = new double[count];
    Arrays.fill(tolerance, 8 * Tolerance.U * scale);
    return tolerance;
  }

  /** Of the gradient of the mean squared error, scale 2 / columns (x - t). */
  public static double[] meanSquaredErrorGrad(
      int columns, double[] x, double[] targets, double scale) {
    double[] tolerance = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double parts = Math.abs(x[i]) + Math.abs(targets[i]);
      tolerance[i] = Tolerance.sum(3, Math.abs(scale) * 2 / columns * parts);
    }
    return tolerance;
  }
}
