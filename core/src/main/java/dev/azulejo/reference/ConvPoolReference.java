package dev.azulejo.reference;

import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Pool2dShape;

/**
 * Max pooling by windows of 2x2 after a convolution and its activation, and the way back, in
 * float64.
 */
public final class ConvPoolReference {
  private final ConvCase problem;
  private final Pool2dShape shape;
  private final PoolingReference pooling;

  /** The reference for a case. */
  public ConvPoolReference(ConvCase problem) {
    this.problem = problem;
    ConvolutionReference convolution = problem.reference();
    shape =
        new Pool2dShape(
            problem.shape().filters(), convolution.outH, convolution.outW, 2, 2, 2, 2, 0, 0);
    pooling = new PoolingReference(shape, problem.batch());
  }

  /**
   * The maximum of each window: of the convolution's outputs, or of what each may be off, which is
   * what their maximum may be off.
   */
  public double[] max(double[] outputs) {
    return pooling.max(outputs);
  }

  /** For each window one of its elements, in turn: an argmax that a forward pass might give. */
  public int[] places() {
    int[] argmax = pooling.argmax(new double[(int) problem.outputCount()]);
    for (int i = 0; i < argmax.length; i++) {
      int place = i * 7 % 4;
      argmax[i] += place / 2 * (int) shape.width() + place % 2;
    }
    return argmax;
  }

  /**
   * How far below the maximum of its window the elements are that an argmax names, as a fraction of
   * what rounding may hide; infinite where one lies outside its window.
   *
   * @param outputs of the convolution
   * @param tolerance of each output
   */
  public double shortfall(double[] outputs, double[] tolerance, int[] argmax) {
    double[] largest = pooling.max(outputs);
    double[] allowed = pooling.max(tolerance);
    int[] corners = pooling.argmax(new double[outputs.length]);
    int width = (int) shape.width();
    int plane = (int) (shape.height() * shape.width());
    int windows = pooling.outH * pooling.outW;
    double worst = 0;
    for (int i = 0; i < argmax.length; i++) {
      int offset = argmax[i] - corners[i];
      if (offset != 0 && offset != 1 && offset != width && offset != width + 1) {
        return Double.POSITIVE_INFINITY;
      }
      double missing = largest[i] - outputs[i / windows * plane + argmax[i]];
      // Both the maximum and the element that was taken for it may be off.
      worst = Math.max(worst, missing == 0 ? 0 : missing / (2 * allowed[i]));
    }
    return worst;
  }

  /**
   * The gradient before the activation, from that to the pooled output.
   *
   * @param z before the activation, at the maximum of each window
   */
  public double[] gradZ(
      Activation activation, double slope, float[] z, int[] argmax, float[] gradY) {
    double[] products = new double[gradY.length];
    for (int i = 0; i < products.length; i++) {
      products[i] = gradY[i] * ActivationReference.derivative(activation, slope, z[i]);
    }
    return pooling.gradMax(products, argmax);
  }

  /** A number of each window at the element that an argmax names, 0 elsewhere. */
  public double[] scattered(double[] ofWindows, int[] argmax) {
    return pooling.gradMax(ofWindows, argmax);
  }

  /** For each argmax the tap 2 * row + column of its window. */
  public int[] taps(int[] argmax) {
    int[] corners = pooling.argmax(new double[(int) problem.outputCount()]);
    int[] taps = new int[argmax.length];
    for (int i = 0; i < taps.length; i++) {
      int offset = argmax[i] - corners[i];
      taps[i] = offset < 2 ? offset : offset - (int) shape.width() + 2;
    }
    return taps;
  }

  /** For each tap 2 * row + column of a window the argmax. */
  public int[] argmax(int[] taps) {
    int[] argmax = pooling.argmax(new double[(int) problem.outputCount()]);
    for (int i = 0; i < taps.length; i++) {
      argmax[i] += taps[i] / 2 * (int) shape.width() + taps[i] % 2;
    }
    return argmax;
  }

  /** What each element of {@link #gradZ} may be off: as an activation's gradient. */
  public double[] gradZTolerance(int[] argmax, float[] gradY) {
    double[] allowed = new double[gradY.length];
    for (int i = 0; i < allowed.length; i++) {
      // 1 - y may cancel: the error is relative to 1, not to the derivative.
      allowed[i] = Tolerance.function(gradY[i]);
    }
    return pooling.gradMax(allowed, argmax);
  }
}
