package dev.azulejo.reference;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.GemmAlgorithm;
import dev.azulejo.ops.GemmProblem;
import java.util.Arrays;
import java.util.List;

/**
 * A line of gemm-small.csv: sizes, elements between the stored rows, transposes and factors.
 *
 * @param name the line's name
 * @param m rows of C
 * @param n columns of C
 * @param k length of each sum
 * @param gapA elements between A's stored rows
 * @param gapB elements between B's stored rows
 * @param gapC elements between C's rows
 * @param transposeA whether A is stored k x m
 * @param transposeB whether B is stored n x k
 * @param alpha factor of the product
 * @param beta factor of the old C
 */
public record GemmCase(
    String name,
    int m,
    int n,
    int k,
    int gapA,
    int gapB,
    int gapC,
    boolean transposeA,
    boolean transposeB,
    float alpha,
    float beta) {
  /** Elements of C that the rungs of one block compute at most, row T18. */
  private static final long ONE_BLOCK_ELEMENTS = 1024;

  /** All of them. */
  public static List<GemmCase> all() {
    return Shapes.read("gemm-small.csv").stream()
        .map(
            line ->
                new GemmCase(
                    line.toString(),
                    line.get("m"),
                    line.get("n"),
                    line.get("k"),
                    line.get("gap_a"),
                    line.get("gap_b"),
                    line.get("gap_c"),
                    line.get("transpose_a") == 1,
                    line.get("transpose_b") == 1,
                    line.number("alpha"),
                    line.number("beta")))
        .toList();
  }

  /** The algorithms of a device that do it. */
  public List<GemmAlgorithm> algorithms(DeviceInfo device) {
    return Arrays.stream(GemmAlgorithm.values())
        .filter(algorithm -> algorithm.runsOn(device) && fits(algorithm))
        .toList();
  }

  /** Whether the problem is within an algorithm's limits. */
  public boolean fits(GemmAlgorithm algorithm) {
    return switch (algorithm) {
      case ONE_BLOCK, ONE_BLOCK_SHARED -> (long) m * n <= ONE_BLOCK_ELEMENTS;
      default -> true;
    };
  }

  /** The problem, computed by an algorithm. */
  public GemmProblem problem(GemmAlgorithm algorithm) {
    return GemmProblem.of(m, n, k)
        .leading(lda(), ldb(), ldc())
        .transposeA(transposeA)
        .transposeB(transposeB)
        .alpha(alpha)
        .beta(beta)
        .algorithm(algorithm)
        .build();
  }

  /** The same with strides between stored rows that are multiples of 8, which BF16 needs. */
  public GemmCase inBf16() {
    return new GemmCase(
        name,
        m,
        n,
        k,
        (int) Bf16Packing.pitch(lda()) - rowA(),
        (int) Bf16Packing.pitch(ldb()) - rowB(),
        (int) Bf16Packing.pitch(ldc()) - n,
        transposeA,
        transposeB,
        alpha,
        beta);
  }

  /** C in float64; elements between its rows keep their values. */
  public double[] reference(double[] a, double[] b, double[] c) {
    return gemm(a, b, alpha, beta, c);
  }

  /** The sums of the absolute values of the terms of each element of C. */
  public double[] magnitude(double[] a, double[] b, double[] c) {
    return gemm(Doubles.abs(a), Doubles.abs(b), Math.abs(alpha), Math.abs(beta), Doubles.abs(c));
  }

  /** Terms of each sum, the old C among them. */
  public double terms() {
    return k + 1;
  }

  /** Elements from one stored row of A to the next. */
  public int lda() {
    return rowA() + gapA;
  }

  /** Elements from one stored row of B to the next. */
  public int ldb() {
    return rowB() + gapB;
  }

  /** Elements from one row of C to the next. */
  public int ldc() {
    return n + gapC;
  }

  /** Length of a stored row of A. */
  public int rowA() {
    return transposeA ? m : k;
  }

  /** Length of a stored row of B. */
  public int rowB() {
    return transposeB ? k : n;
  }

  @Override
  public String toString() {
    return name;
  }

  private double[] gemm(double[] a, double[] b, double alpha, double beta, double[] c) {
    return GemmReference.gemm(
        m, n, k, transposeA, lda(), a, transposeB, ldb(), b, alpha, beta, ldc(), c);
  }
}
