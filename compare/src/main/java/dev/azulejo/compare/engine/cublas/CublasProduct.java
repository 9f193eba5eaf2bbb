package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Packing;
import java.lang.foreign.MemorySegment;

/**
 * A matrix product of cuBLAS's, C = op(A) op(B), on row-major matrices, in float32 without gaps, or
 * in BF16 with rows at multiples of 8 elements. Belongs to the stream's thread.
 */
public final class CublasProduct implements AutoCloseable {
  private final CublasSession session;
  private final CublasCompute compute;
  private final Storage storage;
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
   * @param storage of all three matrices
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
      CublasCompute compute,
      Storage storage) {
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
        compute,
        storage);
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
      CublasCompute compute,
      Storage storage) {
    this.compute = compute;
    this.storage = storage;
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
    MemorySegment as = matrix(a, transposeA ? k : m, transposeA ? m : k, "a");
    MemorySegment bs = matrix(b, transposeB ? n : k, transposeB ? k : n, "b");
    MemorySegment cs = matrix(c, m, n, "c");
    if (storage == Storage.BF16) {
      session.gemmBf16(transposeA, transposeB, m, n, k, as, bs, cs);
    } else {
      session.gemm(transposeA, transposeB, m, n, k, as, bs, cs);
    }
  }

  private MemorySegment matrix(Tensor tensor, int rows, int columns, String name) {
    long stride = storage == Storage.BF16 ? Bf16Packing.pitch(columns) : columns;
    return tensor.argument(session.stream(), storage.type(), rows * stride, name);
  }

  /** The function and its arithmetic. */
  public String describe() {
    return "cublasGemmEx " + compute + (storage == Storage.BF16 ? " on CUDA_R_16BF" : "");
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
