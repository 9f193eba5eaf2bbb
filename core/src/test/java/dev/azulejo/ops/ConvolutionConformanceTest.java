package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.ConvTolerance;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolution against the float64 reference, over every line of the problem lists, every algorithm,
 * several chunks of samples and numbers of threads. Each result is computed twice and must have the
 * same bits. Rows N7, N9, T9, T10, T14, T15, T16.
 */
class ConvolutionConformanceTest extends DeviceTest {
  private static final float SLOPE = 0.125f;

  static List<ConvCase> cases() {
    return ConvCase.all();
  }

  /** One operation, into an output that is poisoned. */
  private interface Pass {
    void run(Stream stream, Conv2dProblem problem, Guarded out);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardN7N20T9T15(ConvCase c) {
    var samples = new Samples(1);
    float[] x = samples.uniform(c.inputCount());
    float[] w = samples.uniform(c.shape().weightCount());
    float[] bias = samples.uniform(c.shape().filters());
    ConvolutionReference reference = c.reference();
    for (boolean withBias : new boolean[] {true, false}) {
      double[] b = withBias ? Doubles.of(bias) : null;
      double[] z = reference.forward(Doubles.of(x), Doubles.of(w), b);
      ConvTolerance tolerance = ConvTolerance.forward(c, x, w, withBias ? bias : null);
      for (Activation activation : Activation.values()) {
        double[] y = ActivationReference.values(activation, SLOPE, z);
        try (Guarded dx = Guarded.of(stream, "x", x);
            Guarded dw = Guarded.of(stream, "w", w);
            Guarded db = Guarded.of(stream, "bias", bias)) {
          everyWay(
              c,
              activation,
              ConvPass.FORWARD,
              y,
              tolerance,
              (s, problem, out) ->
                  Convolution.forward(
                      s,
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

  @ParameterizedTest
  @MethodSource("cases")
  void gradInputN9N46T14T16(ConvCase c) {
    var samples = new Samples(2);
    float[] gradZ = samples.uniform(c.outputCount());
    float[] w = samples.uniform(c.shape().weightCount());
    double[] expected = c.reference().gradInput(Doubles.of(gradZ), Doubles.of(w));
    try (Guarded dg = Guarded.of(stream, "gradZ", gradZ);
        Guarded dw = Guarded.of(stream, "w", w)) {
      everyWay(
          c,
          Activation.RELU, // must not matter to a gradient that begins before the activation
          ConvPass.GRAD_INPUT,
          expected,
          ConvTolerance.gradInput(c, gradZ, w),
          (s, problem, out) ->
              Convolution.gradInput(s, problem, dg.floats(), dw.floats(), out.floats()));
      dg.assertUnchanged();
      dw.assertUnchanged();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradWeightsN9N30T16(ConvCase c) {
    var samples = new Samples(3);
    float[] x = samples.uniform(c.inputCount());
    float[] gradZ = samples.uniform(c.outputCount());
    double[] expected = c.reference().gradWeights(Doubles.of(x), Doubles.of(gradZ));
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dg = Guarded.of(stream, "gradZ", gradZ)) {
      everyWay(
          c,
          Activation.SIGMOID,
          ConvPass.GRAD_WEIGHTS,
          expected,
          ConvTolerance.gradWeights(c, x, gradZ),
          (s, problem, out) ->
              Convolution.gradWeights(s, problem, dx.floats(), dg.floats(), out.floats()));
      dx.assertUnchanged();
      dg.assertUnchanged();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradBiasT9(ConvCase c) {
    float[] gradZ = new Samples(4).uniform(c.outputCount());
    double[] expected = c.reference().gradBias(Doubles.of(gradZ));
    double[] tolerance =
        Tolerance.sums(
            c.gradWeightsTerms(), c.reference().gradBias(Doubles.abs(Doubles.of(gradZ))));
    try (Guarded dg = Guarded.of(stream, "gradZ", gradZ)) {
      for (Stream s : teams()) {
        Conv2dProblem problem = c.problem();
        check(
            "gradBias, " + s.threads() + " threads",
            expected,
            tolerance,
            s,
            problem,
            (t, p, out) -> Convolution.gradBias(t, p, dg.floats(), out.floats()));
      }
      dg.assertUnchanged();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void im2colAndCol2imT15(ConvCase c) {
    var samples = new Samples(5);
    float[] x = samples.uniform(c.inputCount());
    float[] unrolled = samples.uniform(c.batch() * c.shape().unrolledCount());
    double[] expectedX = c.reference().col2im(Doubles.of(unrolled));
    double[] tolerance =
        Tolerance.sums(
            c.shape().kernelHeight() * c.shape().kernelWidth(),
            c.reference().col2im(Doubles.abs(Doubles.of(unrolled))));
    double[] expectedUnrolled = c.reference().im2col(Doubles.of(x));
    double[] exact = new double[expectedUnrolled.length];
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded du = Guarded.of(stream, "unrolled", unrolled)) {
      for (Stream s : teams()) {
        String threads = ", " + s.threads() + " threads";
        check(
            "im2col" + threads,
            expectedUnrolled,
            exact,
            s,
            c.problem(),
            (t, p, out) -> Convolution.im2col(t, p, dx.floats(), out.floats()));
        check(
            "col2im" + threads,
            expectedX,
            tolerance,
            s,
            c.problem(),
            (t, p, out) -> Convolution.col2im(t, p, du.floats(), out.floats()));
      }
      dx.assertUnchanged();
      du.assertUnchanged();
    }
  }

  private void everyWay(
      ConvCase c,
      Activation activation,
      ConvPass pass,
      double[] expected,
      ConvTolerance tolerance,
      Pass operation) {
    for (ConvCase.Way way : c.ways(device.info())) {
      for (Stream s : teams()) {
        Conv2dProblem problem = c.problem(way, activation);
        double[] allowed = tolerance.of(Convolution.algorithm(s, problem, pass));
        if (pass == ConvPass.FORWARD) {
          for (int i = 0; i < expected.length; i++) {
            allowed[i] += Tolerance.function(expected[i]);
          }
        }
        // Exactly what the query asks for, not what a case before left.
        s.workspace().trim();
        s.workspace().reserve(Convolution.workspaceBytes(s, problem, pass));
        String what =
            pass + " by " + way + " with " + activation + ", " + s.threads() + " threads: ";
        check(what, expected, allowed, s, problem, operation);
      }
    }
  }

  /** Runs an operation twice: both within tolerance, and with the same bits. */
  private void check(
      String what,
      double[] expected,
      double[] tolerance,
      Stream s,
      Conv2dProblem problem,
      Pass operation) {
    // Guarded copies through the stream it is given; all streams of a CPU are in order with each
    // other.
    try (Guarded first = Guarded.output(s, "output", expected.length);
        Guarded second = Guarded.output(s, "output", expected.length)) {
      operation.run(s, problem, first);
      Agreement.check(what, expected, tolerance, first.written());
      operation.run(s, problem, second);
      assertArrayEquals(
          first.writtenInts(), second.writtenInts(), () -> what + "the second run has other bits");
    }
  }
}
