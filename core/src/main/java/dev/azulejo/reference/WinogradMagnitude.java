package dev.azulejo.reference;

import dev.azulejo.ops.Conv2dShape;

/**
 * How large the numbers are that Winograd's minimal filtering adds up for each result: the
 * algorithm, run on the absolute values of its matrices and inputs. Its rounding errors are
 * relative to this, and not to the terms of the convolution itself, which are smaller.
 */
final class WinogradMagnitude {
  private static final int TAPS = 3;

  private final WinogradMatrices matrices;

  /** Rows and columns of a tile of outputs, and of a tile of inputs. */
  private final int out;

  private final int in;
  private final int batch;
  private final int channels;
  private final int height;
  private final int width;
  private final int filters;
  private final int outH;
  private final int outW;
  private final int padH;
  private final int padW;

  WinogradMagnitude(WinogradMatrices matrices, Conv2dShape shape, int batch) {
    this(
        matrices,
        batch,
        (int) shape.channels(),
        (int) shape.height(),
        (int) shape.width(),
        (int) shape.filters(),
        (int) shape.outputHeight(),
        (int) shape.outputWidth(),
        (int) shape.paddingHeight(),
        (int) shape.paddingWidth());
  }

  private WinogradMagnitude(
      WinogradMatrices matrices,
      int batch,
      int channels,
      int height,
      int width,
      int filters,
      int outH,
      int outW,
      int padH,
      int padW) {
    this.matrices = matrices;
    this.out = matrices.output().length;
    this.in = matrices.input().length;
    this.batch = batch;
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.filters = filters;
    this.outH = outH;
    this.outW = outW;
    this.padH = padH;
    this.padW = padW;
  }

  /** Of y, without the bias. */
  double[] forward(double[] x, double[] w) {
    double[] y = new double[batch * filters * outH * outW];
    double[][][] transformed = filters(w);
    for (int n = 0; n < batch; n++) {
      for (int top = 0; top < outH; top += out) {
        for (int left = 0; left < outW; left += out) {
          double[][][] inputs = inputs(x, n, top, left);
          for (int f = 0; f < filters; f++) {
            double[][] products = new double[in][in];
            for (int c = 0; c < channels; c++) {
              addProducts(products, inputs[c], transformed[f * channels + c]);
            }
            double[][] tile = bothSides(matrices.output(), products);
            for (int i = 0; i < out && top + i < outH; i++) {
              for (int j = 0; j < out && left + j < outW; j++) {
                y[((n * filters + f) * outH + top + i) * outW + left + j] = tile[i][j];
              }
            }
          }
        }
      }
    }
    return y;
  }

  /** Of gradX: the forward pass of gradZ with the filters turned round and transposed. */
  double[] gradInput(double[] gradZ, double[] w) {
    double[] turned = new double[w.length];
    for (int f = 0; f < filters; f++) {
      for (int c = 0; c < channels; c++) {
        for (int i = 0; i < TAPS * TAPS; i++) {
          turned[(c * filters + f) * TAPS * TAPS + TAPS * TAPS - 1 - i] =
              w[(f * channels + c) * TAPS * TAPS + i];
        }
      }
    }
    return new WinogradMagnitude(
            matrices,
            batch,
            filters,
            outH,
            outW,
            channels,
            height,
            width,
            TAPS - 1 - padH,
            TAPS - 1 - padW)
        .forward(gradZ, turned);
  }

  /** Of gradW = G^T [sum over tiles (A gradZ A^T) . (B^T x B)] G. */
  double[] gradWeights(double[] x, double[] gradZ) {
    double[][][] sums = new double[filters * channels][in][in];
    for (int n = 0; n < batch; n++) {
      for (int top = 0; top < outH; top += out) {
        for (int left = 0; left < outW; left += out) {
          double[][][] inputs = inputs(x, n, top, left);
          for (int f = 0; f < filters; f++) {
            double[][] tile = new double[out][out];
            for (int i = 0; i < out && top + i < outH; i++) {
              for (int j = 0; j < out && left + j < outW; j++) {
                tile[i][j] = gradZ[((n * filters + f) * outH + top + i) * outW + left + j];
              }
            }
            double[][] gradient = bothSides(transposed(matrices.output()), tile);
            for (int c = 0; c < channels; c++) {
              addProducts(sums[f * channels + c], inputs[c], gradient);
            }
          }
        }
      }
    }
    double[] w = new double[filters * channels * TAPS * TAPS];
    for (int i = 0; i < sums.length; i++) {
      double[][] taps = bothSides(transposed(matrices.filter()), sums[i]);
      for (int r = 0; r < TAPS; r++) {
        System.arraycopy(taps[r], 0, w, (i * TAPS + r) * TAPS, TAPS);
      }
    }
    return w;
  }

  private double[][][] filters(double[] w) {
    double[][][] transformed = new double[filters * channels][][];
    for (int i = 0; i < transformed.length; i++) {
      double[][] taps = new double[TAPS][TAPS];
      for (int r = 0; r < TAPS; r++) {
        System.arraycopy(w, (i * TAPS + r) * TAPS, taps[r], 0, TAPS);
      }
      transformed[i] = bothSides(matrices.filter(), taps);
    }
    return transformed;
  }

  /** The transformed tile of each channel, for the tile of outputs that begins there. */
  private double[][][] inputs(double[] x, int n, int top, int left) {
    double[][][] inputs = new double[channels][][];
    for (int c = 0; c < channels; c++) {
      double[][] tile = new double[in][in];
      for (int i = 0; i < in; i++) {
        for (int j = 0; j < in; j++) {
          int row = top - padH + i;
          int column = left - padW + j;
          if (row >= 0 && row < height && column >= 0 && column < width) {
            tile[i][j] = x[((n * channels + c) * height + row) * width + column];
          }
        }
      }
      inputs[c] = bothSides(matrices.input(), tile);
    }
    return inputs;
  }

  private static void addProducts(double[][] sums, double[][] a, double[][] b) {
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        sums[i][j] += a[i][j] * b[i][j];
      }
    }
  }

  /** side * tile * side^T. */
  private static double[][] bothSides(double[][] side, double[][] tile) {
    return multiply(multiply(side, tile), transposed(side));
  }

  private static double[][] multiply(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < b.length; k++) {
        for (int j = 0; j < b[0].length; j++) {
          product[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return product;
  }

  private static double[][] transposed(double[][] a) {
    double[][] t = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        t[j][i] = a[i][j];
      }
    }
    return t;
  }
}
