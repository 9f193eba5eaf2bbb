package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.DenseCase;
import dev.azulejo.reference.DenseReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The dense layer against the float64 reference, for one sample and for mini-batches. Rows T2, T8,
 * T17.
 */
class DenseConformanceTest extends DeviceTest {
  private static final float SLOPE = 0.25f;

  static List<DenseCase> cases() {
    return DenseCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardT2T17(DenseCase c) {
    var samples = new Samples(14);
    float[] x = samples.uniform((long) c.batch() * c.inputs());
    float[] w = samples.uniform((long) c.outputs() * c.inputs());
    float[] bias = samples.uniform(c.outputs());
    for (boolean withBias : new boolean[] {true, false}) {
      double[] b = withBias ? Doubles.of(bias) : null;
      double[] z =
          DenseReference.forward(
              c.batch(), c.inputs(), c.outputs(), Doubles.of(x), Doubles.of(w), b);
      double[] magnitude =
          DenseReference.forward(
              c.batch(),
              c.inputs(),
              c.outputs(),
              Doubles.abs(Doubles.of(x)),
              Doubles.abs(Doubles.of(w)),
              Doubles.abs(b));
      for (Activation activation : Activation.values()) {
        double[] y = ActivationReference.values(activation, SLOPE, z);
        double[] tolerance = Tolerance.sums(c.inputs() + 1, magnitude);
        for (int i = 0; i < y.length; i++) {
          tolerance[i] += Tolerance.function(y[i]);
        }
        var problem = new DenseProblem(c.batch(), c.inputs(), c.outputs(), activation, SLOPE);
        for (Stream s : teams()) {
          try (Guarded dx = Guarded.of(s, "x", x);
              Guarded dw = Guarded.of(s, "w", w);
              Guarded db = Guarded.of(s, "bias", bias)) {
            check(
                s,
                "y with " + activation,
                y,
                tolerance,
                (t, out) ->
                    Dense.forward(
                        t,
                        problem,
                        dx.floats(),
                        dw.floats(),
                        withBias ? db.floats() : null,
                        out.floats()));
            dx.assertUnchanged();
            dw.assertUnchanged();
            db.assertUnchanged();
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsT8T17(DenseCase c) {
    var samples = new Samples(15);
    float[] x = samples.uniform((long) c.batch() * c.inputs());
    float[] w = samples.uniform((long) c.outputs() * c.inputs());
    float[] g = samples.uniform((long) c.batch() * c.outputs());
    double[] rx = Doubles.of(x);
    double[] rw = Doubles.of(w);
    double[] rg = Doubles.of(g);
    double[] ax = Doubles.abs(rx);
    double[] aw = Doubles.abs(rw);
    double[] ag = Doubles.abs(rg);
    var problem = new DenseProblem(c.batch(), c.inputs(), c.outputs(), Activation.SIGMOID, 0);
    for (Stream s : teams()) {
      try (Guarded dx = Guarded.of(s, "x", x);
          Guarded dw = Guarded.of(s, "w", w);
          Guarded dg = Guarded.of(s, "gradZ", g)) {
        check(
            s,
            "gradX",
            DenseReference.gradInput(c.batch(), c.inputs(), c.outputs(), rg, rw),
            Tolerance.sums(
                c.outputs(), DenseReference.gradInput(c.batch(), c.inputs(), c.outputs(), ag, aw)),
            (t, out) -> Dense.gradInput(t, problem, dg.floats(), dw.floats(), out.floats()));
        check(
            s,
            "gradW",
            DenseReference.gradWeights(c.batch(), c.inputs(), c.outputs(), rx, rg),
            Tolerance.sums(
                c.batch(), DenseReference.gradWeights(c.batch(), c.inputs(), c.outputs(), ax, ag)),
            (t, out) -> Dense.gradWeights(t, problem, dx.floats(), dg.floats(), out.floats()));
        check(
            s,
            "gradBias",
            DenseReference.gradBias(c.batch(), c.outputs(), rg),
            Tolerance.sums(c.batch(), DenseReference.gradBias(c.batch(), c.outputs(), ag)),
            (t, out) -> Dense.gradBias(t, problem, dg.floats(), out.floats()));
        dx.assertUnchanged();
        dw.assertUnchanged();
        dg.assertUnchanged();
      }
    }
  }

  private static void check(
      Stream s,
      String what,
      double[] expected,
      double[] tolerance,
      BiConsumer<Stream, Guarded> operation) {
    try (Guarded first = Guarded.output(s, what, expected.length);
        Guarded second = Guarded.output(s, what, expected.length)) {
      operation.accept(s, first);
      operation.accept(s, second);
      Agreement.check(what + ", " + s.threads() + " threads", expected, tolerance, first.written());
      assertArrayEquals(first.writtenInts(), second.writtenInts(), what + ": bits of a second run");
    }
  }
}
