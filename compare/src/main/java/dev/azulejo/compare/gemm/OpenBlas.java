package dev.azulejo.compare.gemm;

import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/** OpenBLAS's cblas_sgemm, from its jar, through JavaCPP. */
public final class OpenBlas implements Contestant {
  static final String NAME = "openblas";

  private final GemmCase problem;
  private final At[] a;
  private final At[] b;
  private final At[] c;

  /** A pointer to memory that somebody else owns. */
  private static final class At extends FloatPointer {
    At(Tensor tensor) {
      super((Pointer) null);
      address = tensor.hostView().address();
    }
  }

  /** The problem on the operands, which are the host's memory. */
  OpenBlas(int threads, GemmCase problem, GemmData data) {
    load();
    org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads(threads);
    this.problem = problem;
    a = new At[data.sets()];
    b = new At[data.sets()];
    c = new At[data.sets()];
    for (int i = 0; i < a.length; i++) {
      a[i] = new At(data.a(i));
      b[i] = new At(data.b(i));
      c[i] = new At(data.c(i));
    }
  }

  /**
   * Loads the library and tells its version.
   *
   * @throws UncheckedIOException if its jar has none for this platform, or it does not load
   */
  public static String load() {
    try {
      Loader.load(openblas_nolapack.class);
      return Loader.getVersion("org.bytedeco", "openblas");
    } catch (UnsatisfiedLinkError | IOException e) {
      throw new UncheckedIOException(
          "OpenBLAS cannot be loaded: "
              + e
              + "; its jar org.bytedeco:openblas must have a library for "
              + Loader.getPlatform(),
          new IOException(e));
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String algorithm() {
    return "cblas_sgemm";
  }

  @Override
  public long workspaceBytes() {
    return 0; // its own, which it does not tell
  }

  @Override
  public void run(int set) {
    openblas_nolapack.cblas_sgemm(
        openblas_nolapack.CblasRowMajor,
        transposed(problem.transposeA()),
        transposed(problem.transposeB()),
        problem.m(),
        problem.n(),
        problem.k(),
        1,
        a[set],
        problem.lda(),
        b[set],
        problem.ldb(),
        0,
        c[set],
        problem.n());
  }

  private static int transposed(boolean transposed) {
    return transposed ? openblas_nolapack.CblasTrans : openblas_nolapack.CblasNoTrans;
  }

  /** The memory is the operands'. */
  @Override
  public void close() {}
}
