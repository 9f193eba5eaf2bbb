package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceUnavailableException;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Status;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.PooledConvolutionPlan;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A handle of cuBLAS on one stream, with the workspace that NVIDIA recommends for Hopper. */
final class CublasSession implements EngineSession {
  static final String OWNER = "cublas";

  /** As cuBLAS's documentation of {@code cublasSetWorkspace} advises: 32 MiB on Hopper. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** The value of CUBLAS_STATUS_SUCCESS, a constant to the compiler. */
  private static final int SUCCESS = 0;

  /** {@code cudaDataType_t} of library_types.h; the bindings have those of float32 only. */
  private static final int CUDA_R_16BF = 14;

  private static final int EXACT = CublasCompute.CUBLAS_COMPUTE_32F_PEDANTIC.code();

  private final CublasApi api;
  private final Stream stream;
  private final int computeType;
  private final EngineSession convolutions;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
  private final MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
  private final MemorySegment handle;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private long bytes;
  private boolean open = true;

  CublasSession(
      CublasApi api,
      Stream stream,
      MemorySegment nativeStream,
      CublasCompute compute,
      boolean training) {
    this.api = api;
    this.stream = stream;
    computeType = compute.code();
    convolutions = Engine.azulejo().open(stream, training);
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(cublas_h.C_POINTER);
      check(api.create(out), "cublasCreate", "");
      handle = out.get(cublas_h.C_POINTER, 0);
    }
    try {
      check(api.setStream(handle, nativeStream), "cublasSetStream", "");
      MemorySegment workspace = VendorArguments.memory(stream, buffer(WORKSPACE_BYTES));
      // Its own would not show in the memory report, nor be allowed while a graph is recorded.
      check(api.setWorkspace(handle, workspace, WORKSPACE_BYTES), "cublasSetWorkspace", "");
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public ConvolutionPlan convolution(Conv2dProblem problem) {
    return convolutions.convolution(problem);
  }

  @Override
  public Optional<PooledConvolutionPlan> pooledConvolution(Conv2dProblem problem) {
    return convolutions.pooledConvolution(problem);
  }

  @Override
  public DensePlan dense(DenseProblem problem) {
    return new CublasDense(this, problem);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      stream.synchronize();
    } finally {
      convolutions.close();
      buffers.forEach(DeviceBuffer::close);
      bytes = 0;
      check(api.destroy(handle), "cublasDestroy", "");
    }
  }

  Stream stream() {
    return stream;
  }

  /** Memory that lives as long as the session. */
  DeviceBuffer buffer(long size) {
    DeviceBuffer buffer = stream.device().allocate(OWNER, size);
    buffers.add(buffer);
    bytes += size;
    return buffer;
  }

  /**
   * C[m x n] = op(A) op(B) + beta C, row-major, with the session's arithmetic. cuBLAS is
   * column-major, where a row-major matrix is its own transpose: so it computes Cᵀ = op(B)ᵀ op(A)ᵀ.
   */
  void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c) {
    gemm(transposeA, transposeB, m, n, k, a, b, zero, c, computeType);
  }

  /**
   * As {@link #gemm}, on matrices in BF16, whose rows are rounded up to multiples of 8 elements;
   * sums are float32.
   */
  void gemmBf16(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      MemorySegment b,
      MemorySegment c) {
    int type = CUDA_R_16BF;
    int strideA = (int) Bf16Packing.pitch(transposeA ? m : k);
    int strideB = (int) Bf16Packing.pitch(transposeB ? k : n);
    int strideC = (int) Bf16Packing.pitch(n);
    gemm(
        transposeA,
        transposeB,
        m,
        n,
        k,
        a,
        strideA,
        b,
        strideB,
        zero,
        c,
        strideC,
        type,
        computeType);
  }

  /** C[m x n] += a bᵀ for vectors a[m] and b[n], in float32: a bias is not rounded. */
  void addOuter(int m, int n, MemorySegment a, MemorySegment b, MemorySegment c) {
    gemm(false, false, m, n, 1, a, b, one, c, EXACT);
  }

  /** c[n] = aᵀ B for a vector a[k] and B[k x n], in float32. */
  void sumRows(int n, int k, MemorySegment a, MemorySegment b, MemorySegment c) {
    gemm(false, false, 1, n, k, a, b, zero, c, EXACT);
  }

  private void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      MemorySegment b,
      MemorySegment beta,
      MemorySegment c,
      int compute) {
    int type = cublas_h.CUDA_R_32F();
    int strideA = transposeA ? m : k;
    int strideB = transposeB ? k : n;
    gemm(transposeA, transposeB, m, n, k, a, strideA, b, strideB, beta, c, n, type, compute);
  }

  private void gemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      MemorySegment a,
      int strideA,
      MemorySegment b,
      int strideB,
      MemorySegment beta,
      MemorySegment c,
      int strideC,
      int type,
      int compute) {
    check(
        api.gemm(
            handle,
            transposeB ? cublas_h.CUBLAS_OP_T() : cublas_h.CUBLAS_OP_N(),
            transposeA ? cublas_h.CUBLAS_OP_T() : cublas_h.CUBLAS_OP_N(),
            n,
            m,
            k,
            one,
            b,
            type,
            strideB,
            a,
            type,
            strideA,
            beta,
            c,
            type,
            strideC,
            compute,
            cublas_h.CUBLAS_GEMM_DEFAULT()),
        "cublasGemmEx",
        "");
  }

  /** Returns where the call succeeded; allocates nothing then. */
  void check(int status, String function, String what) {
    if (status != SUCCESS) {
      throw failure(status, function, what);
    }
  }

  private AzulejoException failure(int status, String function, String what) {
    String text =
        "cuBLAS "
            + api.version()
            + " says \""
            + api.statusString(status)
            + "\""
            + (what.isEmpty() ? "" : " of " + what);
    if (status == cublas_h.CUBLAS_STATUS_ALLOC_FAILED()) {
      return new OutOfDeviceMemoryException(function, text);
    }
    if (status == cublas_h.CUBLAS_STATUS_NOT_SUPPORTED()
        || status == cublas_h.CUBLAS_STATUS_ARCH_MISMATCH()) {
      return new UnsupportedProblemException(function, text);
    }
    if (status == cublas_h.CUBLAS_STATUS_NOT_INITIALIZED()
        || status == cublas_h.CUBLAS_STATUS_LICENSE_ERROR()) {
      return new DeviceUnavailableException(function, text);
    }
    return new AzulejoException(
        function,
        status == cublas_h.CUBLAS_STATUS_INVALID_VALUE()
            ? Status.INVALID_ARGUMENT
            : Status.INTERNAL,
        text);
  }
}
