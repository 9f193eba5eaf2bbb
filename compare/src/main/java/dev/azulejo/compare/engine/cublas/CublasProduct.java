package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * A matrix product of cuBLAS's, C = op(A) op(B), on row-major float32 matrices without gaps.
 * Belongs to the stream's thread.
 */
public final class CublasProduct implements AutoCloseable {
  private final CublasSession session;
  private final CublasCompute compute;
  private final int m;
  private final int n;
  private final int k;
  private final boolean transposeA;
  private final boolean transposeB;

  /**
   * Makes a handle on a stream of a CUDA device.
   *
   * @param transposeA whether A is stored k x m
   * @param transposeB whether B is stored n x k
   * @throws dev.azulejo.bindings.NativeLibraryException if cuBLAS is not here; the message says
   *     where it was looked for
   * @throws dev.azulejo.device.UnsupportedProblemException if it is another device
   */
  public static CublasProduct of(
      Stream stream,
      int m,
      int n,
      int k,
      boolean transposeA,
      boolean transposeB,
      CublasCompute compute) {
    VendorLibrary.CUBLAS.load();
    return new CublasProduct(
        new CublasLibrary(),
        stream,
        stream.nativeStream(),
        m,
        n,
        k,
        transposeA,
        transposeB,
        compute);
  }

  /**
   * The same by any functions that do what cuBLAS's do.
   *
   * @param nativeStream the {@code CUstream} that they work on
   */
  public CublasProduct(
      CublasApi api,
      Stream stream,
      MemorySegment nativeStream,
      int m,
      int n,
      int k,
      boolean transposeA,
      boolean transposeB,
      CublasCompute compute) {
    this.compute = compute;
    this.m = m;
    this.n = n;
    this.k = k;
    this.transposeA = transposeA;
    this.transposeB = transposeB;
    session = new CublasSession(api, stream, nativeStream, compute, false);
  }

  /** Gives the stream the product; returns before it is done. */
  public void run(Tensor a, Tensor b, Tensor c) {
    Stream stream = session.stream();
    stream.handle();
    session.gemm(
        transposeA,
        transposeB,
        m,
        n,
        k,
        a.argument(stream, ElementType.F32, (long) m * k, "a"),
        b.argument(stream, ElementType.F32, (long) k * n, "b"),
        c.argument(stream, ElementType.F32, (long) m * n, "c"));
  }

  /** The function and its arithmetic. */
  public String describe() {
    return "cublasGemmEx " + compute;
  }

  /** Its scratch memory. */
  public long bytes() {
    return session.bytes();
  }

  @Override
  public void close() {
    session.close();
  }
}
