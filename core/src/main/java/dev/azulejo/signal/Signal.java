package dev.azulejo.signal;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import java.util.Objects;

/**
 * Convolution x * w and cross-correlation x ⋆ w of arrays (1-D) and matrices (2-D), run on a
 * stream's device through the library's convolution. Rows N1-N6.
 *
 * <p>The library's convolution is a cross-correlation, so x * w is computed as x ⋆ flip(w), N(15),
 * N(18). With x of I elements and w of R: {@link #valid} has I - R + 1, {@link #same} I, {@link
 * #full} I + R - 1; in 2-D so in each direction.
 *
 * <p>Each call allocates and frees device memory; it is meant for signals, not for training steps.
 */
public final class Signal {
  private static final String OWNER = "signal";

  private Signal() {}

  /**
   * Convolution where w lies inside x, N(12): y[i] = sum_r x[i + r] w[R - 1 - r].
   *
   * @return I - R + 1 elements
   * @throws IllegalArgumentException where w is longer than x, or one is empty
   */
  public static float[] valid(Stream stream, float[] x, float[] w) {
    return valid(stream, row(x, "x"), row(w, "w")).values();
  }

  /**
   * Convolution with x padded by (R - 1) / 2 zeros at each end, so that it keeps its length, N(13).
   *
   * @return I elements
   * @throws IllegalArgumentException where R is even, or one is empty
   */
  public static float[] same(Stream stream, float[] x, float[] w) {
    return same(stream, row(x, "x"), row(w, "w")).values();
  }

  /**
   * Convolution of all that overlap, N(14): y[i] = sum over r + s = i of x[r] w[s]. Commutative and
   * associative.
   *
   * @return I + R - 1 elements
   */
  public static float[] full(Stream stream, float[] x, float[] w) {
    return full(stream, row(x, "x"), row(w, "w")).values();
  }

  /**
   * Cross-correlation where w lies inside x, N(9), N(15): y[i] = sum_r x[i + r] w[r].
   *
   * @return I - R + 1 elements
   */
  public static float[] correlate(Stream stream, float[] x, float[] w) {
    return correlate(stream, row(x, "x"), row(w, "w")).values();
  }

  /** w̃[r] = w[R - 1 - r], N(15). */
  public static float[] flip(float[] w) {
    Objects.requireNonNull(w, "w");
    float[] flipped = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      flipped[i] = w[w.length - 1 - i];
    }
    return flipped;
  }

  /** As {@link #valid(Stream, float[], float[])} in both directions, N(16). */
  public static Matrix valid(Stream stream, Matrix x, Matrix w) {
    return slide(stream, x, flip(w), 0, 0);
  }

  /** As {@link #same(Stream, float[], float[])} in both directions, N(17). */
  public static Matrix same(Stream stream, Matrix x, Matrix w) {
    checkOdd(w.rows(), "rows");
    checkOdd(w.columns(), "columns");
    return slide(stream, x, flip(w), (w.rows() - 1) / 2, (w.columns() - 1) / 2);
  }

  /** As {@link #full(Stream, float[], float[])} in both directions. */
  public static Matrix full(Stream stream, Matrix x, Matrix w) {
    return slide(stream, x, flip(w), w.rows() - 1, w.columns() - 1);
  }

  /** As {@link #correlate(Stream, float[], float[])} in both directions, N(9), N(18). */
  public static Matrix correlate(Stream stream, Matrix x, Matrix w) {
    return slide(stream, x, w, 0, 0);
  }

  /** w̃[r][s] = w[R - 1 - r][S - 1 - s], N(18): flipped in both directions. */
  public static Matrix flip(Matrix w) {
    return new Matrix(w.rows(), w.columns(), flip(w.values()));
  }

  /** The cross-correlation of w with x padded by so many rows and columns on each side. */
  private static Matrix slide(Stream stream, Matrix x, Matrix w, int padRows, int padColumns) {
    Conv2dProblem problem =
        Conv2dProblem.builder()
            .input(1, x.rows(), x.columns())
            .filters(1)
            .kernel(w.rows(), w.columns())
            .padding(padRows, padColumns)
            .build();
    long inputs = problem.inputCount();
    long weights = problem.weightCount();
    long outputs = problem.outputCount();
    try (DeviceBuffer memory = stream.device().allocateFloats(OWNER, inputs + weights + outputs)) {
      Tensor dx = memory.floats(0, inputs);
      Tensor dw = memory.floats(inputs, weights);
      Tensor dy = memory.floats(inputs + weights, outputs);
      dx.upload(stream, x.values());
      dw.upload(stream, w.values());
      Convolution.reserveWorkspace(stream, problem, ConvPass.FORWARD);
      Convolution.forward(stream, problem, dx, dw, null, dy);
      return new Matrix(
          Math.toIntExact(problem.outputHeight()),
          Math.toIntExact(problem.outputWidth()),
          dy.toArray(stream));
    }
  }

  private static Matrix row(float[] values, String name) {
    Objects.requireNonNull(values, name);
    Sizes.atLeast(1, values.length, "elements of " + name);
    return new Matrix(1, values.length, values);
  }

  private static void checkOdd(int length, String axis) {
    if (length % 2 == 0) {
      throw new IllegalArgumentException(
          "same needs a kernel with an odd number of "
              + axis
              + ", so that the padding is alike at both ends; was "
              + length);
    }
  }
}
