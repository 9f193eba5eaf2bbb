package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The matrix product under rows T15-T17. */
public final class Gemm {
  private Gemm() {}

  /**
   * C = alpha op(A) op(B) + beta C; see {@link GemmProblem}.
   *
   * @param c overwritten, or read too where beta is not 0; gaps between its rows are left alone
   */
  public static void gemm(Stream stream, GemmProblem problem, Tensor a, Tensor b, Tensor c) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment as = Args.floats(stream, a, problem.countA(), "a");
    MemorySegment bs = Args.floats(stream, b, problem.countB(), "b");
    MemorySegment cs = Args.floats(stream, c, problem.countC(), "c");
    Args.apart(c, problem.countC(), "c", a, problem.countA(), "a");
    Args.apart(c, problem.countC(), "c", b, problem.countB(), "b");
    NativeCall.check(azulejo_h.azj_gemm(queue, problem.descriptor(), as, bs, cs), "azj_gemm");
  }
}
