package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.AdamSettings;
import dev.azulejo.ops.Optimizers;
import dev.azulejo.ops.SgdSettings;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.OptimizerReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** The optimisers, over several steps. */
final class OptimizerChecks {
  private static final int STEPS = 3;
  private static final float RATE = 0.05f;
  private static final float DECAY = 0.01f;

  private OptimizerChecks() {}

  static List<Check> all() {
    return List.of(
        check("sgd", "momentum", count -> sgd(count, 0.9f, false)),
        check("sgd", "Nesterov", count -> sgd(count, 0.9f, true)),
        check("adam", "Adam", count -> adam(count, false)),
        check("adam", "AdamW", count -> adam(count, true)));
  }

  private static Check check(String operation, String form, IntFunction<Trial.Body> body) {
    List<Trial> trials =
        List.of(1, 1023, 70_001).stream()
            .map(count -> new Trial("count " + count, body.apply(count)))
            .toList();
    return new Check(operation, form, trials);
  }

  private static Trial.Body sgd(int count, float momentum, boolean nesterov) {
    return bench -> {
      var samples = new Samples(43);
      float[] start = samples.uniform(count);
      double[] w = Doubles.of(start);
      double[] v = new double[count];
      Tensor ws = bench.floats(start);
      Tensor vs = bench.floats(new float[count]);
      try (SgdSettings settings = new SgdSettings(bench.stream().device())) {
        settings.set(bench.stream(), RATE, momentum, DECAY, nesterov);
        for (int step = 0; step < STEPS; step++) {
          float[] g = samples.uniform(count);
          Tensor gs = bench.floats(g);
          bench.run(() -> Optimizers.sgd(bench.stream(), settings, count, gs, ws, vs));
          OptimizerReference.sgd(RATE, momentum, DECAY, nesterov, Doubles.of(g), w, v);
        }
      }
      // |g'| <= 1.2, |v| <= 1.2 / (1 - momentum); each step rounds a few times at that size.
      double size = 1.2 / (1 - momentum);
      double u = 8 * STEPS * Tolerance.U;
      return Math.max(
          bench.worst(w, all(count, u * (2 + size)), ws), bench.worst(v, all(count, u * size), vs));
    };
  }

  private static Trial.Body adam(int count, boolean decoupled) {
    float beta1 = 0.9f;
    float beta2 = 0.999f;
    float epsilon = 1e-8f;
    return bench -> {
      var samples = new Samples(44);
      float[] start = samples.uniform(count);
      double[] w = Doubles.of(start);
      double[] m = new double[count];
      double[] v = new double[count];
      Tensor ws = bench.floats(start);
      Tensor ms = bench.floats(new float[count]);
      Tensor vs = bench.floats(new float[count]);
      try (AdamSettings settings = new AdamSettings(bench.stream().device())) {
        for (int step = 1; step <= STEPS; step++) {
          float[] g = samples.uniform(count);
          Tensor gs = bench.floats(g);
          settings.set(bench.stream(), RATE, beta1, beta2, epsilon, DECAY, decoupled, step);
          bench.run(() -> Optimizers.adam(bench.stream(), settings, count, gs, ws, ms, vs));
          OptimizerReference.adam(
              RATE, beta1, beta2, epsilon, DECAY, decoupled, step, Doubles.of(g), w, m, v);
        }
      }
      // A step is a few learning rates at most; where a gradient is near 0 the quotient may be
      // small and its error still that of m.
      double stepError = 64 * Tolerance.U * RATE / Math.sqrt(1 - beta2);
      double moments = 8 * STEPS * Tolerance.U;
      return Math.max(
          bench.worst(w, all(count, STEPS * (stepError + 8 * Tolerance.U)), ws),
          Math.max(
              bench.worst(m, all(count, moments), ms), bench.worst(v, all(count, moments), vs)));
    };
  }

  private static double[] all(int count, double tolerance) {
    double[] tolerances = new double[count];
    Arrays.fill(tolerances, tolerance);
    return tolerances;
  }
}
