package dev.azulejo.compare.conv;

import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;

/**
 * The float64 reference of a convolution at single points, for problems that are too large to be
 * computed whole: the sums of {@link dev.azulejo.reference.ConvolutionReference}, N(20), N(46) and
 * N(30), with which a test compares it. Of each sum also Σ|terms|, which decides the tolerance, and
 * how many terms it has.
 */
final class ConvPoints {
  private final Conv2dShape g;
  private final int batch;
  private final int groupChannels;
  private final int groupFilters;
  private final int outH;
  private final int outW;
  private double sum;
  private double magnitude;
  private long terms;

  ConvPoints(ConvCase problem) {
    g = problem.shape();
    batch = problem.batch();
    groupChannels = (int) (g.channels() / g.groups());
    groupFilters = (int) (g.filters() / g.groups());
    outH = (int) g.outputHeight();
    outW = (int) g.outputWidth();
  }

  double sum() {
    return sum;
  }

  double magnitude() {
    return magnitude;
  }

  long terms() {
    return terms;
  }

  /** About how many products the sum of one point has. */
  long cost(ConvPass pass) {
    long window = g.kernelHeight() * g.kernelWidth();
    return switch (pass) {
      case FORWARD -> groupChannels * window;
      case GRAD_INPUT -> groupFilters * window;
      case GRAD_WEIGHTS -> (long) batch * outH * outW;
    };
  }

  /** Computes an element of what a pass gives, {@code a} and {@code b} its two operands. */
  void compute(ConvPass pass, float[] a, float[] b, long element) {
    sum = 0;
    magnitude = 0;
    terms = 0;
    int index = Math.toIntExact(element);
    switch (pass) {
      case FORWARD -> forward(a, b, index);
      case GRAD_INPUT -> gradInput(a, b, index);
      case GRAD_WEIGHTS -> gradWeights(a, b, index);
    }
  }

  private void add(double left, double right) {
    double product = left * right;
    sum += product;
    magnitude += Math.abs(product);
    terms++;
  }

  private void forward(float[] x, float[] w, int index) {
    int q = index % outW;
    int p = index / outW % outH;
    int m = index / outW / outH % (int) g.filters();
    int n = index / outW / outH / (int) g.filters();
    for (int c = 0; c < groupChannels; c++) {
      for (int r = 0; r < g.kernelHeight(); r++) {
        for (int s = 0; s < g.kernelWidth(); s++) {
          int i = row(p, r);
          int j = column(q, s);
          if (inside(i, j)) {
            add(x[x(n, channel(m, c), i, j)], w[w(m, c, r, s)]);
          }
        }
      }
    }
  }

  private void gradInput(float[] gradZ, float[] w, int index) {
    int j = index % (int) g.width();
    int i = index / (int) g.width() % (int) g.height();
    int plane = index / (int) (g.width() * g.height());
    int channel = plane % (int) g.channels();
    int n = plane / (int) g.channels();
    int firstFilter = channel / groupChannels * groupFilters;
    for (int m = firstFilter; m < firstFilter + groupFilters; m++) {
      for (int r = 0; r < g.kernelHeight(); r++) {
        for (int s = 0; s < g.kernelWidth(); s++) {
          int p = place(i + g.paddingHeight() - r * g.dilationHeight(), g.strideHeight(), outH);
          int q = place(j + g.paddingWidth() - s * g.dilationWidth(), g.strideWidth(), outW);
          if (p >= 0 && q >= 0) {
            add(gradZ[z(n, m, p, q)], w[w(m, channel % groupChannels, r, s)]);
          }
        }
      }
    }
  }

  private void gradWeights(float[] x, float[] gradZ, int index) {
    int s = index % (int) g.kernelWidth();
    int r = index / (int) g.kernelWidth() % (int) g.kernelHeight();
    int c = index / (int) (g.kernelWidth() * g.kernelHeight()) % groupChannels;
    int m = index / (int) (g.kernelWidth() * g.kernelHeight()) / groupChannels;
    for (int n = 0; n < batch; n++) {
      for (int p = 0; p < outH; p++) {
        int i = row(p, r);
        for (int q = 0; q < outW; q++) {
          int j = column(q, s);
          if (inside(i, j)) {
            add(x[x(n, channel(m, c), i, j)], gradZ[z(n, m, p, q)]);
          }
        }
      }
    }
  }

  /** The place whose first tap is so far from the padded start; -1 where there is none. */
  private static int place(long start, long stride, int places) {
    boolean exists = start >= 0 && start % stride == 0 && start / stride < places;
    return exists ? (int) (start / stride) : -1;
  }

  private int row(int p, int r) {
    return (int) (p * g.strideHeight() - g.paddingHeight() + r * g.dilationHeight());
  }

  private int column(int q, int s) {
    return (int) (q * g.strideWidth() - g.paddingWidth() + s * g.dilationWidth());
  }

  private boolean inside(int i, int j) {
    return i >= 0 && i < g.height() && j >= 0 && j < g.width();
  }

  private int channel(int filter, int channelOfGroup) {
    return filter / groupFilters * groupChannels + channelOfGroup;
  }

  private int x(int n, int c, int i, int j) {
    return (int) (((n * g.channels() + c) * g.height() + i) * g.width() + j);
  }

  private int w(int m, int c, int r, int s) {
    return (int) ((((long) m * groupChannels + c) * g.kernelHeight() + r) * g.kernelWidth() + s);
  }

  private int z(int n, int m, int p, int q) {
    return (int) (((n * g.filters() + m) * outH + p) * outW + q);
  }
}
