package dev.azulejo.reference;

import dev.azulejo.ops.Conv2dShape;

/**
 * Convolution and its gradients, N(20), N(30), N(46), T§2.6.1, T§4.1. Images NCHW, weights
 * [M][C/groups][R][S].
 */
public final class ConvolutionReference {
  private final int batch;
  private final int channels;
  private final int height;
  private final int width;
  private final int filters;
  private final int kernelH;
  private final int kernelW;
  private final int strideH;
  private final int strideW;
  private final int padH;
  private final int padW;
  private final int dilationH;
  private final int dilationW;
  private final int groupChannels;
  private final int groupFilters;

  /** Rows of the output. */
  public final int outH;

  /** Columns of the output. */
  public final int outW;

  /** The reference for a shape and a batch. */
  public ConvolutionReference(Conv2dShape shape, int batch) {
    this.batch = batch;
    channels = (int) shape.channels();
    height = (int) shape.height();
    width = (int) shape.width();
    filters = (int) shape.filters();
    kernelH = (int) shape.kernelHeight();
    kernelW = (int) shape.kernelWidth();
    strideH = (int) shape.strideHeight();
    strideW = (int) shape.strideWidth();
    padH = (int) shape.paddingHeight();
    padW = (int) shape.paddingWidth();
    dilationH = (int) shape.dilationHeight();
    dilationW = (int) shape.dilationWidth();
    groupChannels = channels / (int) shape.groups();
    groupFilters = filters / (int) shape.groups();
    outH = places(height, kernelH, strideH, padH, dilationH);
    outW = places(width, kernelW, strideW, padW, dilationW);
  }

  /**
   * z[n][m][p][q] = bias[m] + sum_{c,r,s} x[n][c][p stride - pad + r dilation][...] w[m][c][r][s].
   */
  public double[] forward(double[] x, double[] w, double[] bias) {
    double[] z = new double[batch * filters * outH * outW];
    for (int n = 0; n < batch; n++) {
      for (int m = 0; m < filters; m++) {
        for (int p = 0; p < outH; p++) {
          for (int q = 0; q < outW; q++) {
            double sum = bias == null ? 0 : bias[m];
            for (int c = 0; c < groupChannels; c++) {
              for (int r = 0; r < kernelH; r++) {
                for (int s = 0; s < kernelW; s++) {
                  sum += x(x, n, channelOf(m, c), row(p, r), column(q, s)) * w[w(m, c, r, s)];
                }
              }
            }
            z[z(n, m, p, q)] = sum;
          }
        }
      }
    }
    return z;
  }

  /**
   * gradX[n][c][i][j] = sum over the m, r, s and the p, q from which x[i][j] is read, of
   * gradZ[p][q] w[r][s], N(38).
   */
  public double[] gradInput(double[] gradZ, double[] w) {
    double[] gradX = new double[batch * channels * height * width];
    for (int n = 0; n < batch; n++) {
      for (int m = 0; m < filters; m++) {
        for (int c = 0; c < groupChannels; c++) {
          for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
              double sum = 0;
              for (int r = 0; r < kernelH; r++) {
                for (int s = 0; s < kernelW; s++) {
                  int p = place(i + padH - r * dilationH, strideH, outH);
                  int q = place(j + padW - s * dilationW, strideW, outW);
                  if (p >= 0 && q >= 0) {
                    sum += gradZ[z(n, m, p, q)] * w[w(m, c, r, s)];
                  }
                }
              }
              gradX[x(n, channelOf(m, c), i, j)] += sum;
            }
          }
        }
      }
    }
    return gradX;
  }

  /**
   * gradW[m][c][r][s] = sum_{n,p,q} x[n][c][p stride - pad + r dilation][...] gradZ[n][m][p][q],
   * N(29).
   */
  public double[] gradWeights(double[] x, double[] gradZ) {
    double[] gradW = new double[filters * groupChannels * kernelH * kernelW];
    for (int m = 0; m < filters; m++) {
      for (int c = 0; c < groupChannels; c++) {
        for (int r = 0; r < kernelH; r++) {
          for (int s = 0; s < kernelW; s++) {
            double sum = 0;
            for (int n = 0; n < batch; n++) {
              for (int p = 0; p < outH; p++) {
                for (int q = 0; q < outW; q++) {
                  sum += x(x, n, channelOf(m, c), row(p, r), column(q, s)) * gradZ[z(n, m, p, q)];
                }
              }
            }
            gradW[w(m, c, r, s)] = sum;
          }
        }
      }
    }
    return gradW;
  }

  /** gradBias[m] = sum_{n,p,q} gradZ[n][m][p][q]. */
  public double[] gradBias(double[] gradZ) {
    double[] gradBias = new double[filters];
    for (int n = 0; n < batch; n++) {
      for (int m = 0; m < filters; m++) {
        for (int p = 0; p < outH; p++) {
          for (int q = 0; q < outW; q++) {
            gradBias[m] += gradZ[z(n, m, p, q)];
          }
        }
      }
    }
    return gradBias;
  }

  /** X_unroll[n][(c, r, s)][(p, q)] = x[n][c][p stride - pad + r dilation][...], T§4.1. */
  public double[] im2col(double[] x) {
    double[] unrolled = new double[batch * channels * kernelH * kernelW * outH * outW];
    int at = 0;
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < channels; c++) {
        for (int r = 0; r < kernelH; r++) {
          for (int s = 0; s < kernelW; s++) {
            for (int p = 0; p < outH; p++) {
              for (int q = 0; q < outW; q++) {
                unrolled[at++] = x(x, n, c, row(p, r), column(q, s));
              }
            }
          }
        }
      }
    }
    return unrolled;
  }

  /** x = the sum of the elements of X_unroll that came from it. */
  public double[] col2im(double[] unrolled) {
    double[] x = new double[batch * channels * height * width];
    int at = 0;
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < channels; c++) {
        for (int r = 0; r < kernelH; r++) {
          for (int s = 0; s < kernelW; s++) {
            for (int p = 0; p < outH; p++) {
              for (int q = 0; q < outW; q++) {
                if (inside(row(p, r), column(q, s))) {
                  x[x(n, c, row(p, r), column(q, s))] += unrolled[at];
                }
                at++;
              }
            }
          }
        }
      }
    }
    return x;
  }

  private static int places(int length, int kernel, int stride, int pad, int dilation) {
    int places = 0;
    while (places * stride + dilation * (kernel - 1) < length + 2 * pad) {
      places++;
    }
    return places;
  }

  /** The place whose first tap is so far from the padded start; -1 where there is none. */
  private static int place(int start, int stride, int places) {
    return start >= 0 && start % stride == 0 && start / stride < places ? start / stride : -1;
  }

  private int channelOf(int filter, int channelOfGroup) {
    return filter / groupFilters * groupChannels + channelOfGroup;
  }

  private int row(int p, int r) {
    return p * strideH - padH + r * dilationH;
  }

  private int column(int q, int s) {
    return q * strideW - padW + s * dilationW;
  }

  private boolean inside(int i, int j) {
    return i >= 0 && i < height && j >= 0 && j < width;
  }

  private double x(double[] x, int n, int c, int i, int j) {
    return inside(i, j) ? x[x(n, c, i, j)] : 0;
  }

  private int x(int n, int c, int i, int j) {
    return ((n * channels + c) * height + i) * width + j;
  }

  private int w(int m, int c, int r, int s) {
    return ((m * groupChannels + c) * kernelH + r) * kernelW + s;
  }

  private int z(int n, int m, int p, int q) {
    return ((n * filters + m) * outH + p) * outW + q;
  }
}
