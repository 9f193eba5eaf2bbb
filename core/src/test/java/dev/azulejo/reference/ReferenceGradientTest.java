package dev.azulejo.reference;

import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.Pool2dShape;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The references' gradients against central differences of the references' forward passes, so that
 * what the devices are compared with is right itself. E is a fixed weighting of the outputs. Rows
 * N9, T4, T7, T8, T11, T14.
 */
class ReferenceGradientTest {
  private final Random random = new Random(71);

  @ParameterizedTest
  @CsvSource({
    // c, h, w, m, r, s, stride, stride, pad, pad, dilation, dilation, groups, batch
    "1,4,4,1,2,2,1,1,0,0,1,1,1,1",
    "2,5,6,3,3,3,1,1,1,1,1,1,1,2",
    "2,7,6,2,3,2,2,3,1,0,1,1,1,2",
    "4,6,7,4,2,3,1,2,2,1,2,2,2,1",
    "3,5,5,6,3,3,2,1,0,2,1,2,3,2",
    "2,4,4,2,2,2,1,1,3,3,1,1,1,1",
    "2,1,9,3,1,4,1,2,0,1,1,2,1,3"
  })
  void convolutionN9N30N46T14(
      int c,
      int h,
      int w,
      int m,
      int r,
      int s,
      int sh,
      int sw,
      int ph,
      int pw,
      int dh,
      int dw,
      int groups,
      int batch) {
    var shape = new Conv2dShape(c, h, w, m, r, s, sh, sw, ph, pw, dh, dw, groups);
    var reference = new ConvolutionReference(shape, batch);
    double[] x = values((int) (batch * shape.inputCount()));
    double[] weights = values((int) shape.weightCount());
    double[] bias = values(m);
    double[] gradZ = values((int) (batch * shape.outputCount()));
    CentralDifferences.check(
        "gradX",
        reference.gradInput(gradZ, weights),
        x,
        v -> Doubles.dot(reference.forward(v, weights, bias), gradZ));
    CentralDifferences.check(
        "gradW",
        reference.gradWeights(x, gradZ),
        weights,
        v -> Doubles.dot(reference.forward(x, v, bias), gradZ));
    CentralDifferences.check(
        "gradBias",
        reference.gradBias(gradZ),
        bias,
        v -> Doubles.dot(reference.forward(x, weights, v), gradZ));
    double[] unrolled = values((int) (batch * shape.unrolledCount()));
    CentralDifferences.check(
        "col2im", reference.col2im(unrolled), x, v -> Doubles.dot(reference.im2col(v), unrolled));
  }

  @ParameterizedTest
  @CsvSource({"4,4,2,2,2,2,0,0", "7,6,3,2,2,3,1,1", "5,5,3,3,1,1,2,2"})
  void poolingN8T11(int h, int w, int r, int s, int sh, int sw, int ph, int pw) {
    var shape = new Pool2dShape(2, h, w, r, s, sh, sw, ph, pw);
    var reference = new PoolingReference(shape, 2);
    double[] x = values((int) (2 * shape.inputCount()));
    double[] gradY = values((int) (2 * shape.outputCount()));
    CentralDifferences.check(
        "max",
        reference.gradMax(gradY, reference.argmax(x)),
        x,
        v -> Doubles.dot(reference.max(v), gradY));
    for (boolean count : new boolean[] {true, false}) {
      CentralDifferences.check(
          "mean",
          reference.gradMean(gradY, count),
          x,
          v -> Doubles.dot(reference.mean(v, count), gradY));
    }
  }

  @Test
  void denseT8() {
    int batch = 3;
    int inputs = 5;
    int outputs = 4;
    double[] x = values(batch * inputs);
    double[] w = values(outputs * inputs);
    double[] bias = values(outputs);
    double[] g = values(batch * outputs);
    CentralDifferences.check(
        "gradX",
        DenseReference.gradInput(batch, inputs, outputs, g, w),
        x,
        v -> Doubles.dot(DenseReference.forward(batch, inputs, outputs, v, w, bias), g));
    CentralDifferences.check(
        "gradW",
        DenseReference.gradWeights(batch, inputs, outputs, x, g),
        w,
        v -> Doubles.dot(DenseReference.forward(batch, inputs, outputs, x, v, bias), g));
    CentralDifferences.check(
        "gradBias",
        DenseReference.gradBias(batch, outputs, g),
        bias,
        v -> Doubles.dot(DenseReference.forward(batch, inputs, outputs, x, w, v), g));
  }

  /** N(34), and the erratum of T(3.35). */
  @ParameterizedTest
  @EnumSource
  void activationN34T336(Activation activation) {
    double[] z = values(40);
    double[] g = values(40);
    double[] grad = new double[40];
    for (int i = 0; i < 40; i++) {
      grad[i] = g[i] * ActivationReference.derivative(activation, 0.2, z[i]);
    }
    CentralDifferences.check(
        activation.toString(),
        grad,
        z,
        v -> Doubles.dot(ActivationReference.values(activation, 0.2, v), g));
  }

  @Test
  void softmaxAndLossesT4T7() {
    int rows = 4;
    int classes = 5;
    double[] x = values(rows * classes);
    double[] g = values(rows * classes);
    double[] targets = Doubles.abs(values(rows * classes));
    int[] labels = {0, 4, 2, 1};
    CentralDifferences.check(
        "softmax",
        SoftmaxReference.backward(rows, classes, SoftmaxReference.forward(rows, classes, x), g),
        x,
        v -> Doubles.dot(SoftmaxReference.forward(rows, classes, v), g));
    CentralDifferences.check(
        "softmax cross-entropy",
        LossReference.softmaxCrossEntropyGrad(rows, classes, x, labels, 0.5),
        x,
        v -> 0.5 * sum(LossReference.softmaxCrossEntropy(rows, classes, v, labels)));
    CentralDifferences.check(
        "sigmoid cross-entropy",
        LossReference.sigmoidCrossEntropyGrad(x, targets, 0.5),
        x,
        v -> 0.5 * sum(LossReference.sigmoidCrossEntropy(rows, classes, v, targets)));
    CentralDifferences.check(
        "mean squared error",
        LossReference.meanSquaredErrorGrad(classes, x, targets, 0.5),
        x,
        v -> 0.5 * sum(LossReference.meanSquaredError(rows, classes, v, targets)));
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** Numbers in [-1, 1), none so near 0 that a difference would step over a kink. */
  private double[] values(int count) {
    return random.doubles(-1, 1).map(v -> Math.abs(v) < 1e-3 ? v + 0.01 : v).limit(count).toArray();
  }
}
