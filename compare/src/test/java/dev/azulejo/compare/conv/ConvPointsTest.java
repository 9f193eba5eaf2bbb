package dev.azulejo.compare.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Shapes;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference at single points is the reference, on the problems of every other test. */
class ConvPointsTest {
  static List<Shapes.Line> problems() {
    return Shapes.read("conv-small.csv");
  }

  static ConvCase problem(Shapes.Line line) {
    Conv2dShape shape =
        new Conv2dShape(
            line.get("channels"),
            line.get("height"),
            line.get("width"),
            line.get("filters"),
            line.get("kernel_h"),
            line.get("kernel_w"),
            line.get("stride_h"),
            line.get("stride_w"),
            line.get("pad_h"),
            line.get("pad_w"),
            line.get("dilation_h"),
            line.get("dilation_w"),
            line.get("groups"));
    return new ConvCase(line.text("name"), line.get("batch"), shape);
  }

  @ParameterizedTest
  @MethodSource("problems")
  void equalTheWholeReference(Shapes.Line line) {
    ConvCase problem = problem(line);
    Samples samples = new Samples(1);
    float[] x = samples.uniform(problem.inputCount());
    float[] w = samples.uniform(problem.shape().weightCount());
    float[] z = samples.uniform(problem.outputCount());
    var whole = new ConvolutionReference(problem.shape(), problem.batch());
    double[] dx = Doubles.of(x);
    double[] dw = Doubles.of(w);
    double[] dz = Doubles.of(z);
    compare(problem, ConvPass.FORWARD, x, w, whole.forward(dx, dw, null));
    compare(problem, ConvPass.GRAD_INPUT, z, w, whole.gradInput(dz, dw));
    compare(problem, ConvPass.GRAD_WEIGHTS, x, z, whole.gradWeights(dx, dz));
    double[] absolute = whole.forward(Doubles.abs(dx), Doubles.abs(dw), null);
    ConvPoints points = new ConvPoints(problem);
    for (int i = 0; i < absolute.length; i++) {
      points.compute(ConvPass.FORWARD, x, w, i);
      assertEquals(absolute[i], points.magnitude(), 1e-9);
    }
  }

  /** The terms that were added are the products of the FLOP rule, whichever pass adds them. */
  @ParameterizedTest
  @MethodSource("problems")
  void addAsManyTermsAsTheFlopRuleCounts(Shapes.Line line) {
    ConvCase problem = problem(line);
    ConvPoints points = new ConvPoints(problem);
    for (ConvPass pass : ConvPass.values()) {
      float[] x = new float[(int) problem.inputCount()];
      float[] z = new float[(int) problem.outputCount()];
      float[] w = new float[(int) problem.shape().weightCount()];
      long terms = 0;
      for (int i = 0; i < problem.resultCount(pass); i++) {
        points.compute(
            pass, pass == ConvPass.GRAD_INPUT ? z : x, pass == ConvPass.GRAD_WEIGHTS ? z : w, i);
        terms += points.terms();
      }
      assertEquals(problem.flops(), 2.0 * terms, pass::toString);
    }
  }

  private static void compare(
      ConvCase problem, ConvPass pass, float[] a, float[] b, double[] expected) {
    ConvPoints points = new ConvPoints(problem);
    assertEquals(expected.length, problem.resultCount(pass));
    for (int i = 0; i < expected.length; i++) {
      points.compute(pass, a, b, i);
      assertEquals(expected[i], points.sum(), 1e-9, pass + " at " + i);
    }
  }
}
