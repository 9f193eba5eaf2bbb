package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Laws that tie the convolution passes to each other, on the device alone: adjoints, padding,
 * im2col + GEMM.
 */
class ConvolutionLawsTest extends DeviceTest {
  static List<ConvCase> cases() {
    return ConvCase.all();
  }

  /** &lt;conv(x, w), y&gt; = &lt;x, gradInput(y, w)&gt; = &lt;w, gradWeights(x, y)&gt;, N9. */
  @ParameterizedTest
  @MethodSource("cases")
  void gradientsAreAdjointsN9(ConvCase c) {
    var samples = new Samples(6);
    float[] x = samples.uniform(c.inputCount());
    float[] w = samples.uniform(c.shape().weightCount());
    float[] y = samples.uniform(c.outputCount());
    double magnitude =
        Doubles.dot(
            c.reference().forward(Doubles.abs(Doubles.of(x)), Doubles.abs(Doubles.of(w)), null),
            Doubles.abs(Doubles.of(y)));
    for (ConvCase.Way way : c.ways()) {
      Conv2dProblem problem = c.problem(way, Activation.IDENTITY);
      Convolution.reserveWorkspace(stream, problem, ConvPass.values());
      try (Guarded dx = Guarded.of(stream, "x", x);
          Guarded dw = Guarded.of(stream, "w", w);
          Guarded dy = Guarded.of(stream, "y", y);
          Guarded conv = Guarded.output(stream, "conv", y.length);
          Guarded gradX = Guarded.output(stream, "gradX", x.length);
          Guarded gradW = Guarded.output(stream, "gradW", w.length)) {
        Convolution.forward(stream, problem, dx.floats(), dw.floats(), null, conv.floats());
        Convolution.gradInput(stream, problem, dy.floats(), dw.floats(), gradX.floats());
        Convolution.gradWeights(stream, problem, dx.floats(), dy.floats(), gradW.floats());
        double forward = dot(conv, y);
        Agreement.check(
            way + ": <x, gradInput(y)>",
            forward,
            Tolerance.sum(c.forwardTerms() + c.gradInputTerms() + 2, magnitude),
            dot(gradX, x));
        Agreement.check(
            way + ": <w, gradWeights(x, y)>",
            forward,
            Tolerance.sum(c.forwardTerms() + c.gradWeightsTerms() + 2, magnitude),
            dot(gradW, w));
      }
    }
  }

