package dev.azulejo.reference;

/**
 * The absolute values of Winograd's matrices B^T, G and A^T: Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015.
 */
enum WinogradMatrices {
  /** F(4x4, 3x3), from the points 0, 1, -1, 2, -2 and infinity. */
  F4X4(
      new double[][] {
        {4, 0, 5, 0, 1, 0},
        {0, 4, 4, 1, 1, 0},
        {0, 4, 4, 1, 1, 0},
        {0, 2, 1, 2, 1, 0},
        {0, 2, 1, 2, 1, 0},
        {0, 4, 0, 5, 0, 1}
      },
      new double[][] {
        {1 / 4.0, 0, 0},
        {1 / 6.0, 1 / 6.0, 1 / 6.0},
        {1 / 6.0, 1 / 6.0, 1 / 6.0},
        {1 / 24.0, 1 / 12.0, 1 / 6.0},
        {1 / 24.0, 1 / 12.0, 1 / 6.0},
        {0, 0, 1}
      },
      new double[][] {
        {1, 1, 1, 1, 1, 0}, {0, 1, 1, 2, 2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, 1, 8, 8, 1}
      }),

  /** F(2x2, 3x3), from the points 0, 1, -1 and infinity. */
  F2X2(
      new double[][] {{1, 0, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 0, 1}},
      new double[][] {
        {1, 0, 0}, {1 / 2.0, 1 / 2.0, 1 / 2.0}, {1 / 2.0, 1 / 2.0, 1 / 2.0}, {0, 0, 1}
      },
      new double[][] {{1, 1, 1, 0}, {0, 1, 1, 1}});

  private final double[][] input;
  private final double[][] filter;
  private final double[][] output;

  WinogradMatrices(double[][] input, double[][] filter, double[][] output) {
    this.input = input;
    this.filter = filter;
    this.output = output;
  }

  /** |B^T|, of as many rows as a tile of inputs. */
  double[][] input() {
    return input;
  }

  /** |G|. */
  double[][] filter() {
    return filter;
  }

  /** |A^T|, of as many rows as a tile of outputs. */
  double[][] output() {
    return output;
  }
}
