package dev.azulejo.reference;

/** C = alpha op(A) op(B) + beta C, row-major with leading dimensions. */
public final class GemmReference {
  private GemmReference() {}

  /** The new C; elements of the gaps between its rows keep their values. */
  public static double[] gemm(
      int m,
      int n,
      int k,
      boolean transposeA,
      int lda,
      double[] a,
      boolean transposeB,
      int ldb,
      double[] b,
      double alpha,
      double beta,
      int ldc,
      double[] c) {
    double[] result = c.clone();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int l = 0; l < k; l++) {
          double left = transposeA ? a[l * lda + i] : a[i * lda + l];
          double right = transposeB ? b[j * ldb + l] : b[l * ldb + j];
          sum += left * right;
        }
        result[i * ldc + j] = alpha * sum + (beta == 0 ? 0 : beta * c[i * ldc + j]);
      }
    }
    return result;
  }
}