  /** &lt;im2col(x), u&gt; = &lt;x, col2im(u)&gt;, T15. */
  @ParameterizedTest
  @MethodSource("cases")
  void col2imIsTheAdjointOfIm2colT15(ConvCase c) {
    var samples = new Samples(7);
    Conv2dProblem problem = c.problem();
    float[] x = samples.uniform(problem.inputCount());
    float[] u = samples.uniform(problem.unrolledCount());
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded du = Guarded.of(stream, "u", u);
        Guarded unrolled = Guarded.output(stream, "unrolled", u.length);
        Guarded rolled = Guarded.output(stream, "rolled", x.length)) {
      Convolution.im2col(stream, problem, dx.floats(), unrolled.floats());
      Convolution.col2im(stream, problem, du.floats(), rolled.floats());
      double magnitude =
          Doubles.dot(Doubles.abs(Doubles.of(unrolled.written())), Doubles.abs(Doubles.of(u)));
      double taps = c.shape().kernelHeight() * c.shape().kernelWidth();
      Agreement.check(
          "<x, col2im(u)>", dot(unrolled, u), Tolerance.sum(taps, magnitude), dot(rolled, x));
    }
  }

  /**
   * T10, T14: padding by n is a zero frame of n; and the gradient of the frame is simply not
   * computed.
   */
  @ParameterizedTest
  @MethodSource("cases")
  void paddingIsAFrameOfZerosT10T14(ConvCase c) {
    Conv2dShape s = c.shape();
    ConvCase framed =
        new ConvCase(
            c.name() + " framed",
            c.batch(),
            new Conv2dShape(
                s.channels(),
                s.height() + 2 * s.paddingHeight(),
                s.width() + 2 * s.paddingWidth(),
                s.filters(),
                s.kernelHeight(),
                s.kernelWidth(),
                s.strideHeight(),
                s.strideWidth(),
                0,
                0,
                s.dilationHeight(),
                s.dilationWidth(),
                s.groups()));
    assertEquals(s.outputHeight(), framed.shape().outputHeight());
    assertEquals(s.outputWidth(), framed.shape().outputWidth());
    var samples = new Samples(8);
    float[] x = samples.uniform(c.inputCount());
    float[] w = samples.uniform(s.weightCount());
    float[] gradZ = samples.uniform(c.outputCount());
    float[] y = forward(c, x, w);
    float[] framedY = forward(framed, frame(c, framed, x), w);
    double[] magnitude =
        c.reference().forward(Doubles.abs(Doubles.of(x)), Doubles.abs(Doubles.of(w)), null);
    Agreement.check(
        "forward of the framed input",
        Doubles.of(y),
        Tolerance.sums(2 * c.forwardTerms(), magnitude),
        framedY);
    double[] gradMagnitude =
        c.reference().gradInput(Doubles.abs(Doubles.of(gradZ)), Doubles.abs(Doubles.of(w)));
    Agreement.check(
        "gradient to the framed input, without its frame",
        Doubles.of(gradInput(c, gradZ, w)),
        Tolerance.sums(2 * c.gradInputTerms(), gradMagnitude),
        unframe(c, framed, gradInput(framed, gradZ, w)));
  }

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

  private float[] forward(ConvCase c, float[] x, float[] w) {
    Conv2dProblem problem = c.problem();
    Convolution.reserveWorkspace(stream, problem, ConvPass.FORWARD);
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dw = Guarded.of(stream, "w", w);
        Guarded y = Guarded.output(stream, "y", problem.outputCount())) {
      Convolution.forward(stream, problem, dx.floats(), dw.floats(), null, y.floats());
      return y.written();
    }
  }

  private float[] gradInput(ConvCase c, float[] gradZ, float[] w) {
    Conv2dProblem problem = c.problem();
    Convolution.reserveWorkspace(stream, problem, ConvPass.GRAD_INPUT);
    try (Guarded dg = Guarded.of(stream, "gradZ", gradZ);
        Guarded dw = Guarded.of(stream, "w", w);
        Guarded gradX = Guarded.output(stream, "gradX", problem.inputCount())) {
      Convolution.gradInput(stream, problem, dg.floats(), dw.floats(), gradX.floats());
      return gradX.written();
    }
  }

  private static float[] frame(ConvCase c, ConvCase framed, float[] x) {
    float[] padded = new float[Math.toIntExact(framed.inputCount())];
    for (int i = 0; i < x.length; i++) {
      padded[inFrame(c, framed, i)] = x[i];
    }
    return padded;
  }

  private static float[] unframe(ConvCase c, ConvCase framed, float[] padded) {
    float[] x = new float[Math.toIntExact(c.inputCount())];
    for (int i = 0; i < x.length; i++) {
      x[i] = padded[inFrame(c, framed, i)];
    }
    return x;
  }

  /** Where an element of the input lies in the framed one. */
  private static int inFrame(ConvCase c, ConvCase framed, int index) {
    int width = (int) c.shape().width();
    int height = (int) c.shape().height();
    int column = index % width;
    int row = index / width % height;
    int plane = index / width / height;
    return (int)
        ((plane * framed.shape().height() + row + c.shape().paddingHeight())
                * framed.shape().width()
            + column
            + c.shape().paddingWidth());
  }

  private static double dot(Guarded a, float[] b) {
    return Doubles.dot(Doubles.of(a.written()), Doubles.of(b));
  }

  /** A smaller last mini-batch: the same problem object with another batch. */
  @Test
  void setBatchServesAShorterLastBatch() {
    ConvCase c = ConvCase.named("batch-17");
    Conv2dProblem problem = c.problem();
    Convolution.reserveWorkspace(stream, problem, ConvPass.FORWARD);
    var samples = new Samples(10);
    float[] x = samples.uniform(problem.inputCount());
    float[] w = samples.uniform(problem.weightCount());
    long perSample = c.shape().outputCount();
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dw = Guarded.of(stream, "w", w);
        Guarded whole = Guarded.output(stream, "y", 17 * perSample);
        Guarded part = Guarded.output(stream, "y", 5 * perSample)) {
      Tensor weights = dw.floats();
      Convolution.forward(stream, problem, dx.floats(), weights, null, whole.floats());
      problem.setBatch(5);
      Convolution.forward(stream, problem, dx.floats(), weights, null, part.floats());
      float[] expected = java.util.Arrays.copyOf(whole.written(), (int) (5 * perSample));
      Agreement.check(
          "first 5 of 17 samples",
          Doubles.of(expected),
          Tolerance.sums(
              c.forwardTerms() * 2,
              java.util.Arrays.copyOf(
                  c.reference()
                      .forward(Doubles.abs(Doubles.of(x)), Doubles.abs(Doubles.of(w)), null),
                  expected.length)),
          part.written());
    }
  }
}
