package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.ConvPoolReference;
import dev.azulejo.reference.ConvTolerance;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolution and max pooling in one operation against the float64 reference, and against the two
 * operations one after the other, whose bits it gives; every algorithm, several numbers of threads.
 * Rows N7-N9, T9, T11.
 */
class PooledConvolutionConformanceTest extends DeviceTest {
  private static final float SLOPE = 0.125f;

  static List<ConvCase> cases() {
    return ConvCase.pooled();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forwardN7N8T9T11(ConvCase c) {
    var samples = new Samples(51);
    float[] x = samples.uniform(c.inputCount());
    float[] w = samples.uniform(c.shape().weightCount());
    float[] bias = samples.uniform(c.shape().filters());
    var reference = new ConvPoolReference(c);
    double[] z = c.reference().forward(Doubles.of(x), Doubles.of(w), Doubles.of(bias));
    ConvTolerance tolerance = ConvTolerance.forward(c, x, w, bias);
    for (Activation activation : List.of(Activation.LEAKY_RELU, Activation.TANH)) {
      double[] outputs = ActivationReference.values(activation, SLOPE, z);
      for (ConvCase.Way way : c.ways(device.info())) {
        for (Stream s : teams()) {
          // AUTO may take another algorithm without the pooling.
          Conv2dProblem asked = c.problem(way, activation);
          Conv2dProblem problem = asked.withAlgorithm(PooledConvolution.algorithm(s, asked));
          double[] allowed = tolerance.of(problem.algorithm());
          for (int i = 0; i < allowed.length; i++) {
            allowed[i] += Tolerance.function(outputs[i]);
          }
          String what = way + " with " + activation + ", " + s.threads() + " threads";
          forward(s, problem, x, w, bias, reference, outputs, allowed, what);
        }
      }
    }
  }

  private static void forward(
      Stream s,
      Conv2dProblem problem,
      float[] x,
      float[] w,
      float[] bias,
      ConvPoolReference reference,
      double[] outputs,
      double[] allowed,
      String what) {
    // Exactly what the query asks for, not what a case before left.
    s.workspace().trim();
    s.workspace().reserve(PooledConvolution.workspaceBytes(s, problem));
    long count = problem.pooledCount();
    try (Guarded dx = Guarded.of(s, "x", x);
        Guarded dw = Guarded.of(s, "w", w);
        Guarded db = Guarded.of(s, "bias", bias);
        Guarded y = Guarded.output(s, "y", count);
        Guarded argmax = Guarded.output(s, "argmax", count);
        Guarded alone = Guarded.output(s, "y without argmax", count);
        Guarded z = Guarded.output(s, "z", problem.outputCount());
        Guarded z2 = Guarded.output(s, "pooled z", count);
        Guarded argmax2 = Guarded.output(s, "its argmax", count)) {
      PooledConvolution.forward(
          s, problem, dx.floats(), dw.floats(), db.floats(), y.floats(), argmax.ints());
      Agreement.check(what, reference.max(outputs), reference.max(allowed), y.written());
      double shortfall = reference.shortfall(outputs, allowed, argmax.writtenInts());
      assertTrue(shortfall <= 1, () -> what + ": argmax is off by " + shortfall);
      PooledConvolution.forward(
          s, problem, dx.floats(), dw.floats(), db.floats(), alone.floats(), null);
      assertArrayEquals(y.writtenInts(), alone.writtenInts(), () -> what + ", without argmax");

      Convolution.reserveWorkspace(s, problem, ConvPass.FORWARD);
      Convolution.forward(s, problem, dx.floats(), dw.floats(), db.floats(), z.floats());
      Pooling.forward(s, pooling(problem), z.floats(), z2.floats(), argmax2.ints());
      assertArrayEquals(z2.writtenInts(), y.writtenInts(), () -> what + ", the bits of two steps");
      assertArrayEquals(argmax2.writtenInts(), argmax.writtenInts(), what);
      dx.assertUnchanged();
      dw.assertUnchanged();
      db.assertUnchanged();
    }
  }

  private static Pool2dProblem pooling(Conv2dProblem problem) {
    return Pool2dProblem.builder()
        .batch(problem.batch())
        .input(problem.shape().filters(), problem.outputHeight(), problem.outputWidth())
        .window(2)
        .build();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void backwardN9N34T11(ConvCase c) {
    var samples = new Samples(52);
    var reference = new ConvPoolReference(c);
    int[] argmax = reference.places();
    float[] z = samples.uniform(argmax.length, 3);
    float[] gradY = samples.uniform(argmax.length);
    for (Activation activation : Activation.values()) {
      float[] y = new float[z.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = (float) ActivationReference.value(activation, SLOPE, z[i]);
      }
      double[] expected = reference.gradZ(activation, SLOPE, z, argmax, gradY);
      double[] allowed = reference.gradZTolerance(argmax, gradY);
      double[] bias = c.reference().gradBias(expected);
      double[] biasAllowed =
          Tolerance.sums(c.gradWeightsTerms(), c.reference().gradBias(Doubles.abs(expected)));
      double[] gradZAllowed = c.reference().gradBias(allowed);
      for (int i = 0; i < biasAllowed.length; i++) {
        biasAllowed[i] += gradZAllowed[i];
      }
      Conv2dProblem problem = c.problem(new ConvCase.Way(ConvAlgorithm.DIRECT, 0), activation);
      for (Stream s : teams()) {
        try (Guarded dy = Guarded.of(s, "y", y);
            Guarded da = Guarded.of(s, "argmax", argmax);
            Guarded dg = Guarded.of(s, "gradY", gradY);
            Guarded gradZ = Guarded.output(s, "gradZ", expected.length);
            Guarded alone = Guarded.output(s, "gradZ without bias", expected.length);
            Guarded gradBias = Guarded.output(s, "gradBias", bias.length)) {
          PooledConvolution.backward(
              s, problem, dy.floats(), da.ints(), dg.floats(), gradZ.floats(), gradBias.floats());
          Agreement.check("gradZ of " + activation, expected, allowed, gradZ.written());
          Agreement.check("gradBias of " + activation, bias, biasAllowed, gradBias.written());
          PooledConvolution.backward(
              s, problem, dy.floats(), da.ints(), dg.floats(), alone.floats(), null);
          assertArrayEquals(gradZ.writtenInts(), alone.writtenInts(), "without the bias");
          dy.assertUnchanged();
          da.assertUnchanged();
          dg.assertUnchanged();
        }
      }
    }
  }

  @Test
  void anOutputWithoutWindowsIsRefused() {
    Conv2dProblem flat = Conv2dProblem.builder().input(1, 3, 9).filters(2).kernel(3).build();
    assertEquals(
        "the convolution's output is 1x7; a 2x2 window needs at least two rows and two columns",
        assertThrows(IllegalArgumentException.class, flat::pooledCount).getMessage());
  }
}
