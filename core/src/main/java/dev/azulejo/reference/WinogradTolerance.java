package dev.azulejo.reference;

import dev.azulejo.ops.Conv2dShape;

/**
 * How far a convolution by Winograd's F(4x4, 3x3) may be from the float64 reference. A tile of
 * outputs is Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A; each transformed input is a sum of inputs of the whole
 * tile, larger than what remains of it after Aᵀ, and so are its rounding errors.
 *
 * <p>With |d| &le; D, the numbers between the transforms are at most |Aᵀ| (|G| |g| |Gᵀ|) ⊙ (b bᵀ D)
 * |A|, b the sums of the rows of |Bᵀ|. So the output at position (i, l) of its tile is off by at
 * most
 *
 * <pre>
 * 1.01 (C + 32) u D Σ_c,r,s K[i][r] K[l][s] |g_c,r,s|,   K[i][r] = Σ_j |A[j][i]| |G[j][r]| b[j]
 * </pre>
 *
 * C products are added for each of C channels, and no number passes through more than 32 roundings
 * in the transforms, the bias and the stores. The gradient to the weights is the adjoint: its bound
 * sums K over the outputs, and the products it adds are those of all tiles. K is 4 to 30 where an
 * ordinary sum has 1.
 */
public final class WinogradTolerance {
  private static final int TILE = 4;
  private static final int TAPS = 3;
  private static final int ROUNDINGS = 32;
  private static final double[][] INPUT = {
    {4, 0, -5, 0, 1, 0},
    {0, -4, -4, 1, 1, 0},
    {0, 4, -4, -1, 1, 0},
    {0, -2, -1, 2, 1, 0},
    {0, 2, -1, -2, 1, 0},
    {0, 4, 0, -5, 0, 1}
  };
  private static final double[][] FILTER = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1}
  };
  private static final double[][] OUTPUT = {
    {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}
  };
  private static final double[][] GROWTH = growth();

  private final int batch;
  private final int channels;
  private final int filters;
  private final Conv2dShape shape;

  /** For a shape with 3x3 kernels, stride 1, dilation 1 and one group. */
  public WinogradTolerance(Conv2dShape shape, int batch) {
    this.shape = shape;
    this.batch = batch;
    channels = Math.toIntExact(shape.channels());
    filters = Math.toIntExact(shape.filters());
  }

  /** Of each output; the bias, of {@code largestBias} at most, is added to it. */
  public double[] forward(double[] x, double[] w, double largestBias) {
    double[] tile = new double[filters * TILE * TILE];
    for (int m = 0; m < filters; m++) {
      for (int c = 0; c < channels; c++) {
        addFilter(w, (m * channels + c) * TAPS * TAPS, false, tile, m * TILE * TILE);
      }
    }
    return perOutput(
        tile, filters, channels, (int) shape.outputHeight(), (int) shape.outputWidth(), x,
        largestBias);
  }

  /** Of each element of the gradient to the input. */
  public double[] gradInput(double[] gradZ, double[] w) {
    double[] tile = new double[channels * TILE * TILE];
    for (int c = 0; c < channels; c++) {
      for (int m = 0; m < filters; m++) {
        addFilter(w, (m * channels + c) * TAPS * TAPS, true, tile, c * TILE * TILE);
      }
    }
    return perOutput(
        tile, channels, filters, (int) shape.height(), (int) shape.width(), gradZ, 0);
  }

  /** Of each element of the gradient to the weights. */
  public double[] gradWeights(double[] x, double[] gradZ) {
    int height = (int) shape.outputHeight();
    int width = (int) shape.outputWidth();
    double tiles = (double) batch * ((height + 3) / TILE) * ((width + 3) / TILE);
    double factor = Tolerance.sum(tiles + ROUNDINGS, largest(x));
    double[] tolerance = new double[filters * channels * TAPS * TAPS];
    for (int m = 0; m < filters; m++) {
      double[] sums = new double[TAPS * TAPS];
      for (int n = 0; n < batch; n++) {
        for (int p = 0; p < height; p++) {
          for (int q = 0; q < width; q++) {
            double g = Math.abs(gradZ[((n * filters + m) * height + p) * width + q]);
            for (int tap = 0; tap < sums.length; tap++) {
              sums[tap] += GROWTH[p % TILE][tap / TAPS] * GROWTH[q % TILE][tap % TAPS] * g;
            }
          }
        }
      }
      for (int i = 0; i < channels * sums.length; i++) {
        tolerance[m * channels * sums.length + i] = factor * sums[i % sums.length];
      }
    }
    return tolerance;
  }

  /** tile[i][l] += sum over r, s of K[i][r] K[l][s] |w[r][s]|; the gradient's filters are turned. */
  private static void addFilter(double[] w, int at, boolean turned, double[] tile, int to) {
    for (int tap = 0; tap < TAPS * TAPS; tap++) {
      double g = Math.abs(w[at + (turned ? TAPS * TAPS - 1 - tap : tap)]);
      for (int i = 0; i < TILE * TILE; i++) {
        tile[to + i] += GROWTH[i / TILE][tap / TAPS] * GROWTH[i % TILE][tap % TAPS] * g;
      }
    }
  }

  private double[] perOutput(
      double[] tile,
      int planes,
      int summed,
      int height,
      int width,
      double[] input,
      double largestBias) {
    double largest = largest(input);
    double[] tolerance = new double[batch * planes * height * width];
    for (int i = 0; i < tolerance.length; i++) {
      int p = i / width % height;
      int q = i % width;
      int plane = i / (height * width) % planes;
      double magnitude = tile[(plane * TILE + p % TILE) * TILE + q % TILE] * largest + largestBias;
      tolerance[i] = Tolerance.sum(summed + ROUNDINGS, magnitude);
    }
    return tolerance;
  }

  private static double largest(double[] values) {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static double[][] growth() {
    double[][] growth = new double[TILE][TAPS];
    for (int j = 0; j < INPUT.length; j++) {
      double row = 0;
      for (double value : INPUT[j]) {
        row += Math.abs(value);
      }
      for (int i = 0; i < TILE; i++) {
        for (int r = 0; r < TAPS; r++) {
          growth[i][r] += Math.abs(OUTPUT[i][j]) * Math.abs(FILTER[j][r]) * row;
        }
      }
    }
    return growth;
  }
}
