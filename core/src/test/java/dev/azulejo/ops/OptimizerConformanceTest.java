package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.OptimizerReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** SGD and Adam against their recurrences in float64, over several steps. Row T5, T(2.5)-T(2.6). */
class OptimizerConformanceTest extends DeviceTest {
  private static final int STEPS = 10;

  @ParameterizedTest
  @CsvSource({
    "1, 0.1, 0, 0, false",
    "17, 0.1, 0, 0.01, false",
    "1000, 0.05, 0.9, 0, false",
    "1023, 0.05, 0.9, 0.0005, false",
    "70001, 0.01, 0.95, 0, true",
    "65, 0.01, 0.5, 0.1, true",
    "33, 0, 0.9, 0.1, false"
  })
  void sgdT5(int count, float rate, float momentum, float decay, boolean nesterov) {
    for (Stream s : teams()) {
      var samples = new Samples(61);
      float[] start = samples.uniform(count);
      double[] w = Doubles.of(start);
      double[] v = new double[count];
      try (SgdSettings settings = new SgdSettings(device);
          Guarded dw = Guarded.of(s, "w", start);
          Guarded dv = Guarded.of(s, "v", new float[count])) {
        for (int step = 1; step <= STEPS; step++) {
          // A schedule: the rate changes between steps.
          float now = rate / step;
          settings.set(s, now, momentum, decay, nesterov);
          float[] g = samples.uniform(count);
          try (Guarded dg = Guarded.of(s, "g", g)) {
            Optimizers.sgd(
                s, settings, count, dg.floats(), dw.floats(), momentum == 0 ? null : dv.floats());
            dg.assertUnchanged();
          }
          OptimizerReference.sgd(now, momentum, decay, nesterov, Doubles.of(g), w, v);
          // |g'| <= 1.2 and |v| <= 1.2 / (1 - momentum); each step rounds a few times at that size.
          double size = 1.2 / (1 - momentum);
          check("w, step " + step, w, 8 * step * Tolerance.U * (2 + size), dw.written());
          if (momentum == 0) {
            dv.assertUnchanged();
          } else {
            check("v, step " + step, v, 8 * step * Tolerance.U * size, dv.written());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0.01, 0.9, 0.999, 1e-8, 0, false",
    "1000, 0.001, 0.9, 0.999, 1e-8, 0.01, false",
    "1023, 0.001, 0.9, 0.999, 1e-8, 0.01, true",
    "70001, 0.1, 0.5, 0.9, 1e-3, 0.1, true",
    "17, 0.1, 0, 0, 1e-3, 0, false"
  })
  void adamAndAdamWT5(
      int count,
      float rate,
      float beta1,
      float beta2,
      float epsilon,
      float decay,
      boolean decoupled) {
    for (Stream s : teams()) {
      var samples = new Samples(62);
      float[] start = samples.uniform(count);
      double[] w = Doubles.of(start);
      double[] m = new double[count];
      double[] v = new double[count];
      try (AdamSettings settings = new AdamSettings(device);
          Guarded dw = Guarded.of(s, "w", start);
          Guarded dm = Guarded.of(s, "m", new float[count]);
          Guarded dv = Guarded.of(s, "v", new float[count])) {
        for (int step = 1; step <= STEPS; step++) {
          settings.set(s, rate, beta1, beta2, epsilon, decay, decoupled, step);
          float[] g = samples.uniform(count);
          try (Guarded dg = Guarded.of(s, "g", g)) {
            Optimizers.adam(s, settings, count, dg.floats(), dw.floats(), dm.floats(), dv.floats());
            dg.assertUnchanged();
          }
          OptimizerReference.adam(
              rate, beta1, beta2, epsilon, decay, decoupled, step, Doubles.of(g), w, m, v);
          check("m, step " + step, m, 8 * step * Tolerance.U, dm.written());
          check("v, step " + step, v, 8 * step * Tolerance.U, dv.written());
          // A step is at most a few learning rates; the root of v halves its relative error, but
          // where a gradient is
          // near 0 the quotient may be small and its error still that of m.
          double stepError = 64 * Tolerance.U * rate / Math.sqrt(1 - beta2);
          check("w, step " + step, w, step * (stepError + 4 * Tolerance.U * 2), dw.written());
        }
      }
    }
  }

  @Test
  void settingsAreChecked() {
    try (SgdSettings sgd = new SgdSettings(device);
        AdamSettings adam = new AdamSettings(device);
        Guarded w = Guarded.of(stream, "w", new float[3]);
        Guarded g = Guarded.of(stream, "g", new float[3])) {
      assertEquals(
          "SGD settings were not set yet; call set(...) before the first step",
          assertThrows(
                  IllegalStateException.class,
                  () -> Optimizers.sgd(stream, sgd, 3, g.floats(), w.floats(), null))
              .getMessage());
      assertMessage(
          "learning rate must be at least 0 and finite, was -1.0",
          () -> sgd.set(stream, -1, 0, 0, false));
      assertMessage(
          "learning rate must be at least 0 and finite, was NaN",
          () -> sgd.set(stream, Float.NaN, 0, 0, false));
      assertMessage("momentum must be in [0, 1), was 1.0", () -> sgd.set(stream, 1, 1, 0, false));
      assertMessage(
          "weight decay must be at least 0 and finite, was Infinity",
          () -> sgd.set(stream, 1, 0, Float.POSITIVE_INFINITY, false));
      assertMessage(
          "Nesterov's form needs a momentum in (0, 1), was 0",
          () -> sgd.set(stream, 1, 0, 0, true));
      assertMessage(
          "beta1 must be in [0, 1), was 1.0",
          () -> adam.set(stream, 1, 1, 0.9f, 1e-8f, 0, false, 1));
      assertMessage(
          "beta2 must be in [0, 1), was -0.5",
          () -> adam.set(stream, 1, 0.9f, -0.5f, 1e-8f, 0, false, 1));
      assertMessage(
          "epsilon must be greater than 0 and finite, was 0.0",
          () -> adam.set(stream, 1, 0.9f, 0.9f, 0, 0, false, 1));
      assertMessage(
          "step must be at least 1, was 0", () -> adam.set(stream, 1, 0.9f, 0.9f, 1, 0, false, 0));
      sgd.set(stream, 1, 0.5f, 0, false);
      assertEquals(
          "v",
          assertThrows(
                  NullPointerException.class,
                  () -> Optimizers.sgd(stream, sgd, 3, g.floats(), w.floats(), null))
              .getMessage());
    }
  }

  private static void assertMessage(String message, org.junit.jupiter.api.function.Executable e) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, e).getMessage());
  }

  private static void check(String what, double[] expected, double tolerance, float[] actual) {
    double[] all = new double[expected.length];
    java.util.Arrays.fill(all, tolerance);
    Agreement.check(what, expected, all, actual);
  }
}
