package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.ops.Bf16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * cuBLAS's functions in plain Java on host memory, column-major as the real ones: records its
 * calls, and fails where it is told to.
 */
public final class FakeCublas implements CublasApi {
  /** cudaDataType_t of library_types.h. */
  private static final int CUDA_R_16BF = 14;

  /** What was called, in order. */
  public final List<String> calls = new ArrayList<>();

  /** The arithmetic of each product. */
  public final List<Integer> computeTypes = new ArrayList<>();

  /** The status that a function returns instead of working. */
  public final Map<String, Integer> failures = new HashMap<>();

  private boolean bf16; // the elements of the product at work

  @Override
  public int create(MemorySegment handle) {
    handle.set(ValueLayout.ADDRESS, 0, MemorySegment.ofAddress(0x77));
    return done("create");
  }

  @Override
  public int destroy(MemorySegment handle) {
    return done("destroy " + handle.address());
  }

  @Override
  public int setStream(MemorySegment handle, MemorySegment stream) {
    return done("setStream " + stream.address());
  }

  @Override
  public int setWorkspace(MemorySegment handle, MemorySegment workspace, long bytes) {
    return done("setWorkspace " + bytes);
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
    boolean ta = transposeA == cublas_h.CUBLAS_OP_T();
    boolean tb = transposeB == cublas_h.CUBLAS_OP_T();
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || aType != cType || bType != cType) {
      return cublas_h.CUBLAS_STATUS_INVALID_VALUE();
    }
    if (cType != cublas_h.CUDA_R_32F() && cType != CUDA_R_16BF) {
      return cublas_h.CUBLAS_STATUS_NOT_SUPPORTED();
    }
    bf16 = cType == CUDA_R_16BF;
    computeTypes.add(computeType);
    for (int column = 0; column < n; column++) {
      for (int row = 0; row < m; row++) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          sum +=
              element(a, ta ? i + (long) row * lda : row + (long) i * lda)
                  * element(b, tb ? column + (long) i * ldb : i + (long) column * ldb);
        }
        long place = row + (long) column * ldc;
        double old = at(beta, 0) == 0 ? 0 : at(beta, 0) * element(c, place);
        put(c, place, (float) (at(alpha, 0) * sum + old));
      }
    }
    return done("gemm " + m + " " + n + " " + k);
  }

  @Override
  public String version() {
    return "13.0.0";
  }

  @Override
  public String statusString(int status) {
    return "STATUS_" + status;
  }

  private int done(String call) {
    calls.add(call);
    return failures.getOrDefault(call.split(" ")[0], 0);
  }

  private double element(MemorySegment memory, long index) {
    return bf16
        ? Bf16.toFloat(floats(memory).getAtIndex(ValueLayout.JAVA_SHORT, index))
        : at(memory, index);
  }

  private void put(MemorySegment memory, long index, float value) {
    if (bf16) {
      floats(memory).setAtIndex(ValueLayout.JAVA_SHORT, index, Bf16.of(value));
    } else {
      floats(memory).setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
    }
  }

  private static double at(MemorySegment memory, long index) {
    return floats(memory).getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static MemorySegment floats(MemorySegment memory) {
    return memory.reinterpret(Long.MAX_VALUE);
  }
}
