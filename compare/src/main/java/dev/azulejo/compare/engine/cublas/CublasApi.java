package dev.azulejo.compare.engine.cublas;

import java.lang.foreign.MemorySegment;

/**
 * The functions of cuBLAS that the engine calls, as the C header has them; all that return an int
 * return a {@code cublasStatus_t}.
 */
public interface CublasApi {
  /** {@code cublasCreate}. */
  int create(MemorySegment handle);

  /** {@code cublasDestroy}. */
  int destroy(MemorySegment handle);

  /** {@code cublasSetStream}. */
  int setStream(MemorySegment handle, MemorySegment stream);

  /** {@code cublasSetWorkspace}. */
  int setWorkspace(MemorySegment handle, MemorySegment workspace, long bytes);

  /** {@code cublasGemmEx}: column-major. */
  int gemm(
      MemorySegment handle,
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      MemorySegment alpha,
      MemorySegment a,
      int aType,
      int lda,
      MemorySegment b,
      int bType,
      int ldb,
      MemorySegment beta,
      MemorySegment c,
      int cType,
      int ldc,
      int computeType,
      int algorithm);

  /** The library's version, for messages. */
  String version();

  /** {@code cublasGetStatusName} and {@code cublasGetStatusString}. */
  String statusString(int status);
}
