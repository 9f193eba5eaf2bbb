package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The matrix product of matrices in BF16. */
public final class Bf16Gemm {
  private Bf16Gemm() {}

  /**
   * C = alpha op(A) op(B) + beta C, all three in BF16, the sums in float32; see {@link
   * GemmProblem}. The strides between stored rows are multiples of 8 elements, and the matrices
   * begin on 16 bytes. The algorithm is AUTO or HOPPER_BF16.
   *
   * @param c overwritten, or read too where beta is not 0; gaps between its rows are left alone
   * @throws dev.azulejo.device.UnsupportedProblemException where the device does not do the problem
   */
  public static void gemm(Stream stream, GemmProblem problem, Tensor a, Tensor b, Tensor c) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment as = Args.bf16(stream, a, problem.countA(), "a");
    MemorySegment bs = Args.bf16(stream, b, problem.countB(), "b");
    MemorySegment cs = Args.bf16(stream, c, problem.countC(), "c");
    Args.apart(c, problem.countC(), "c", a, problem.countA(), "a");
    Args.apart(c, problem.countC(), "c", b, problem.countB(), "b");
    NativeCall.check(
        azulejo_h.azj_bf16_gemm(queue, problem.descriptor(), as, bs, cs), "azj_bf16_gemm");
  }
}
