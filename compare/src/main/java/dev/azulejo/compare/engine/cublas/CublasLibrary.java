package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.cublas.cublas_h;
import java.lang.foreign.MemorySegment;

/** The functions of the cuBLAS that {@link VendorLibrary#CUBLAS} loaded. */
final class CublasLibrary implements CublasApi {
  @Override
  public int create(MemorySegment handle) {
    return cublas_h.cublasCreate_v2(handle);
  }

  @Override
  public int destroy(MemorySegment handle) {
    return cublas_h.cublasDestroy_v2(handle);
  }

  @Override
  public int setStream(MemorySegment handle, MemorySegment stream) {
    return cublas_h.cublasSetStream_v2(handle, stream);
  }

  @Override
  public int setWorkspace(MemorySegment handle, MemorySegment workspace, long bytes) {
    return cublas_h.cublasSetWorkspace_v2(handle, workspace, bytes);
  }

  @Override
  public int gemm(
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
      int algorithm) {
    return cublas_h.cublasGemmEx(
        handle,
        transposeA,
        transposeB,
        m,
        n,
        k,
        alpha,
        a,
        aType,
        lda,
        b,
        bType,
        ldb,
        beta,
        c,
        cType,
        ldc,
        computeType,
        algorithm);
  }

  @Override
  public String version() {
    return VendorLibrary.CUBLAS.version();
  }

  @Override
  public String statusString(int status) {
    return cublas_h.cublasGetStatusName(status).getString(0)
        + ": "
        + cublas_h.cublasGetStatusString(status).getString(0);
  }
}
