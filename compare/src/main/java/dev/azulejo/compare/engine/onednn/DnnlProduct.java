package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Precision;
import java.lang.foreign.MemorySegment;

/**
 * A matrix product of oneDNN's, C = op(A) op(B), on row-major matrices as they lie. Belongs to the
 * stream's thread.
 */
public final class DnnlProduct implements AutoCloseable {
  private final DnnlSession session;
  private final DnnlPass pass;

  /**
   * Makes the primitive.
   *
   * @param transposeA whether A is stored k x m
   * @param transposeB whether B is stored n x k
   */
  public DnnlProduct(
      Stream stream,
      long m,
      long n,
      long k,
      boolean transposeA,
      boolean transposeB,
      Precision precision) {
    VendorLibrary.DNNL.load();
    int mode =
        precision == Precision.BF16
            ? dnnl_h.dnnl_fpmath_mode_bf16()
            : dnnl_h.dnnl_fpmath_mode_strict();
    session = new DnnlSession(stream, false, mode);
    try {
      MemorySegment a = layout(m, k, transposeA);
      MemorySegment b = layout(k, n, transposeB);
      MemorySegment c = layout(m, n, false);
      MemorySegment attributes = DnnlAttributes.of(session);
      MemorySegment descriptor =
          session.own(
              "dnnl_matmul_primitive_desc_create",
              "GEMM m " + m + ", n " + n + ", k " + k,
              out ->
                  dnnl_h.dnnl_matmul_primitive_desc_create(
                      out, session.engine(), a, b, MemorySegment.NULL, c, attributes),
              dnnl_h::dnnl_primitive_desc_destroy);
      pass =
          new DnnlPass(session, descriptor)
              .reads(dnnl_h.DNNL_ARG_SRC(), a, dnnl_h.dnnl_query_src_md())
              .reads(dnnl_h.DNNL_ARG_WEIGHTS(), b, dnnl_h.dnnl_query_weights_md())
              .writes(dnnl_h.DNNL_ARG_DST(), c, dnnl_h.dnnl_query_dst_md())
              .build();
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** Computes C. */
  public void run(Tensor a, Tensor b, Tensor c) {
    pass.set(0, a.hostView());
    pass.set(1, b.hostView());
    pass.set(2, c.hostView());
    pass.run();
  }

  /** oneDNN's name of the kernel. */
  public String describe() {
    return pass.describe();
  }

  /** Its scratch memory. */
  public long bytes() {
    return session.bytes();
  }

  private MemorySegment layout(long rows, long columns, boolean transposed) {
    return transposed
        ? DnnlLayout.transposed(session, rows, columns)
        : DnnlLayout.plain(session, rows, columns);
  }

  @Override
  public void close() {
    session.close();
  }
}
