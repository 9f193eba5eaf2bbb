package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Convolution as GEMM with X_unroll: rows T15, T16. */
class UnrollTest extends DeviceTest {
  /**
   * T15, T16: the three passes are GEMMs with X_unroll, here written out with the public
   * operations.
   */
  @Test
  void passesAreGemmsWithTheUnrolledInputT15T16() {
    for (String name : List.of("same-odd", "stride-2", "dilation-mixed", "resnet-stem")) {
      ConvCase c = ConvCase.named(name);
      Conv2dShape s = c.shape();
      Conv2dProblem one = new Conv2dProblem(s, 1, ConvAlgorithm.DIRECT, 0, Activation.IDENTITY, 0);
      long m = s.filters();
      long k = s.channels() * s.kernelHeight() * s.kernelWidth();
      long n = s.outputHeight() * s.outputWidth();
      var samples = new Samples(9);
      float[] x = samples.uniform(one.inputCount());
      float[] w = samples.uniform(one.weightCount());
      float[] gradZ = samples.uniform(one.outputCount());
      try (Guarded dx = Guarded.of(stream, "x", x);
          Guarded dw = Guarded.of(stream, "w", w);
          Guarded dg = Guarded.of(stream, "gradZ", gradZ);
          Guarded u = Guarded.output(stream, "X_unroll", one.unrolledCount());
          Guarded y = Guarded.output(stream, "y", one.outputCount());
          Guarded gradW = Guarded.output(stream, "gradW", one.weightCount());
          Guarded gradU = Guarded.output(stream, "gradX_unroll", one.unrolledCount());
          Guarded gradX = Guarded.output(stream, "gradX", one.inputCount())) {
        Convolution.im2col(stream, one, dx.floats(), u.floats());
        Gemm.gemm(stream, GemmProblem.of(m, n, k).build(), dw.floats(), u.floats(), y.floats());
        Gemm.gemm(
            stream,
            GemmProblem.of(m, k, n).transposeB(true).build(),
            dg.floats(),
            u.floats(),
            gradW.floats());
        Gemm.gemm(
            stream,
            GemmProblem.of(k, n, m).transposeA(true).build(),
            dw.floats(),
            dg.floats(),
            gradU.floats());
        Convolution.col2im(stream, one, gradU.floats(), gradX.floats());
        ConvCase single = new ConvCase(name, 1, s);
        var reference = single.reference();
        double[] ax = Doubles.abs(Doubles.of(x));
        double[] aw = Doubles.abs(Doubles.of(w));
        double[] ag = Doubles.abs(Doubles.of(gradZ));
        Agreement.check(
            name + ": W * X_unroll",
            reference.forward(Doubles.of(x), Doubles.of(w), null),
            Tolerance.sums(k, reference.forward(ax, aw, null)),
            y.written());
        Agreement.check(
            name + ": gradZ * X_unroll^T",
            reference.gradWeights(Doubles.of(x), Doubles.of(gradZ)),
            Tolerance.sums(n, reference.gradWeights(ax, ag)),
            gradW.written());
        Agreement.check(
            name + ": col2im(W^T * gradZ)",
            reference.gradInput(Doubles.of(gradZ), Doubles.of(w)),
            Tolerance.sums(m + s.kernelHeight() * s.kernelWidth(), reference.gradInput(ag, aw)),
            gradX.written());
      }
    }
  }

  /**
   * T15: one X_unroll is reused for the samples; with one sample at a time it does not grow with
   * the batch.
   */
  @Test
  void oneUnrollIsReusedT15() {
    Conv2dShape shape = ConvCase.named("same-even-image").shape();
    var stream = teams().getFirst();
    for (ConvPass pass : ConvPass.values()) {
      long one = workspace(stream, shape, 1, 1, pass);
      assertEquals(one, workspace(stream, shape, 64, 1, pass), pass + ": batch 64, 1 at a time");
      assertTrue(
          one >= shape.unrolledCount() * Float.BYTES || pass != ConvPass.FORWARD,
          "X_unroll of a sample must fit");
      long eight = workspace(stream, shape, 64, 8, pass);
      assertTrue(eight > one, pass + ": 8 samples at a time need more, " + eight + " and " + one);
      assertEquals(
          workspace(stream, shape, 5, 5, pass),
          workspace(stream, shape, 5, 500, pass),
          pass + ": more samples at a time than there are");
    }
  }

  /** T15: (C K K Hout Wout) / (C H W). */
  @Test
  void expansionRatioT15() {
    assertEquals(
        9.0 * 26 * 26 / (28 * 28),
        Conv2dProblem.builder().input(1, 28, 28).filters(32).kernel(3).build().expansionRatio(),
        1e-12);
    assertEquals(
        9.0,
        Conv2dProblem.builder()
            .input(32, 28, 28)
            .filters(64)
            .kernel(3)
            .padding(1)
            .build()
            .expansionRatio(),
        1e-12);
  }

  private static long workspace(
      dev.azulejo.device.Stream stream, Conv2dShape shape, long batch, long chunk, ConvPass pass) {
    var problem =
        new Conv2dProblem(shape, batch, ConvAlgorithm.IM2COL_GEMM, chunk, Activation.IDENTITY, 0);
    return Convolution.workspaceBytes(stream, problem, pass);
  }
}
