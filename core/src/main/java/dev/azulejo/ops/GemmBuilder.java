package dev.azulejo.ops;

import java.util.Objects;

/**
 * Builds a {@link GemmProblem}. Begins as: nothing transposed, rows stored without gaps, alpha 1,
 * beta 0, algorithm AUTO in full float32. Values are checked by {@link #build}.
 */
public final class GemmBuilder {
  private final long m;
  private final long n;
  private final long k;
  private long lda;
  private long ldb;
  private long ldc;
  private boolean transposeA;
  private boolean transposeB;
  private float alpha = 1;
  private float beta;
  private GemmAlgorithm algorithm = GemmAlgorithm.AUTO;
  private Precision precision = Precision.FLOAT32;

  GemmBuilder(long m, long n, long k) {
    this.m = m;
    this.n = n;
    this.k = k;
  }

  /** A is stored k x m. */
  public GemmBuilder transposeA(boolean transpose) {
    transposeA = transpose;
    return this;
  }

  /** B is stored n x k. */
  public GemmBuilder transposeB(boolean transpose) {
    transposeB = transpose;
    return this;
  }

  /** Elements from one stored row of A, B and C to the next; 0: the rows lie without gaps. */
  public GemmBuilder leading(long lda, long ldb, long ldc) {
    this.lda = lda;
    this.ldb = ldb;
    this.ldc = ldc;
    return this;
  }

  /** The factor of the product. */
  public GemmBuilder alpha(float alpha) {
    this.alpha = alpha;
    return this;
  }

  /** The factor of the old C; 0: C is not read. */
  public GemmBuilder beta(float beta) {
    this.beta = beta;
    return this;
  }

  /** How the product is computed. */
  public GemmBuilder algorithm(GemmAlgorithm algorithm) {
    this.algorithm = Objects.requireNonNull(algorithm, "algorithm");
    return this;
  }

  /** What AUTO may round the factors to, at most. */
  public GemmBuilder precision(Precision precision) {
    this.precision = Objects.requireNonNull(precision, "precision");
    return this;
  }

  /**
   * The problem.
   *
   * @throws IllegalArgumentException where a size is less than 1, a leading dimension is less than
   *     its row, or a product does not fit 64 bits
   */
  public GemmProblem build() {
    return new GemmProblem(
        m, n, k, lda, ldb, ldc, transposeA, transposeB, alpha, beta, algorithm, precision);
  }
}
