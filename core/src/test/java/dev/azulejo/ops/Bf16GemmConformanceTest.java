package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmCase;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Products of matrices in BF16 against the float64 reference, over every line of the problem list.
 * The gaps between the rows of A and B hold NaN, which must not be read; those of C must not be
 * written.
 */
class Bf16GemmConformanceTest extends Bf16DeviceTest {
  private static final short NAN = 0x7fc1;

  static List<GemmCase> cases() {
    return GemmCase.all().stream().map(GemmCase::inBf16).toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gemm(GemmCase c) {
    GemmProblem problem = c.problem(GemmAlgorithm.AUTO);
    var samples = new Samples(52);
    short[] a = matrix(samples, problem.countA(), c.rowA(), c.lda());
    short[] b = matrix(samples, problem.countB(), c.rowB(), c.ldb());
    short[] old = matrix(samples, problem.countC(), c.n(), c.ldc());
    double[] as = Doubles.of(Bf16.toFloats(a));
    double[] bs = Doubles.of(Bf16.toFloats(b));
    double[] cs = Doubles.of(Bf16.toFloats(old));
    double[] expected = c.reference(as, bs, cs);
    double[] errors = Tolerance.cutOffSums(c.terms(), c.magnitude(as, bs, cs));
    if (c.beta() == 0) {
      java.util.Arrays.fill(old, NAN); // C is not read
    }
    try (GuardedBf16 da = GuardedBf16.of(stream, "A", a);
        GuardedBf16 db = GuardedBf16.of(stream, "B", b);
        GuardedBf16 first = GuardedBf16.of(stream, "C", old);
        GuardedBf16 second = GuardedBf16.of(stream, "C", old)) {
      if (!runsOnHopper(
          () -> Bf16Gemm.gemm(stream, problem, da.tensor(), db.tensor(), first.tensor()))) {
        return;
      }
      short[] result = first.written();
      for (int i = 0; i < result.length; i++) {
        String where = problem + ", C[" + i + "]";
        if (i % c.ldc() < c.n()) {
          double allowed = Tolerance.storedBf16(expected[i], errors[i]);
          Agreement.check(where, expected[i], allowed, Bf16.toFloat(result[i]));
        } else {
          assertEquals(NAN, result[i], where + ", a gap");
        }
      }
      Bf16Gemm.gemm(stream, problem, da.tensor(), db.tensor(), second.tensor());
      same("C", first, second);
      da.assertUnchanged();
      db.assertUnchanged();
    }
  }

  /** NaN in the gaps between the rows. */
  private static short[] matrix(Samples samples, long count, int row, int leading) {
    short[] values = Bf16.of(samples.uniform(count));
    for (int i = 0; i < values.length; i++) {
      if (i % leading >= row) {
        values[i] = NAN;
      }
    }
    return values;
  }
}
