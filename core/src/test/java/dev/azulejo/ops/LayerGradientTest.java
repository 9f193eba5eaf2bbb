package dev.azulejo.ops;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A whole layer's back-propagation on the device, ∇a to ∇p to ∇w, ∇bias and ∇a of the layer before,
 * against central differences of the float64 layer: row N9 as the notes write it, with no reference
 * gradient between.
 */
class LayerGradientTest extends DeviceTest {
  private static final float SLOPE = 0.125f;
  private static final double H = 1e-6;

  /** Float32 has 24 bits, and a handful of them are lost in a sum of this layer's size. */
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @EnumSource
  void convolutionLayerN9N34(Activation activation) {
    var shape = new Conv2dShape(3, 7, 6, 4, 3, 2, 2, 1, 1, 1, 1, 2, 1);
    int batch = 2;
    var problem = new Conv2dProblem(shape, batch, ConvAlgorithm.IM2COL_GEMM, 1, activation, SLOPE);
    Convolution.reserveWorkspace(stream, problem, ConvPass.values());
    var samples = new Samples(81);
    float[] x = samples.uniform(problem.inputCount());
    float[] w = samples.uniform(problem.weightCount());
    float[] bias = samples.uniform(problem.biasCount());
    float[] gradY = samples.uniform(problem.outputCount());
    try (Guarded dx = Guarded.of(stream, "x", x);
        Guarded dw = Guarded.of(stream, "w", w);
        Guarded db = Guarded.of(stream, "bias", bias);
        Guarded y = Guarded.output(stream, "y", gradY.length);
        Guarded g = Guarded.of(stream, "gradY, then gradZ", gradY);
        Guarded gradX = Guarded.output(stream, "gradX", x.length);
        Guarded gradW = Guarded.output(stream, "gradW", w.length);
        Guarded gradBias = Guarded.output(stream, "gradBias", bias.length)) {
      Convolution.forward(stream, problem, dx.floats(), dw.floats(), db.floats(), y.floats());
      Activations.backward(
          stream, activation, SLOPE, gradY.length, y.floats(), g.floats(), g.floats());
      Convolution.gradInput(stream, problem, g.floats(), dw.floats(), gradX.floats());
      Convolution.gradWeights(stream, problem, dx.floats(), g.floats(), gradW.floats());
      Convolution.gradBias(stream, problem, g.floats(), gradBias.floats());

      var reference = new ConvolutionReference(shape, batch);
      double[] rx = Doubles.of(x);
      double[] rw = Doubles.of(w);
      double[] rb = Doubles.of(bias);
      ToDoubleFunction<double[]> loss =
          z -> Doubles.dot(ActivationReference.values(activation, SLOPE, z), Doubles.of(gradY));
      check("∇x", gradX, rx, v -> loss.applyAsDouble(reference.forward(v, rw, rb)));
      check("∇w", gradW, rw, v -> loss.applyAsDouble(reference.forward(rx, v, rb)));
      check("∇bias", gradBias, rb, v -> loss.applyAsDouble(reference.forward(rx, rw, v)));
    }
  }

  private static void check(
      String what, Guarded gradient, double[] at, ToDoubleFunction<double[]> loss) {
    float[] actual = gradient.written();
    for (int i = 0; i < at.length; i++) {
      double value = at[i];
      at[i] = value + H;
      double above = loss.applyAsDouble(at);
      at[i] = value - H;
      double below = loss.applyAsDouble(at);
      at[i] = value;
      double difference = (above - below) / (2 * H);
      Agreement.check(
          what + "[" + i + "]", difference, TOLERANCE * (1 + Math.abs(difference)), actual[i]);
    }
  }
}
