package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.RowTolerance;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SoftmaxReference;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Activations and softmax against the float64 reference, and their gradients. Rows T2, N9. */
class ActivationConformanceTest extends DeviceTest {
  private static final float SLOPE = 0.2f;
  private static final int COUNT = 70_001;

  @ParameterizedTest
  @EnumSource
  void forwardT2(Activation activation) {
    float[] z = new Samples(41).uniform(COUNT, 20);
    float[] special = {
      0, -0f, 1e-30f, -1e-30f, 88, -88, 104, -104, 1e4f, -1e4f, 3e38f, -3e38f, 0.625f
    };
    System.arraycopy(special, 0, z, 0, special.length);
    for (Stream s : teams()) {
      try (Guarded x = Guarded.of(s, "x", z);
          Guarded y = Guarded.output(s, "y", COUNT);
          Guarded inPlace = Guarded.of(s, "x in place", z)) {
        Activations.forward(s, activation, SLOPE, COUNT, x.floats(), y.floats());
        float[] actual = y.written();
        for (int i = 0; i < COUNT; i++) {
          double expected = ActivationReference.value(activation, SLOPE, z[i]);
          Agreement.check(
              activation + "(" + z[i] + ")", expected, allowed(activation, expected), actual[i]);
        }
        Activations.forward(s, activation, SLOPE, COUNT, inPlace.floats(), inPlace.floats());
        assertArrayEquals(y.writtenInts(), inPlace.writtenInts(), "in place");
        x.assertUnchanged();
      }
    }
  }

  /** N(34): ∇p = ∇a ⊙ σ', from the output. */
  @ParameterizedTest
  @EnumSource
  void backwardN9N34T336(Activation activation) {
    var samples = new Samples(42);
    float[] z = samples.uniform(COUNT, 6);
    z[0] = 0;
    float[] gradY = samples.uniform(COUNT);
    float[] y = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      y[i] = (float) ActivationReference.value(activation, SLOPE, z[i]);
    }
    for (Stream s : teams()) {
      try (Guarded dy = Guarded.of(s, "y", y);
          Guarded dg = Guarded.of(s, "gradY", gradY);
          Guarded gradX = Guarded.output(s, "gradX", COUNT);
          Guarded inPlace = Guarded.of(s, "gradY in place", gradY)) {
        Activations.backward(s, activation, SLOPE, COUNT, dy.floats(), dg.floats(), gradX.floats());
        float[] actual = gradX.written();
        for (int i = 0; i < COUNT; i++) {
          double derivative = ActivationReference.derivative(activation, SLOPE, z[i]);
          // 1 - y, whose y has a rounding of its own, may cancel: the error is relative to 1, not
          // to the derivative.
          Agreement.check(
              activation + "'(" + z[i] + ")",
              gradY[i] * derivative,
              8 * Tolerance.U * Math.abs(gradY[i]),
              actual[i]);
        }
        Activations.backward(
            s, activation, SLOPE, COUNT, dy.floats(), inPlace.floats(), inPlace.floats());
        assertArrayEquals(gradX.writtenInts(), inPlace.writtenInts(), "in place");
        dy.assertUnchanged();
        dg.assertUnchanged();
      }
    }
  }

  /** NaN stays NaN in every activation, ReLU among them, and infinities have their limits. */
  @Test
  void nanAndInfinityT2() {
    float inf = Float.POSITIVE_INFINITY;
    float[][] expected = {
      {Float.NaN, inf, -inf},
      {Float.NaN, inf, 0},
      {Float.NaN, inf, -inf},
      {Float.NaN, 1, 0},
      {Float.NaN, 1, -1}
    };
    for (Activation activation : Activation.values()) {
      try (Guarded x = Guarded.of(stream, "x", new float[] {Float.NaN, inf, -inf})) {
        Activations.forward(stream, activation, SLOPE, 3, x.floats(), x.floats());
        assertArrayEquals(expected[activation.ordinal()], x.written(), activation.toString());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "1,10", "7,3", "64,10", "33,17", "3,1000", "1031,5"})
  void softmaxForwardAndBackwardT2(int rows, int classes) {
    var samples = new Samples(43);
    float[] x = samples.uniform((long) rows * classes, 15);
    float[] gradY = samples.uniform((long) rows * classes);
    double[] expected = SoftmaxReference.forward(rows, classes, Doubles.of(x));
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded y = Guarded.output(s, "y", x.length);
          Guarded dg = Guarded.of(s, "gradY", gradY);
          Guarded gradX = Guarded.output(s, "gradX", x.length)) {
        Softmax.forward(s, rows, classes, dx.floats(), y.floats());
        float[] probabilities = y.written();
        checkSoftmax(rows, classes, x, expected, probabilities);
        Softmax.backward(s, rows, classes, y.floats(), dg.floats(), gradX.floats());
        double[] p = Doubles.of(probabilities);
        Agreement.check(
            "gradX",
            SoftmaxReference.backward(rows, classes, p, Doubles.of(gradY)),
            RowTolerance.softmaxBackward(rows, classes, p, Doubles.of(gradY)),
            gradX.written());
        int[] bits = y.writtenInts();
        Softmax.forward(s, rows, classes, dx.floats(), dx.floats());
        assertArrayEquals(bits, dx.writtenInts(), "in place");
        int[] gradBits = gradX.writtenInts();
        Softmax.backward(s, rows, classes, y.floats(), dg.floats(), dg.floats());
        assertArrayEquals(gradBits, dg.writtenInts(), "gradient in place");
      }
    }
  }

  /** Logits of 1e4 overflow exp; softmax must not. */
  @Test
  void softmaxOfLargeLogitsT2() {
    float[] x = {1e4f, 1e4f - 1, -1e4f, 3e38f, -3e38f, 0, -1e4f, -1e4f, -1e4f};
    double[] expected = SoftmaxReference.forward(3, 3, Doubles.of(x));
    try (Guarded dx = Guarded.of(stream, "x", x)) {
      Softmax.forward(stream, 3, 3, dx.floats(), dx.floats());
      float[] y = dx.written();
      checkSoftmax(3, 3, x, expected, y);
      assertEquals(1f, y[3]);
    }
  }

  /** A NaN logit makes its row NaN and no other. */
  @Test
  void softmaxOfNanT2() {
    float[] x = {1, Float.NaN, 2, 1, 2, 3};
    try (Guarded dx = Guarded.of(stream, "x", x)) {
      Softmax.forward(stream, 2, 3, dx.floats(), dx.floats());
      float[] y = dx.written();
      assertTrue(Float.isNaN(y[0]) && Float.isNaN(y[1]) && Float.isNaN(y[2]), Arrays.toString(y));
      assertEquals(1, y[3] + y[4] + y[5], 1e-6);
    }
  }

  /** Nothing where nothing is computed: the identity and ReLU are exact. */
  private static double allowed(Activation activation, double expected) {
    return activation == Activation.IDENTITY || activation == Activation.RELU
        ? 0
        : Tolerance.function(expected);
  }

  private static void checkSoftmax(
      int rows, int classes, float[] x, double[] expected, float[] actual) {
    Agreement.check(
        "softmax", expected, RowTolerance.softmax(rows, classes, Doubles.of(x), expected), actual);
  }
}
