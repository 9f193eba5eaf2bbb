package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import dev.azulejo.ops.Softmax;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.RowTolerance;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SoftmaxReference;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** activation_* of every activation, and softmax_*. */
final class ActivationChecks {
  private static final float SLOPE = 0.2f;
  private static final int COUNT = 10_007;

  /** Rows and classes. */
  private static final int[][] MATRICES = {{1, 1}, {7, 3}, {64, 10}, {3, 1000}};

  private ActivationChecks() {}

  static List<Check> all() {
    List<Check> checks = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      checks.add(check("activation_forward", activation, forward(activation)));
    }
    for (Activation activation : Activation.values()) {
      checks.add(check("activation_backward", activation, backward(activation)));
    }
    List<Trial> forward = new ArrayList<>();
    List<Trial> backward = new ArrayList<>();
    for (int[] matrix : MATRICES) {
      String name = matrix[0] + " rows of " + matrix[1];
      forward.add(new Trial(name, softmaxForward(matrix[0], matrix[1])));
      backward.add(new Trial(name, softmaxBackward(matrix[0], matrix[1])));
    }
    checks.add(new Check("softmax_forward", "", forward));
    checks.add(new Check("softmax_backward", "", backward));
    return checks;
  }

  private static Check check(String operation, Activation activation, Trial.Body body) {
    return new Check(operation, activation.name(), List.of(new Trial("count " + COUNT, body)));
  }

  private static Trial.Body forward(Activation activation) {
    return bench -> {
      float[] x = new Samples(25).uniform(COUNT, 20);
      double[] expected = ActivationReference.values(activation, SLOPE, Doubles.of(x));
      double[] allowed = new double[COUNT];
      for (int i = 0; i < COUNT; i++) {
        allowed[i] = Tolerance.function(expected[i]);
      }
      Tensor xs = bench.floats(x);
      Tensor ys = bench.output(COUNT);
      bench.run(() -> Activations.forward(bench.stream(), activation, SLOPE, COUNT, xs, ys));
      return bench.worst(expected, allowed, ys);
    };
  }

  private static Trial.Body backward(Activation activation) {
    return bench -> {
      var samples = new Samples(26);
      float[] z = samples.uniform(COUNT, 6);
      float[] gradY = samples.uniform(COUNT);
      float[] y = new float[COUNT];
      double[] expected = new double[COUNT];
      double[] allowed = new double[COUNT];
      for (int i = 0; i < COUNT; i++) {
        y[i] = (float) ActivationReference.value(activation, SLOPE, z[i]);
        expected[i] = gradY[i] * ActivationReference.derivative(activation, SLOPE, z[i]);
        // 1 - y may cancel: the error is relative to 1, not to the derivative.
        allowed[i] = Tolerance.function(gradY[i]);
      }
      Tensor ys = bench.floats(y);
      Tensor gs = bench.floats(gradY);
      Tensor xs = bench.output(COUNT);
      bench.run(() -> Activations.backward(bench.stream(), activation, SLOPE, COUNT, ys, gs, xs));
      return bench.worst(expected, allowed, xs);
    };
  }

  private static Trial.Body softmaxForward(int rows, int classes) {
    return bench -> {
      float[] x = new Samples(27).uniform((long) rows * classes, 15);
      double[] expected = SoftmaxReference.forward(rows, classes, Doubles.of(x));
      Tensor xs = bench.floats(x);
      Tensor ys = bench.output(x.length);
      bench.run(() -> Softmax.forward(bench.stream(), rows, classes, xs, ys));
      double[] allowed = RowTolerance.softmax(rows, classes, Doubles.of(x), expected);
      return bench.worst(expected, allowed, ys);
    };
  }

  private static Trial.Body softmaxBackward(int rows, int classes) {
    return bench -> {
      var samples = new Samples(28);
      double[] p =
          SoftmaxReference.forward(
              rows, classes, Doubles.of(samples.uniform((long) rows * classes, 15)));
      float[] y = new float[p.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = (float) p[i];
      }
      float[] gradY = samples.uniform(y.length);
      double[] expected =
          SoftmaxReference.backward(rows, classes, Doubles.of(y), Doubles.of(gradY));
      Tensor ys = bench.floats(y);
      Tensor gs = bench.floats(gradY);
      Tensor xs = bench.output(y.length);
      bench.run(() -> Softmax.backward(bench.stream(), rows, classes, ys, gs, xs));
      double[] allowed =
          RowTolerance.softmaxBackward(rows, classes, Doubles.of(y), Doubles.of(gradY));
      return bench.worst(expected, allowed, xs);
    };
  }
}
