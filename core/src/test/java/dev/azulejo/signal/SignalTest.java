package dev.azulejo.signal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.ops.Agreement;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SignalReference;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows N1-N5: convolution of arrays, against the equations and by its laws. */
class SignalTest extends DeviceTest {
  @ParameterizedTest
  @CsvSource({"1,1", "5,1", "5,5", "8,3", "9,4", "64,7", "257,33", "1000,101"})
  void validN1N12AndCorrelateN15(int length, int kernel) {
    var samples = new Samples(length);
    float[] x = samples.uniform(length);
    float[] w = samples.uniform(kernel);
    float[] valid = Signal.valid(stream, x, w);
    assertEquals(length - kernel + 1, valid.length);
    check("valid", SignalReference.valid(d(x), d(w)), SignalReference.valid(a(x), a(w)), w, valid);
    check(
        "correlate",
        SignalReference.correlate(d(x), d(w)),
        SignalReference.correlate(a(x), a(w)),
        w,
        Signal.correlate(stream, x, w));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,3", "5,1", "4,5", "8,3", "64,7", "257,33"})
  void sameKeepsTheLengthN2N13(int length, int kernel) {
    var samples = new Samples(length);
    float[] x = samples.uniform(length);
    float[] w = samples.uniform(kernel);
    float[] same = Signal.same(stream, x, w);
    assertEquals(length, same.length);
    check("same", SignalReference.same(d(x), d(w)), SignalReference.same(a(x), a(w)), w, same);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,1", "1,6", "3,8", "8,3", "64,10", "257,33"})
  void fullN3N14(int length, int kernel) {
    var samples = new Samples(length);
    float[] x = samples.uniform(length);
    float[] w = samples.uniform(kernel);
    float[] full = Signal.full(stream, x, w);
    assertEquals(length + kernel - 1, full.length);
    check("full", SignalReference.full(d(x), d(w)), SignalReference.full(a(x), a(w)), w, full);
  }

  /** N(10): x * w = w * x. */
  @ParameterizedTest
  @CsvSource({"1,1", "9,4", "4,9", "33,32"})
  void fullCommutesN3(int length, int kernel) {
    var samples = new Samples(length);
    float[] x = samples.uniform(length);
    float[] w = samples.uniform(kernel);
    double[] tolerance = Tolerance.sums(2.0 * (length + kernel), SignalReference.full(a(x), a(w)));
    Agreement.check("w * x", d(Signal.full(stream, x, w)), tolerance, Signal.full(stream, w, x));
  }

  /** N(11): x * (v * w) = (x * v) * w. */
  @ParameterizedTest
  @CsvSource({"1,1,1", "9,4,3", "4,9,7", "33,5,32"})
  void fullAssociatesN3(int length, int first, int second) {
    var samples = new Samples(length);
    float[] x = samples.uniform(length);
    float[] v = samples.uniform(first);
    float[] w = samples.uniform(second);
    double[] magnitude = SignalReference.full(SignalReference.full(a(x), a(v)), a(w));
    Agreement.check(
        "(x * v) * w",
        d(Signal.full(stream, x, Signal.full(stream, v, w))),
        Tolerance.sums(2.0 * (length + first + second), magnitude),
        Signal.full(stream, Signal.full(stream, x, v), w));
  }

  /** N§3.1: valid is full without R - 1 elements at each end, and same without (R - 1) / 2. */
  @Test
  void validIsFullAndSameCroppedN4() {
    var samples = new Samples(21);
    float[] x = samples.uniform(40);
    float[] w = samples.uniform(7);
    float[] valid = Signal.valid(stream, x, w);
    double[] tolerance = Tolerance.sums(2 * 7, SignalReference.valid(a(x), a(w)));
    Agreement.check("full, cropped", d(valid), tolerance, crop(Signal.full(stream, x, w), 6));
    Agreement.check("same, cropped", d(valid), tolerance, crop(Signal.same(stream, x, w), 3));
  }

  /** N§3.1: full is valid of x padded by R - 1 zeros at each end. */
  @Test
  void fullIsValidOfPaddedN4() {
    var samples = new Samples(22);
    float[] x = samples.uniform(40);
    float[] w = samples.uniform(6);
    float[] padded = new float[40 + 2 * 5];
    System.arraycopy(x, 0, padded, 5, 40);
    Agreement.check(
        "valid of the padded",
        d(Signal.full(stream, x, w)),
        Tolerance.sums(2 * 6, SignalReference.full(a(x), a(w))),
        Signal.valid(stream, padded, w));
  }

  /** N(15): x * w = x ⋆ flip(w). */
  @Test
  void convolutionIsCorrelationWithTheFlippedN5() {
    var samples = new Samples(23);
    float[] x = samples.uniform(50);
    float[] w = samples.uniform(9);
    Agreement.check(
        "x ⋆ flip(w)",
        d(Signal.valid(stream, x, w)),
        Tolerance.sums(2 * 9, SignalReference.valid(a(x), a(w))),
        Signal.correlate(stream, x, Signal.flip(w)));
    assertArrayEquals(new float[] {3, 2, 1}, Signal.flip(new float[] {1, 2, 3}));
    assertArrayEquals(w, Signal.flip(Signal.flip(w)));
  }

  /** By hand: [1 2 3 4] and [1 10 100]. */
  @Test
  void anExampleByHandN1N2N3() {
    float[] x = {1, 2, 3, 4};
    float[] w = {1, 10, 100};
    assertArrayEquals(new float[] {1, 12, 123, 234, 340, 400}, Signal.full(stream, x, w));
    assertArrayEquals(new float[] {12, 123, 234, 340}, Signal.same(stream, x, w));
    assertArrayEquals(new float[] {123, 234}, Signal.valid(stream, x, w));
    assertArrayEquals(new float[] {321, 432}, Signal.correlate(stream, x, w));
  }

  @Test
  void badSignalsAreRefused() {
    float[] x = {1, 2, 3};
    assertMessage(
        "the kernel covers 4 columns (size 4, dilation 1) but the padded input has only 3 (input 3,"
            + " padding 0 on each side)",
        () -> Signal.valid(stream, x, new float[4]));
    assertMessage(
        "same needs a kernel with an odd number of columns, so that the padding is alike at both"
            + " ends; was 2",
        () -> Signal.same(stream, x, new float[2]));
    assertMessage(
        "elements of w must be at least 1, was 0", () -> Signal.full(stream, x, new float[0]));
    assertMessage(
        "elements of x must be at least 1, was 0", () -> Signal.correlate(stream, new float[0], x));
    assertEquals(
        "w",
        assertThrows(NullPointerException.class, () -> Signal.full(stream, x, null)).getMessage());
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable e) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, e).getMessage());
  }

  private static void check(
      String what, double[] expected, double[] magnitude, float[] w, float[] actual) {
    Agreement.check(what, expected, Tolerance.sums(w.length, magnitude), actual);
  }

  private static float[] crop(float[] x, int atEachEnd) {
    return java.util.Arrays.copyOfRange(x, atEachEnd, x.length - atEachEnd);
  }

  private static double[] d(float[] x) {
    return Doubles.of(x);
  }

  private static double[] a(float[] x) {
    return Doubles.abs(Doubles.of(x));
  }
}
