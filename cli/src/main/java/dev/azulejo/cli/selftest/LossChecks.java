package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Losses;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.LossReference;
import dev.azulejo.reference.RowTolerance;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SoftmaxReference;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** The losses with their gradients, and argmax. */
final class LossChecks {
  /** Rows and classes. */
  private static final int[][] MATRICES = {{1, 1}, {7, 3}, {64, 10}, {33, 17}, {3, 1000}};

  private static final float SCALE = 0.25f;

  private LossChecks() {}

  /** A trial for so many rows and classes. */
  private interface Body {
    Trial.Body of(int rows, int classes);
  }

  static List<Check> all() {
    return List.of(
        check("softmax_cross_entropy", LossChecks::softmaxCrossEntropy),
        check("sigmoid_cross_entropy", LossChecks::sigmoidCrossEntropy),
        check("mean_squared_error", LossChecks::meanSquaredError),
        check("argmax", LossChecks::argmax));
  }

  private static Check check(String operation, Body body) {
    List<Trial> trials = new ArrayList<>();
    for (int[] matrix : MATRICES) {
      String name = matrix[0] + " rows of " + matrix[1];
      trials.add(new Trial(name, body.of(matrix[0], matrix[1])));
    }
    return new Check(operation, "", trials);
  }

  private static Trial.Body softmaxCrossEntropy(int rows, int classes) {
    return bench -> {
      var samples = new Samples(39);
      float[] values = samples.uniform((long) rows * classes, 10);
      double[] x = Doubles.of(values);
      int[] labels = samples.labels(rows, classes);
      Tensor xs = bench.floats(values);
      Tensor ls = bench.ints(labels);
      Tensor losses = bench.output(rows);
      Tensor grad = bench.output(x.length);
      bench.run(
          () ->
              Losses.softmaxCrossEntropy(
                  bench.stream(), rows, classes, xs, ls, SCALE, losses, grad));
      double[] expected = LossReference.softmaxCrossEntropy(rows, classes, x, labels);
      double[] gradient = LossReference.softmaxCrossEntropyGrad(rows, classes, x, labels, SCALE);
      double[] p = SoftmaxReference.forward(rows, classes, x);
      return Math.max(
          bench.worst(expected, RowTolerance.losses(classes, expected), losses),
          bench.worst(
              gradient,
              RowTolerance.softmaxCrossEntropyGrad(rows, classes, x, p, gradient, SCALE),
              grad));
    };
  }

  private static Trial.Body sigmoidCrossEntropy(int rows, int classes) {
    return bench -> {
      var samples = new Samples(40);
      float[] values = samples.uniform((long) rows * classes, 10);
      float[] targets = samples.uniform((long) rows * classes);
      for (int i = 0; i < targets.length; i++) {
        targets[i] = i % 3 == 0 ? Math.abs(targets[i]) : i % 2;
      }
      double[] x = Doubles.of(values);
      double[] t = Doubles.of(targets);
      Tensor xs = bench.floats(values);
      Tensor ts = bench.floats(targets);
      Tensor losses = bench.output(rows);
      Tensor grad = bench.output(x.length);
      bench.run(
          () ->
              Losses.sigmoidCrossEntropy(
                  bench.stream(), rows, classes, xs, ts, SCALE, losses, grad));
      return Math.max(
          bench.worst(
              LossReference.sigmoidCrossEntropy(rows, classes, x, t),
              RowTolerance.sigmoidCrossEntropy(rows, classes, x),
              losses),
          bench.worst(
              LossReference.sigmoidCrossEntropyGrad(x, t, SCALE),
              RowTolerance.sigmoidCrossEntropyGrad(x.length, SCALE),
              grad));
    };
  }

  private static Trial.Body meanSquaredError(int rows, int columns) {
    return bench -> {
      var samples = new Samples(41);
      float[] values = samples.uniform((long) rows * columns);
      float[] targets = samples.uniform((long) rows * columns);
      double[] x = Doubles.of(values);
      double[] t = Doubles.of(targets);
      Tensor xs = bench.floats(values);
      Tensor ts = bench.floats(targets);
      Tensor losses = bench.output(rows);
      Tensor grad = bench.output(x.length);
      bench.run(
          () ->
              Losses.meanSquaredError(bench.stream(), rows, columns, xs, ts, SCALE, losses, grad));
      double[] expected = LossReference.meanSquaredError(rows, columns, x, t);
      return Math.max(
          bench.worst(expected, Tolerance.sums(columns + 4, expected), losses),
          bench.worst(
              LossReference.meanSquaredErrorGrad(columns, x, t, SCALE),
              RowTolerance.meanSquaredErrorGrad(columns, x, t, SCALE),
              grad));
    };
  }

  private static Trial.Body argmax(int rows, int classes) {
    return bench -> {
      var samples = new Samples(42);
      float[] x = samples.uniform((long) rows * classes);
      int[] labels = samples.labels(rows, classes);
      int[] expected = new int[rows];
      double[] hit = new double[rows];
      for (int r = 0; r < rows; r++) {
        for (int c = 1; c < classes; c++) {
          expected[r] = x[r * classes + c] > x[r * classes + expected[r]] ? c : expected[r];
        }
        hit[r] = expected[r] == labels[r] ? 1 : 0;
      }
      Tensor xs = bench.floats(x);
      Tensor ls = bench.ints(labels);
      Tensor predictions = bench.intOutput(rows);
      Tensor hits = bench.output(rows);
      bench.run(() -> Losses.argmax(bench.stream(), rows, classes, xs, ls, predictions, hits));
      return Math.max(bench.equal(expected, predictions), bench.exact(hit, hits));
    };
  }
}
