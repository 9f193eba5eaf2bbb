package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmCase;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * GEMM against the float64 reference, over every line of the problem list and every rung of the
 * ladder that the device has, single and batched. The gaps between the rows of A and B hold NaN,
 * which must not be read; those of C must not be written. Rows T15-T18.
 */
class GemmConformanceTest extends DeviceTest {
  static List<GemmCase> cases() {
    return GemmCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gemmT15T18(GemmCase c) {
    var operands = new Operands(c, GemmBatch.contiguous(1, c.problem(GemmAlgorithm.AUTO)));
    for (GemmAlgorithm algorithm : c.algorithms(device.info())) {
      GemmProblem problem = c.problem(algorithm);
      for (Stream s : teams()) {
        operands.check(s, problem, (a, b, d) -> Gemm.gemm(s, problem, a, b, d));
      }
    }
  }

  /** A batch is a matter of addresses: what is larger than a tile is left to single products. */
  static List<GemmCase> smallCases() {
    return GemmCase.all().stream().filter(c -> c.m() * c.n() <= 65 * 65).toList();
  }

  /** Three products: contiguous, one B for all, one A for all; with gaps between the matrices. */
  @ParameterizedTest
  @MethodSource("smallCases")
  void gemmBatchedT18(GemmCase c) {
    GemmProblem any = c.problem(GemmAlgorithm.AUTO);
    long a = any.countA() + 5;
    long b = any.countB() + 3;
    for (GemmBatch batch :
        List.of(
            GemmBatch.contiguous(3, any),
            new GemmBatch(2, a, 0, any.countC() + 1),
            new GemmBatch(3, 0, b, any.countC() + 4))) {
      var operands = new Operands(c, batch);
      for (GemmAlgorithm algorithm : c.algorithms(device.info())) {
        GemmProblem problem = c.problem(algorithm);
        for (Stream s : teams()) {
          operands.check(s, problem, (x, y, z) -> Gemm.gemmBatched(s, problem, batch, x, y, z));
        }
      }
    }
  }

  /** AUTO has an algorithm of full precision; a named one is what it is. */
  @ParameterizedTest
  @MethodSource("cases")
  void choiceT18(GemmCase c) {
    for (GemmAlgorithm algorithm : c.algorithms(device.info())) {
      GemmAlgorithm choice = Gemm.choice(stream, c.problem(algorithm), 1);
      if (algorithm != GemmAlgorithm.AUTO) {
        assertEquals(algorithm, choice);
      } else if (kind == DeviceKind.CPU) {
        assertEquals(GemmAlgorithm.AUTO, choice);
      } else {
        assertNotEquals(GemmAlgorithm.AUTO, choice);
        assertEquals(Precision.FLOAT32, choice.precision());
      }
    }
  }

  /** A product of device tensors. */
  private interface Product {
    void run(Tensor a, Tensor b, Tensor c);
  }

  /** The matrices of a batch, NaN in all gaps, and what their products are. */
  private static final class Operands {
    private final GemmCase c;
    private final float[] a;
    private final float[] b;
    private final float[] old;
    private final double[] expected;
    private final double[] magnitude;

    Operands(GemmCase c, GemmBatch batch) {
      this.c = c;
      GemmProblem problem = c.problem(GemmAlgorithm.AUTO);
      var samples = new Samples(13);
      a = new float[(int) batch.countA(problem)];
      b = new float[(int) batch.countB(problem)];
      old = new float[(int) batch.countC(problem)];
      expected = new double[old.length];
      magnitude = new double[old.length];
      for (float[] matrix : List.of(a, b, old)) {
        Arrays.fill(matrix, Float.NaN);
      }
      Arrays.fill(expected, Double.NaN); // stays where nothing is written
      for (int i = 0; i < batch.count(); i++) {
        put(samples, problem.countA(), c.rowA(), c.lda(), a, i * batch.strideA());
        put(samples, problem.countB(), c.rowB(), c.ldb(), b, i * batch.strideB());
        put(samples, problem.countC(), c.n(), c.ldc(), old, i * batch.strideC());
      }
      for (int i = 0; i < batch.count(); i++) {
        double[] ai = part(a, i * batch.strideA(), problem.countA());
        double[] bi = part(b, i * batch.strideB(), problem.countB());
        double[] ci = part(old, i * batch.strideC(), problem.countC());
        double[] result = c.reference(ai, bi, ci);
        double[] magnitudes = c.magnitude(ai, bi, ci);
        int at = (int) (i * batch.strideC());
        for (int j = 0; j < result.length; j++) {
          if (j % c.ldc() < c.n()) {
            expected[at + j] = result[j];
            magnitude[at + j] = magnitudes[j];
          }
        }
      }
      if (c.beta() == 0) {
        Arrays.fill(old, Float.NaN); // poison: C is not read
      }
    }

    /** Runs a product twice: within tolerance, gaps untouched, the same bits. */
    void check(Stream s, GemmProblem problem, Product product) {
      try (Guarded da = Guarded.of(s, "A", a);
          Guarded db = Guarded.of(s, "B", b);
          Guarded first = Guarded.of(s, "C", old);
          Guarded second = Guarded.of(s, "C", old)) {
        product.run(da.floats(), db.floats(), first.floats());
        product.run(da.floats(), db.floats(), second.floats());
        float[] result = first.written();
        for (int i = 0; i < result.length; i++) {
          String where = problem + ", " + s.threads() + " threads, C[" + i + "]";
          if (Double.isNaN(expected[i])) {
            Agreement.check(where + ", a gap", 1, 0, Float.isNaN(result[i]) ? 1 : 0);
          } else {
            double allowed =
                Tolerance.sum(problem.algorithm().precision(), c.terms(), magnitude[i]);
            Agreement.check(where, expected[i], allowed, result[i]);
          }
        }
        assertArrayEquals(first.writtenInts(), second.writtenInts(), "bits of a second run");
        da.assertUnchanged();
        db.assertUnchanged();
      }
    }

    /** Writes a matrix, but for the gaps between its rows. */
    private static void put(
        Samples samples, long count, int row, int leading, float[] matrices, long at) {
      float[] values = samples.uniform(count);
      for (int i = 0; i < values.length; i++) {
        if (i % leading < row) {
          matrices[(int) at + i] = values[i];
        }
      }
    }

    private static double[] part(float[] matrices, long at, long count) {
      return Doubles.of(Arrays.copyOfRange(matrices, (int) at, (int) (at + count)));
    }
  }
}
