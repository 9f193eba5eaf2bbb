package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.ConvTolerance;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
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
    ConvTolerance forward = ConvTolerance.forward(c, x, w, null);
    ConvTolerance gradInput = ConvTolerance.gradInput(c, y, w);
    ConvTolerance gradWeights = ConvTolerance.gradWeights(c, x, y);
    for (ConvCase.Way way : c.ways(device.info())) {
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
        double sum = dot(conv, y);
        double allowed = allowed(forward, ConvPass.FORWARD, problem, y);
        Agreement.check(
            way + ": <x, gradInput(y)>",
            sum,
            allowed + allowed(gradInput, ConvPass.GRAD_INPUT, problem, x),
            dot(gradX, x));
        Agreement.check(
            way + ": <w, gradWeights(x, y)>",
            sum,
            allowed + allowed(gradWeights, ConvPass.GRAD_WEIGHTS, problem, w),
            dot(gradW, w));
      }
    }
  }

  /** How far the scalar product of a pass' result and another vector may be off. */
  private double allowed(
      ConvTolerance tolerance, ConvPass pass, Conv2dProblem problem, float[] other) {
    double[] each = tolerance.of(Convolution.algorithm(stream, problem, pass));
    return Doubles.dot(each, Doubles.abs(Doubles.of(other)));
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
