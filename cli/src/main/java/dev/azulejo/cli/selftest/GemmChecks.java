package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Gemm;
import dev.azulejo.ops.GemmAlgorithm;
import dev.azulejo.ops.GemmBatch;
import dev.azulejo.ops.GemmProblem;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmCase;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** gemm and gemm_batched, by every rung of the ladder that the device has. */
final class GemmChecks {
  private static final int PRODUCTS = 3;

  private GemmChecks() {}

  static List<Check> all(DeviceInfo device) {
    List<Check> checks = new ArrayList<>();
    for (GemmAlgorithm algorithm : GemmAlgorithm.values()) {
      if (algorithm.runsOn(device)) {
        checks.add(check("gemm", algorithm, 1));
        checks.add(check("gemm_batched", algorithm, PRODUCTS));
      }
    }
    return checks;
  }

  private static Check check(String operation, GemmAlgorithm algorithm, int products) {
    List<Trial> trials =
        GemmCase.all().stream()
            .filter(c -> c.fits(algorithm))
            .map(c -> new Trial(c.name(), product(c, algorithm, products)))
            .toList();
    return new Check(operation, algorithm.name(), trials);
  }

  private static Trial.Body product(GemmCase c, GemmAlgorithm algorithm, int products) {
    return bench -> {
      GemmProblem problem = c.problem(algorithm);
      GemmBatch batch = GemmBatch.contiguous(products, problem);
      var samples = new Samples(24);
      float[] a = samples.uniform(batch.countA(problem));
      float[] b = samples.uniform(batch.countB(problem));
      float[] old = samples.uniform(batch.countC(problem));
      double[] expected = new double[old.length];
      double[] magnitude = new double[old.length];
      for (int i = 0; i < products; i++) {
        double[] ai = part(a, i, problem.countA());
        double[] bi = part(b, i, problem.countB());
        double[] ci = part(old, i, problem.countC());
        int at = Math.toIntExact(i * problem.countC());
        System.arraycopy(c.reference(ai, bi, ci), 0, expected, at, ci.length);
        System.arraycopy(c.magnitude(ai, bi, ci), 0, magnitude, at, ci.length);
      }
      Tensor as = bench.floats(a);
      Tensor bs = bench.floats(b);
      Tensor cs = bench.floats(old);
      bench.run(
          () -> {
            if (products == 1) {
              Gemm.gemm(bench.stream(), problem, as, bs, cs);
            } else {
              Gemm.gemmBatched(bench.stream(), problem, batch, as, bs, cs);
            }
          });
      double[] allowed = Tolerance.sums(algorithm.precision(), c.terms(), magnitude);
      return bench.worst(expected, allowed, cs);
    };
  }

  private static double[] part(float[] all, int product, long count) {
    int from = Math.toIntExact(product * count);
    return Doubles.of(Arrays.copyOfRange(all, from, Math.toIntExact(from + count)));
  }
}
