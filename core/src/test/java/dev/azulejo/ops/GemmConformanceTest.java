package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Shapes;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * GEMM against the float64 reference, over every line of the problem list. The gaps between the
 * rows of A and B hold NaN, which must not be read; those of C must not be written. Under rows
 * T15-T17.
 */
class GemmConformanceTest extends DeviceTest {
  record Case(
      String name,
      int m,
      int n,
      int k,
      int gapA,
      int gapB,
      int gapC,
      boolean ta,
      boolean tb,
      float alpha,
      float beta) {
    int lda() {
      return (ta ? m : k) + gapA;
    }

    int ldb() {
      return (tb ? k : n) + gapB;
    }

    int ldc() {
      return n + gapC;
    }

    GemmProblem problem() {
      return GemmProblem.of(m, n, k)
          .leading(lda(), ldb(), ldc())
          .transposeA(ta)
          .transposeB(tb)
          .alpha(alpha)
          .beta(beta)
          .build();
    }

    double[] reference(double[] a, double[] b, double[] c, double alpha, double beta) {
      return GemmReference.gemm(m, n, k, ta, lda(), a, tb, ldb(), b, alpha, beta, ldc(), c);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> cases() {
    return Shapes.read("gemm-small.csv").stream()
        .map(
            l ->
                new Case(
                    l.toString(),
                    l.get("m"),
                    l.get("n"),
                    l.get("k"),
                    l.get("gap_a"),
                    l.get("gap_b"),
                    l.get("gap_c"),
                    l.get("transpose_a") == 1,
                    l.get("transpose_b") == 1,
                    l.number("alpha"),
                    l.number("beta")))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gemmT15(Case c) {
    var samples = new Samples(13);
    GemmProblem problem = c.problem();
    float[] a = withGaps(samples.uniform(problem.countA()), c.ta ? c.m : c.k, c.lda());
    float[] b = withGaps(samples.uniform(problem.countB()), c.tb ? c.k : c.n, c.ldb());
    float[] old = withGaps(samples.uniform(problem.countC()), c.n, c.ldc());
    if (c.beta == 0) {
      // Poison: C is not read.
      java.util.Arrays.fill(old, Float.NaN);
    }
    double[] expected = c.reference(Doubles.of(a), Doubles.of(b), Doubles.of(old), c.alpha, c.beta);
    double[] magnitude =
        c.reference(
            Doubles.abs(Doubles.of(a)),
            Doubles.abs(Doubles.of(b)),
            Doubles.abs(Doubles.of(old)),
            Math.abs(c.alpha),
            Math.abs(c.beta));
    for (Stream s : teams()) {
      try (Guarded da = Guarded.of(s, "A", a);
          Guarded db = Guarded.of(s, "B", b);
          Guarded first = Guarded.of(s, "C", old);
          Guarded second = Guarded.of(s, "C", old)) {
        Gemm.gemm(s, problem, da.floats(), db.floats(), first.floats());
        Gemm.gemm(s, problem, da.floats(), db.floats(), second.floats());
        float[] result = first.written();
        for (int i = 0; i < result.length; i++) {
          if (i % c.ldc() < c.n) {
            Agreement.check(
                "C[" + i / c.ldc() + "][" + i % c.ldc() + "], " + s.threads() + " threads",
                expected[i],
                Tolerance.sum(c.k + 1, magnitude[i]),
                result[i]);
          } else {
            Agreement.check("gap of C", 1, 0, Float.isNaN(result[i]) ? 1 : 0);
          }
        }
        assertArrayEquals(first.writtenInts(), second.writtenInts(), "bits of a second run");
        da.assertUnchanged();
        db.assertUnchanged();
      }
    }
  }

  /** NaN in the gaps between rows. */
  private static float[] withGaps(float[] values, int row, int leading) {
    for (int i = 0; i < values.length; i++) {
      if (i % leading >= row) {
        values[i] = Float.NaN;
      }
    }
    return values;
  }
}
