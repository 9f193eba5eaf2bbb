package dev.azulejo.compare.engine;

import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.DenseReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Shapes;
import dev.azulejo.reference.Tolerance;

/** An engine's plans beside the float64 references, all passes, with and without bias. */
public final class EngineConformance {
  private static final float SLOPE = 0.125f;

  private EngineConformance() {}

  /** The convolution of a line of conv-small.csv. */
  public static Conv2dShape shape(Shapes.Line line) {
    return new Conv2dShape(
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
  }

  /** A convolution with every activation; the plan is made for a larger mini-batch. */
  public static void convolution(Engine engine, Stream stream, Conv2dShape shape, int batch) {
    var reference = new ConvolutionReference(shape, batch);
    var samples = new Samples(3);
    float[] x = samples.uniform(batch * shape.inputCount());
    float[] w = samples.uniform(shape.weightCount());
    float[] bias = samples.uniform(shape.filters());
    float[] g = samples.uniform(batch * shape.outputCount());
    double[] ax = Doubles.abs(Doubles.of(x));
    double[] aw = Doubles.abs(Doubles.of(w));
    double[] ag = Doubles.abs(Doubles.of(g));
    double[] none = new double[bias.length];
    double patch = (double) shape.weightCount() / shape.filters();
    double taps =
        (double) shape.filters() / shape.groups() * shape.kernelHeight() * shape.kernelWidth();
    double places = (double) batch * shape.outputHeight() * shape.outputWidth();
    try (EngineSession session = engine.open(stream, true);
        EngineSession inference = engine.open(stream, false);
        TestTensor dx = new TestTensor(stream, x);
        TestTensor dw = new TestTensor(stream, w);
        TestTensor db = new TestTensor(stream, bias);
        TestTensor dg = new TestTensor(stream, g);
        TestTensor y = TestTensor.output(stream, g.length);
        TestTensor gradX = TestTensor.output(stream, x.length);
        TestTensor gradW = TestTensor.output(stream, w.length);
        TestTensor gradBias = TestTensor.output(stream, bias.length)) {
      for (Activation activation : Activation.values()) {
        ConvolutionPlan plan = plan(inference, stream, shape, batch + 1, activation);
        plan.setBatch(batch);
        double[] z = reference.forward(Doubles.of(x), Doubles.of(w), Doubles.of(bias));
        double[] magnitude = reference.forward(ax, aw, Doubles.abs(Doubles.of(bias)));
        plan.forward(dx.floats(), dw.floats(), db.floats(), y.floats());
        assertActivated(y, activation, z, Tolerance.sums(patch + 1, magnitude));
        plan.forward(dx.floats(), dw.floats(), null, y.floats());
        assertActivated(
            y,
            activation,
            reference.forward(Doubles.of(x), Doubles.of(w), none),
            Tolerance.sums(patch, reference.forward(ax, aw, none)));
      }
      ConvolutionPlan plan = plan(session, stream, shape, batch, Activation.RELU);
      plan.gradInput(dg.floats(), dw.floats(), gradX.floats());
      gradX.assertNear(
          reference.gradInput(Doubles.of(g), Doubles.of(w)),
          Tolerance.sums(taps, reference.gradInput(ag, aw)),
          "gradX");
      double[] expected = reference.gradWeights(Doubles.of(x), Doubles.of(g));
      double[] tolerance = Tolerance.sums(places, reference.gradWeights(ax, ag));
      plan.gradWeights(dx.floats(), dg.floats(), gradW.floats(), gradBias.floats());
      gradW.assertNear(expected, tolerance, "gradW");
      gradBias.assertNear(
          reference.gradBias(Doubles.of(g)),
          Tolerance.sums(places, reference.gradBias(ag)),
          "gradBias");
      plan.gradWeights(dx.floats(), dg.floats(), gradW.floats(), null);
      gradW.assertNear(expected, tolerance, "gradW alone");
    }
  }

  /** A dense layer with every activation; the plan is made for a larger mini-batch. */
  public static void dense(Engine engine, Stream stream, int batch, int inputs, int outputs) {
    var samples = new Samples(4);
    float[] x = samples.uniform((long) batch * inputs);
    float[] w = samples.uniform((long) outputs * inputs);
    float[] bias = samples.uniform(outputs);
    float[] g = samples.uniform((long) batch * outputs);
    double[] rx = Doubles.of(x);
    double[] rw = Doubles.of(w);
    double[] rg = Doubles.of(g);
    double[] ax = Doubles.abs(rx);
    double[] aw = Doubles.abs(rw);
    double[] ag = Doubles.abs(rg);
    try (EngineSession session = engine.open(stream, true);
        TestTensor dx = new TestTensor(stream, x);
        TestTensor dw = new TestTensor(stream, w);
        TestTensor db = new TestTensor(stream, bias);
        TestTensor dg = new TestTensor(stream, g);
        TestTensor y = TestTensor.output(stream, g.length);
        TestTensor gradX = TestTensor.output(stream, x.length);
        TestTensor gradW = TestTensor.output(stream, w.length);
        TestTensor gradBias = TestTensor.output(stream, bias.length)) {
      for (Activation activation : Activation.values()) {
        DensePlan plan =
            session.dense(new DenseProblem(batch + 1, inputs, outputs, activation, SLOPE));
        plan.setBatch(batch);
        plan.forward(dx.floats(), dw.floats(), db.floats(), y.floats());
        assertActivated(
            y,
            activation,
            DenseReference.forward(batch, inputs, outputs, rx, rw, Doubles.of(bias)),
            Tolerance.sums(
                inputs + 1,
                DenseReference.forward(
                    batch, inputs, outputs, ax, aw, Doubles.abs(Doubles.of(bias)))));
        plan.gradInput(dg.floats(), dw.floats(), gradX.floats());
        gradX.assertNear(
            DenseReference.gradInput(batch, inputs, outputs, rg, rw),
            Tolerance.sums(outputs, DenseReference.gradInput(batch, inputs, outputs, ag, aw)),
            "gradX");
        plan.gradWeights(dx.floats(), dg.floats(), gradW.floats(), gradBias.floats());
        gradW.assertNear(
            DenseReference.gradWeights(batch, inputs, outputs, rx, rg),
            Tolerance.sums(batch, DenseReference.gradWeights(batch, inputs, outputs, ax, ag)),
            "gradW");
        gradBias.assertNear(
            DenseReference.gradBias(batch, outputs, rg),
            Tolerance.sums(batch, DenseReference.gradBias(batch, outputs, ag)),
            "gradBias");
      }
    }
  }

  private static ConvolutionPlan plan(
      EngineSession session, Stream stream, Conv2dShape shape, int batch, Activation activation) {
    ConvolutionPlan plan =
        session.convolution(
            new Conv2dProblem(shape, batch, ConvAlgorithm.AUTO, 0, activation, SLOPE));
    stream.workspace().reserve(plan.workspaceBytes());
    return plan;
  }

  private static void assertActivated(
      TestTensor y, Activation activation, double[] z, double[] tolerance) {
    double[] expected = ActivationReference.values(activation, SLOPE, z);
    for (int i = 0; i < expected.length; i++) {
      tolerance[i] += Tolerance.function(expected[i]);
    }
    y.assertNear(expected, tolerance, "y with " + activation);
  }
}
