package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.PoolCase;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Max and mean pooling against the float64 reference, over every line of the problem list. Rows N8,
 * T11.
 */
class PoolingConformanceTest extends DeviceTest {
  static List<PoolCase> cases() {
    return PoolCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void maxForwardAndBackwardN8T11(PoolCase c) {
    Pool2dProblem problem = c.problem(PoolMode.MAX, false);
    var samples = new Samples(11);
    float[] x = samples.uniform(problem.inputCount());
    // Equal neighbours, so that "the first maximum" is decided.
    for (int i = 3; i < x.length; i += 3) {
      x[i] = x[i - 1];
    }
    float[] gradY = samples.uniform(problem.outputCount());
    var reference = c.reference();
    int[] argmax = reference.argmax(Doubles.of(x));
    double[] max = reference.max(Doubles.of(x));
    double[] gradX = reference.gradMax(Doubles.of(gradY), argmax);
    double[] tolerance =
        Tolerance.sums(c.windowTaps(), reference.gradMax(Doubles.abs(Doubles.of(gradY)), argmax));
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dg = Guarded.of(s, "gradY", gradY);
          Guarded y = Guarded.output(s, "y", max.length);
          Guarded alone = Guarded.output(s, "y without argmax", max.length);
          Guarded positions = Guarded.output(s, "argmax", max.length);
          Guarded out = Guarded.output(s, "gradX", x.length);
          Guarded again = Guarded.output(s, "gradX again", x.length)) {
        Pooling.forward(s, problem, dx.floats(), y.floats(), positions.ints());
        Pooling.forward(s, problem, dx.floats(), alone.floats(), null);
        Agreement.check("y", max, new double[max.length], y.written());
        assertArrayEquals(y.writtenInts(), alone.writtenInts(), "y without argmax");
        assertArrayEquals(argmax, positions.writtenInts(), "argmax");
        Pooling.backward(s, problem, dg.floats(), positions.ints(), out.floats());
        Agreement.check("gradX", gradX, tolerance, out.written());
        Pooling.backward(s, problem, dg.floats(), positions.ints(), again.floats());
        assertArrayEquals(out.writtenInts(), again.writtenInts(), "bits of a second run");
        dx.assertUnchanged();
        dg.assertUnchanged();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void meanForwardAndBackwardN8(PoolCase c) {
    var samples = new Samples(12);
    var reference = c.reference();
    for (boolean count : new boolean[] {false, true}) {
      Pool2dProblem problem = c.problem(PoolMode.MEAN, count);
      float[] x = samples.uniform(problem.inputCount());
      float[] gradY = samples.uniform(problem.outputCount());
      double[] mean = reference.mean(Doubles.of(x), count);
      double[] gradX = reference.gradMean(Doubles.of(gradY), count);
      double[] magnitude = reference.mean(Doubles.abs(Doubles.of(x)), count);
      double[] gradMagnitude = reference.gradMean(Doubles.abs(Doubles.of(gradY)), count);
      for (Stream s : teams()) {
        try (Guarded dx = Guarded.of(s, "x", x);
            Guarded dg = Guarded.of(s, "gradY", gradY);
            Guarded y = Guarded.output(s, "y", mean.length);
            Guarded out = Guarded.output(s, "gradX", x.length)) {
          Pooling.forward(s, problem, dx.floats(), y.floats(), null);
          Agreement.check("y", mean, Tolerance.sums(c.windowTaps(), magnitude), y.written());
          Pooling.backward(s, problem, dg.floats(), null, out.floats());
          Agreement.check(
              "gradX", gradX, Tolerance.sums(c.windowTaps(), gradMagnitude), out.written());
          dx.assertUnchanged();
          dg.assertUnchanged();
        }
      }
    }
  }

  /**
   * N(24): with stride = window there are ⌊I/R⌋ x ⌊J/S⌋ windows, the rest of the image is left out.
   */
  @Test
  void outputSizeN8() {
    var shape = Pool2dProblem.builder().input(1, 9, 11).window(2, 3).build().shape();
    assertEquals(4, shape.outputHeight());
    assertEquals(3, shape.outputWidth());
  }

  /** Padding never wins: it is left out, not a zero. */
  @Test
  void paddingIsNotAZeroT11() {
    Pool2dProblem problem = Pool2dProblem.builder().input(1, 4, 4).window(3).padding(1).build();
    float[] x = new float[16];
    Arrays.fill(x, -5);
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded y = Guarded.output(stream, "y", problem.outputCount())) {
      Pooling.forward(stream, problem, dx.floats(), y.floats(), null);
      for (float value : y.written()) {
        assertEquals(-5f, value);
      }
    }
  }

  /** Infinities compare as they should, and a NaN counts as the maximum. */
  @Test
  void nanAndInfinityT11() {
    float inf = Float.POSITIVE_INFINITY;
    float[] x = {-inf, -inf, 1, inf, 2, Float.NaN, 3, 4, -inf, -inf, -1, -inf, -inf, -inf, 9, 9};
    Pool2dProblem problem = Pool2dProblem.builder().input(1, 4, 4).window(2).build();
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded y = Guarded.output(s, "y", 4);
          Guarded positions = Guarded.output(s, "argmax", 4)) {
        Pooling.forward(s, problem, dx.floats(), y.floats(), positions.ints());
        assertArrayEquals(new float[] {Float.NaN, inf, -inf, 9}, y.written());
        assertArrayEquals(new int[] {5, 3, 8, 14}, positions.writtenInts());
      }
    }
  }
}
