package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;

/**
 * A pass of a convolution on operands that are already in the layouts oneDNN likes best: what a
 * network pays that keeps its tensors in them from layer to layer. Several copies, each with its
 * operands, so that a measurement can leave the caches.
 *
 * <p>Belongs to the stream's thread.
 */
public final class DnnlApart implements AutoCloseable {
  private final DnnlSession session;
  private final DnnlPass[] passes;

  /**
   * Makes the copies.
   *
   * @throws UnsupportedProblemException if oneDNN has no such convolution, or likes our layout
   *     best: then there is nothing to tell apart
   */
  public DnnlApart(
      Stream stream, Conv2dProblem problem, ConvPass pass, Precision precision, int copies) {
    VendorLibrary.DNNL.load();
    int mode =
        precision == Precision.BF16
            ? dnnl_h.dnnl_fpmath_mode_bf16()
            : dnnl_h.dnnl_fpmath_mode_strict();
    session = new DnnlSession(stream, true, mode);
    passes = new DnnlPass[copies];
    try {
      for (int i = 0; i < copies; i++) {
        var made = new DnnlConvolutionPasses(session, problem);
        passes[i] =
            switch (pass) {
              case FORWARD -> made.forward(false);
              case GRAD_INPUT -> made.gradInput();
              case GRAD_WEIGHTS -> made.gradWeights(false);
            };
        if (!passes[i].reorders()) {
          throw new UnsupportedProblemException(
              "dnnl_primitive_desc_query_md",
              "oneDNN likes the plain layout best here: its time is the one with reorders, of which"
                  + " there are none");
        }
      }
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** Reorders the operands of a copy, computes, and reorders the result back. */
  public void solve(int copy, Tensor first, Tensor second, Tensor result) {
    passes[copy].set(0, first.hostView());
    passes[copy].set(1, second.hostView());
    passes[copy].set(2, result.hostView());
    passes[copy].run();
  }

  /** Computes a copy once more, without reorders. */
  public void compute(int copy) {
    session.useTeam();
    passes[copy].compute();
    Dnnl.check(dnnl_h.dnnl_stream_wait(session.queue()), "dnnl_stream_wait");
  }

  /** oneDNN's name of the kernel. */
  public String describe() {
    return passes[0].describe();
  }

  /** Scratch memory and operands in oneDNN's layouts, of all copies. */
  public long bytes() {
    return session.bytes();
  }

  @Override
  public void close() {
    session.close();
  }
}
