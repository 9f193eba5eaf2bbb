package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** copy, fill, scale, axpy and sum. */
final class ElementwiseChecks {
  private static final float ALPHA = 0.75f;
  private static final float BETA = -0.5f;

  private ElementwiseChecks() {}

  static List<Check> all() {
    return List.of(
        check("copy", ElementwiseChecks::copy),
        check("fill", ElementwiseChecks::fill),
        check("scale", ElementwiseChecks::scale),
        check("axpy", ElementwiseChecks::axpy),
        check("sum", ElementwiseChecks::sum));
  }

  private static Check check(String operation, IntFunction<Trial.Body> body) {
    List<Trial> trials =
        List.of(1, 31, 1024, 70_001).stream()
            .map(count -> new Trial("count " + count, body.apply(count)))
            .toList();
    return new Check(operation, "", trials);
  }

  private static Trial.Body copy(int count) {
    return bench -> {
      float[] x = new Samples(20).uniform(count);
      Tensor from = bench.floats(x);
      Tensor to = bench.output(count);
      bench.run(() -> to.copyFrom(bench.stream(), from, count));
      return bench.exact(Doubles.of(x), to);
    };
  }

  private static Trial.Body fill(int count) {
    return bench -> {
      Tensor x = bench.output(count);
      bench.run(() -> Elementwise.fill(bench.stream(), count, ALPHA, x));
      double[] expected = new double[count];
      Arrays.fill(expected, ALPHA);
      return bench.exact(expected, x);
    };
  }

  private static Trial.Body scale(int count) {
    return bench -> {
      double[] values = new double[count];
      float[] x = new Samples(21).uniform(count);
      Arrays.setAll(values, i -> (double) ALPHA * x[i]);
      Tensor xs = bench.floats(x);
      bench.run(() -> Elementwise.scale(bench.stream(), count, ALPHA, xs));
      return bench.worst(values, Tolerance.sums(1, Doubles.abs(values)), xs);
    };
  }

  private static Trial.Body axpy(int count) {
    return bench -> {
      var samples = new Samples(22);
      float[] x = samples.uniform(count);
      float[] y = samples.uniform(count);
      double[] expected = new double[count];
      double[] magnitude = new double[count];
      for (int i = 0; i < count; i++) {
        expected[i] = y[i] + (double) ALPHA * x[i];
        magnitude[i] = Math.abs(y[i]) + Math.abs((double) ALPHA * x[i]);
      }
      Tensor xs = bench.floats(x);
      Tensor ys = bench.floats(y);
      bench.run(() -> Elementwise.axpy(bench.stream(), count, ALPHA, xs, ys));
      return bench.worst(expected, Tolerance.sums(2, magnitude), ys);
    };
  }

  private static Trial.Body sum(int count) {
    return bench -> {
      float[] x = new Samples(23).uniform(count);
      double sum = Arrays.stream(Doubles.of(x)).sum();
      double magnitude = Arrays.stream(Doubles.of(x)).map(Math::abs).sum();
      Tensor xs = bench.floats(x);
      Tensor result = bench.floats(new float[] {2});
      bench.run(() -> Elementwise.sum(bench.stream(), count, ALPHA, xs, BETA, result));
      return bench.worst(
          new double[] {ALPHA * sum + BETA * 2},
          Tolerance.sums(count + 1, new double[] {ALPHA * magnitude + Math.abs(BETA) * 2}),
          result);
    };
  }
}
