package dev.azulejo.signal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Agreement;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SignalReference;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Row N6: the signal operations on matrices. Everything is compared with crops of the full
 * convolution, N(14).
 */
class MatrixSignalTest extends DeviceTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"1;1;1;1", "4;5;1;1", "5;4;5;4", "8;9;3;3", "10;7;3;5", "33;18;5;1", "6;6;4;2"})
  void validN6N16AndCorrelateN18(int rows, int columns, int r, int s) {
    var samples = new Samples(rows);
    Matrix x = random(samples, rows, columns);
    Matrix w = random(samples, r, s);
    Matrix valid = Signal.valid(stream, x, w);
    assertEquals(rows - r + 1, valid.rows());
    assertEquals(columns - s + 1, valid.columns());
    check("valid", x, w, r - 1, s - 1, valid);
    check(
        "correlate with the flipped",
        x,
        w,
        r - 1,
        s - 1,
        Signal.correlate(stream, x, Signal.flip(w)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"1;1;1;1", "1;2;3;5", "4;5;1;1", "8;9;3;3", "10;7;3;5", "33;18;5;1"})
  void sameKeepsTheSizeN6N17(int rows, int columns, int r, int s) {
    var samples = new Samples(rows);
    Matrix x = random(samples, rows, columns);
    Matrix w = random(samples, r, s);
    Matrix same = Signal.same(stream, x, w);
    assertEquals(rows, same.rows());
    assertEquals(columns, same.columns());
    check("same", x, w, (r - 1) / 2, (s - 1) / 2, same);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"1;1;1;1", "1;2;4;5", "4;5;1;1", "8;9;3;3", "10;7;2;6", "33;18;5;1"})
  void fullCommutesAndHasAllN6N14(int rows, int columns, int r, int s) {
    var samples = new Samples(rows);
    Matrix x = random(samples, rows, columns);
    Matrix w = random(samples, r, s);
    check("x * w", x, w, 0, 0, Signal.full(stream, x, w));
    check("w * x", x, w, 0, 0, Signal.full(stream, w, x));
  }

  @Test
  void fullAssociatesN6() {
    var samples = new Samples(31);
    Matrix x = random(samples, 9, 8);
    Matrix v = random(samples, 4, 3);
    Matrix w = random(samples, 2, 5);
    Matrix left = Signal.full(stream, Signal.full(stream, x, v), w);
    Matrix right = Signal.full(stream, x, Signal.full(stream, v, w));
    double[] xv = SignalReference.full(a(x), 9, 8, a(v), 4, 3);
    double[] magnitude = SignalReference.full(xv, 12, 10, a(w), 2, 5);
    Agreement.check(
        "x * (v * w)",
        Doubles.of(left.values()),
        Tolerance.sums(2 * (12 + 10), magnitude),
        right.values());
  }

  /**
   * N(46), T14: without padding the gradient to the input is the full convolution of gradZ with w.
   */
  @Test
  void gradInputIsAFullConvolutionN9T14() {
    var samples = new Samples(32);
    Matrix gradZ = random(samples, 7, 6);
    Matrix w = random(samples, 3, 4);
    var problem = Conv2dProblem.builder().input(1, 9, 9).filters(1).kernel(3, 4).build();
    Convolution.reserveWorkspace(stream, problem, ConvPass.GRAD_INPUT);
    try (DeviceBuffer memory = device.allocateFloats("test", 42 + 12 + 81)) {
      Tensor dg = memory.floats(0, 42);
      Tensor dw = memory.floats(42, 12);
      Tensor dx = memory.floats(54, 81);
      dg.upload(stream, gradZ.values());
      dw.upload(stream, w.values());
      Convolution.gradInput(stream, problem, dg, dw, dx);
      Matrix full = Signal.full(stream, gradZ, w);
      assertEquals(9, full.rows());
      assertEquals(9, full.columns());
      check("gradInput", gradZ, w, 0, 0, full);
      check("gradInput", gradZ, w, 0, 0, new Matrix(9, 9, dx.toArray(stream)));
    }
  }

  @Test
  void flipTurnsBothDirectionsN5N6() {
    Matrix w = Matrix.of(new float[] {1, 2, 3}, new float[] {4, 5, 6});
    assertEquals(Matrix.of(new float[] {6, 5, 4}, new float[] {3, 2, 1}), Signal.flip(w));
    assertEquals(w, Signal.flip(Signal.flip(w)));
    assertEquals(w.hashCode(), Signal.flip(Signal.flip(w)).hashCode());
    assertEquals(6f, w.get(1, 2));
    assertEquals("2 x 3 [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]", w.toString());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, w.values());
  }

  @Test
  void badMatricesAreRefused() {
    assertMessage(
        "a matrix of 2 rows and 3 columns needs 6 values, got 5",
        () -> new Matrix(2, 3, new float[5]));
    assertMessage("rows must be at least 1, was 0", () -> new Matrix(0, 3, new float[0]));
    assertMessage("rows must be at least 1, was 0", Matrix::of);
    assertMessage("columns must be at least 1, was 0", () -> Matrix.of(new float[0]));
    assertMessage("row 1 has 3 elements, row 0 has 2", () -> Matrix.of(new float[2], new float[3]));
    assertThrows(IndexOutOfBoundsException.class, () -> new Matrix(1, 1, new float[1]).get(0, 1));
    Matrix x = new Matrix(3, 3, new float[9]);
    assertMessage(
        "same needs a kernel with an odd number of rows, so that the padding is alike at both ends;"
            + " was 2",
        () -> Signal.same(stream, x, new Matrix(2, 1, new float[2])));
    assertMessage(
        "the kernel covers 4 rows (size 4, dilation 1) but the padded input has only 3 (input 3,"
            + " padding 0 on each side)",
        () -> Signal.valid(stream, x, new Matrix(4, 1, new float[4])));
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable e) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, e).getMessage());
  }

  /** Compares with the part of the full convolution that begins at a row and a column. */
  private static void check(String what, Matrix x, Matrix w, int top, int left, Matrix actual) {
    double[] full = fullReference(Doubles.of(x.values()), x, Doubles.of(w.values()), w);
    double[] magnitude = fullReference(a(x), x, a(w), w);
    int width = x.columns() + w.columns() - 1;
    Agreement.check(
        what,
        SignalReference.crop(full, width, top, left, actual.rows(), actual.columns()),
        Tolerance.sums(
            w.values().length,
            SignalReference.crop(magnitude, width, top, left, actual.rows(), actual.columns())),
        actual.values());
  }

  private static double[] fullReference(double[] xs, Matrix x, double[] ws, Matrix w) {
    return SignalReference.full(xs, x.rows(), x.columns(), ws, w.rows(), w.columns());
  }

  private static double[] a(Matrix m) {
    return Doubles.abs(Doubles.of(m.values()));
  }

  private static Matrix random(Samples samples, int rows, int columns) {
    return new Matrix(rows, columns, samples.uniform((long) rows * columns));
  }
}
