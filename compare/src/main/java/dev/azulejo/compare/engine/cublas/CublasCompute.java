package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.engine.Precision;

/**
 * What cuBLAS may do to the factors of a product; sums are float32 ({@code cublasComputeType_t}).
 */
public enum CublasCompute {
  /** Float32 throughout, any algorithm. */
  CUBLAS_COMPUTE_32F(cublas_h.CUBLAS_COMPUTE_32F()),
  /** Float32 throughout, without rearrangements of the arithmetic. */
  CUBLAS_COMPUTE_32F_PEDANTIC(cublas_h.CUBLAS_COMPUTE_32F_PEDANTIC()),
  /** Factors may be rounded to TF32. */
  CUBLAS_COMPUTE_32F_FAST_TF32(cublas_h.CUBLAS_COMPUTE_32F_FAST_TF32()),
  /** Factors may be rounded to bfloat16. */
  CUBLAS_COMPUTE_32F_FAST_16BF(cublas_h.CUBLAS_COMPUTE_32F_FAST_16BF());

  private final int code;

  CublasCompute(int code) {
    this.code = code;
  }

  /** How the engine computes in a precision: float32 is pedantic. */
  public static CublasCompute of(Precision precision) {
    return switch (precision) {
      case FP32 -> CUBLAS_COMPUTE_32F_PEDANTIC;
      case TF32 -> CUBLAS_COMPUTE_32F_FAST_TF32;
      case BF16 -> CUBLAS_COMPUTE_32F_FAST_16BF;
    };
  }

  /** {@code cublasComputeType_t}. */
  int code() {
    return code;
  }
}
