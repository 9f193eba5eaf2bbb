package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The matrix product under rows T15-T17. */
public final class Gemm {
  private Gemm() {}

  /**
   * C = alpha op(A) op(B) + beta C; see {@link GemmProblem}.
   *
   * @param c overwritten, or read too where beta is not 0; gaps between its rows are left alone
   * @throws dev.azulejo.device.UnsupportedProblemException where the device or the algorithm does
   *     not do the problem
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

  /**
   * Several products of one shape, C_i = alpha op(A_i) op(B_i) + beta C_i; see {@link GemmBatch}
   * for where the matrices lie.
   *
   * @param c as in {@link #gemm}; gaps between the matrices are left alone
   */
  public static void gemmBatched(
      Stream stream, GemmProblem problem, GemmBatch batch, Tensor a, Tensor b, Tensor c) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(batch, "batch");
    long countA = batch.countA(problem);
    long countB = batch.countB(problem);
    long countC = batch.countC(problem);
    MemorySegment as = Args.floats(stream, a, countA, "a");
    MemorySegment bs = Args.floats(stream, b, countB, "b");
    MemorySegment cs = Args.floats(stream, c, countC, "c");
    Args.apart(c, countC, "c", a, countA, "a");
    Args.apart(c, countC, "c", b, countB, "b");
    NativeCall.check(
        azulejo_h.azj_gemm_batched(
            queue,
            problem.descriptor(),
            batch.count(),
            batch.strideA(),
            batch.strideB(),
            batch.strideC(),
            as,
            bs,
            cs),
        "azj_gemm_batched");
  }

  /**
   * The algorithm that so many products of a problem run with; 1: {@link #gemm}. AUTO on the CPU,
   * which has one. On CUDA the first question about a shape measures the algorithms; not for the
   * training step: it allocates.
   */
  public static GemmAlgorithm choice(Stream stream, GemmProblem problem, long batch) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment algorithm = arena.allocate(azulejo_h.C_INT);
      NativeCall.check(
          azulejo_h.azj_gemm_choice(queue, problem.descriptor(), batch, algorithm),
          "azj_gemm_choice");
      return GemmAlgorithm.of(algorithm.get(azulejo_h.C_INT, 0));
    }
  }
}
