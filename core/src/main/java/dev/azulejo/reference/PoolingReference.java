package dev.azulejo.reference;

import dev.azulejo.ops.Pool2dShape;

/**
 * Max and mean pooling and their gradients, N(21)-N(24), T(2.9)-T(2.16). Planes are the samples'
 * channels.
 */
public final class PoolingReference {
  private final Pool2dShape shape;
  private final int planes;

  /** Rows of the output. */
  public final int outH;

  /** Columns of the output. */
  public final int outW;

  /** The reference for a shape and a batch. */
  public PoolingReference(Pool2dShape shape, int batch) {
    this.shape = shape;
    planes = batch * (int) shape.channels();
    outH =
        places(shape.height(), shape.windowHeight(), shape.strideHeight(), shape.paddingHeight());
    outW = places(shape.width(), shape.windowWidth(), shape.strideWidth(), shape.paddingWidth());
  }

  /** row * width + column of each window's first maximum; a NaN counts as the maximum. */
  public int[] argmax(double[] x) {
    int[] argmax = new int[planes * outH * outW];
    for (int o = 0; o < argmax.length; o++) {
      int best = -1;
      for (int tap : taps(o)) {
        double value = x[plane(o) * planeSize() + tap];
        double largest = best < 0 ? 0 : x[plane(o) * planeSize() + best];
        if (best < 0 || (!Double.isNaN(largest) && (Double.isNaN(value) || value > largest))) {
          best = tap;
        }
      }
      argmax[o] = best;
    }
    return argmax;
  }

  /** Where in their windows maxima are: row * windowWidth + column, of what argmax gave. */
  public int[] taps(int[] argmax) {
    int[] taps = new int[argmax.length];
    for (int o = 0; o < taps.length; o++) {
      long row = argmax[o] / shape.width() - top(o);
      long column = argmax[o] % shape.width() - left(o);
      taps[o] = (int) (row * shape.windowWidth() + column);
    }
    return taps;
  }

  /** The maxima. */
  public double[] max(double[] x) {
    int[] argmax = argmax(x);
    double[] y = new double[argmax.length];
    for (int o = 0; o < y.length; o++) {
      y[o] = x[plane(o) * planeSize() + argmax[o]];
    }
    return y;
  }

  /** The means, over the window or over its taps inside x. */
  public double[] mean(double[] x, boolean countPadding) {
    double[] y = new double[planes * outH * outW];
    for (int o = 0; o < y.length; o++) {
      for (int tap : taps(o)) {
        y[o] += x[plane(o) * planeSize() + tap] / divisor(o, countPadding);
      }
    }
    return y;
  }

  /** gradX of max pooling: gradY goes to the maximum only, row T11. */
  public double[] gradMax(double[] gradY, int[] argmax) {
    double[] gradX = new double[planes * planeSize()];
    for (int o = 0; o < gradY.length; o++) {
      gradX[plane(o) * planeSize() + argmax[o]] += gradY[o];
    }
    return gradX;
  }

  /** gradX of mean pooling: gradY is spread over the window. */
  public double[] gradMean(double[] gradY, boolean countPadding) {
    double[] gradX = new double[planes * planeSize()];
    for (int o = 0; o < gradY.length; o++) {
      for (int tap : taps(o)) {
        gradX[plane(o) * planeSize() + tap] += gradY[o] / divisor(o, countPadding);
      }
    }
    return gradX;
  }

  private static int places(long length, long window, long stride, long pad) {
    int places = 0;
    while (places * stride + window <= length + 2 * pad) {
      places++;
    }
    return places;
  }

  /** Positions inside the plane that the window of an output covers, row by row. */
  private int[] taps(int output) {
    int top = top(output);
    int left = left(output);
    var taps = java.util.stream.IntStream.builder();
    for (int i = top; i < top + shape.windowHeight(); i++) {
      for (int j = left; j < left + shape.windowWidth(); j++) {
        if (i >= 0 && i < shape.height() && j >= 0 && j < shape.width()) {
          taps.add((int) (i * shape.width() + j));
        }
      }
    }
    return taps.build().toArray();
  }

  private int top(int output) {
    return (int) (output / outW % outH * shape.strideHeight() - shape.paddingHeight());
  }

  private int left(int output) {
    return (int) (output % outW * shape.strideWidth() - shape.paddingWidth());
  }

  private double divisor(int output, boolean countPadding) {
    return countPadding ? shape.windowHeight() * shape.windowWidth() : taps(output).length;
  }

  private int plane(int output) {
    return output / (outH * outW);
  }

  private int planeSize() {
    return (int) (shape.height() * shape.width());
  }
}
