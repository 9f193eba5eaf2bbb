package dev.azulejo.compare.gemm;

import dev.azulejo.compare.measure.ProblemList;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.GemmAlgorithm;
import dev.azulejo.ops.GemmProblem;
import java.io.IOException;
import java.util.List;

/**
 * A product C = op(A) op(B) to measure, row-major without gaps.
 *
 * @param name in the report
 * @param m rows of C
 * @param n columns of C
 * @param k length of each sum
 * @param transposeA whether A is stored k x m
 * @param transposeB whether B is stored n x k
 */
public record GemmCase(String name, int m, int n, int k, boolean transposeA, boolean transposeB) {
  private static final List<String> COLUMNS =
      List.of("name", "m", "n", "k", "transpose_a", "transpose_b", "why");

  /** Reads a list; see {@link ProblemList#read}. */
  public static List<GemmCase> read(String source) throws IOException {
    return ProblemList.read(source, COLUMNS).stream().map(GemmCase::of).toList();
  }

  private static GemmCase of(ProblemList.Line line) {
    return line.make(
        () -> {
          var problem =
              new GemmCase(
                  line.text("name"),
                  line.number("m", 1),
                  line.number("n", 1),
                  line.number("k", 1),
                  line.flag("transpose_a"),
                  line.flag("transpose_b"));
          problem.problem(GemmAlgorithm.AUTO);
          return problem;
        });
  }

  /** The problem for our library. */
  GemmProblem problem(GemmAlgorithm algorithm) {
    return GemmProblem.of(m, n, k)
        .transposeA(transposeA)
        .transposeB(transposeB)
        .algorithm(algorithm)
        .build();
  }

  /** The problem on matrices in BF16, whose rows are rounded up to multiples of 8 elements. */
  GemmProblem inBf16() {
    return GemmProblem.of(m, n, k)
        .leading(pitch(lda()), pitch(ldb()), pitch(n))
        .transposeA(transposeA)
        .transposeB(transposeB)
        .algorithm(GemmAlgorithm.HOPPER_BF16)
        .build();
  }

  private static long pitch(int row) {
    return Bf16Packing.pitch(row);
  }

  /** Floating-point operations. */
  public double flops() {
    return 2.0 * m * n * k;
  }

  /** Distance between the stored rows of A. */
  int lda() {
    return transposeA ? m : k;
  }

  /** Distance between the stored rows of B. */
  int ldb() {
    return transposeB ? k : n;
  }

  /** Sizes and what is transposed, such as {@code 64x128x3136 NT}. */
  public String sizes() {
    return m + "x" + n + "x" + k + " " + (transposeA ? "T" : "N") + (transposeB ? "T" : "N");
  }
}
