package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_gemm_desc;
import dev.azulejo.device.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A matrix product C = alpha op(A) op(B) + beta C with op(A) m x k, op(B) k x n and C m x n, all
 * row-major. A is stored m x k, or k x m when transposed; B likewise.
 *
 * <p>Immutable.
 */
public final class GemmProblem {
  private final MemorySegment descriptor = azj_gemm_desc.allocate(Arena.ofAuto());
  private final long m;
  private final long n;
  private final long k;
  private final long countA;
  private final long countB;
  private final long countC;
  private final GemmAlgorithm algorithm;

  GemmProblem(
      long m,
      long n,
      long k,
      long lda,
      long ldb,
      long ldc,
      boolean transposeA,
      boolean transposeB,
      float alpha,
      float beta,
      GemmAlgorithm algorithm,
      Precision precision) {
    this.algorithm = algorithm;
    this.m = Sizes.atLeast(1, m, "m");
    this.n = Sizes.atLeast(1, n, "n");
    this.k = Sizes.atLeast(1, k, "k");
    long rowA = transposeA ? m : k;
    long rowB = transposeB ? k : n;
    long strideA = leading(lda, rowA, "lda");
    long strideB = leading(ldb, rowB, "ldb");
    long strideC = leading(ldc, n, "ldc");
    countA = stored(transposeA ? k : m, strideA, rowA, "A", "lda");
    countB = stored(transposeB ? n : k, strideB, rowB, "B", "ldb");
    countC = stored(m, strideC, n, "C", "ldc");
    azj_gemm_desc.m(descriptor, m);
    azj_gemm_desc.n(descriptor, n);
    azj_gemm_desc.k(descriptor, k);
    azj_gemm_desc.lda(descriptor, strideA);
    azj_gemm_desc.ldb(descriptor, strideB);
    azj_gemm_desc.ldc(descriptor, strideC);
    azj_gemm_desc.transpose_a(descriptor, transposeA ? 1 : 0);
    azj_gemm_desc.transpose_b(descriptor, transposeB ? 1 : 0);
    azj_gemm_desc.alpha(descriptor, alpha);
    azj_gemm_desc.beta(descriptor, beta);
    azj_gemm_desc.algorithm(descriptor, algorithm.code());
    azj_gemm_desc.precision(descriptor, precision.code());
  }

  /** Begins a product of an m x k by a k x n matrix. */
  public static GemmBuilder of(long m, long n, long k) {
    return new GemmBuilder(m, n, k);
  }

  /** Rows of C. */
  public long m() {
    return m;
  }

  /** Columns of C. */
  public long n() {
    return n;
  }

  /** Length of each sum. */
  public long k() {
    return k;
  }

  /** The algorithm asked for. */
  public GemmAlgorithm algorithm() {
    return algorithm;
  }

  /** Elements from A's first to its last, gaps between rows included. */
  public long countA() {
    return countA;
  }

  /** Elements from B's first to its last. */
  public long countB() {
    return countB;
  }

  /** Elements from C's first to its last. */
  public long countC() {
    return countC;
  }

  /** The problem in words. */
  @Override
  public String toString() {
    return "GEMM m " + m + ", n " + n + ", k " + k + ", " + algorithm;
  }

  /** The C struct. */
  MemorySegment descriptor() {
    return descriptor;
  }

  private static long leading(long given, long row, String name) {
    if (given != 0 && given < row) {
      throw new IllegalArgumentException(
          name + " must be at least the length of a stored row, " + row + ", was " + given);
    }
    return given == 0 ? row : given;
  }

  private static long stored(long rows, long stride, long row, String name, String strideName) {
    long gaps = Sizes.multiply(rows - 1, "(stored rows of " + name + " - 1)", stride, strideName);
    long count = Sizes.add(gaps, "(stored rows of " + name + " - 1) * " + strideName, row, "a row");
    Sizes.bytes(count, name);
    return count;
  }
}
