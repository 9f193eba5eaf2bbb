package dev.azulejo.ops;

import dev.azulejo.device.Sizes;

/**
 * How the matrices of a batched product lie: product i is that of the matrices so many elements
 * behind those of product 0.
 *
 * @param count products, at least 1
 * @param strideA elements from one A to the next; 0: one A for all products
 * @param strideB elements from one B to the next; 0: one B for all products
 * @param strideC elements from one C to the next, which must not overlap
 */
public record GemmBatch(long count, long strideA, long strideB, long strideC) {
  /** Checks what does not depend on the problem. */
  public GemmBatch {
    Sizes.atLeast(1, count, "products of a batch");
    Sizes.atLeast(0, strideA, "stride of A");
    Sizes.atLeast(0, strideB, "stride of B");
    Sizes.atLeast(0, strideC, "stride of C");
  }

  /** Products whose matrices follow each other without gaps. */
  public static GemmBatch contiguous(long count, GemmProblem problem) {
    return new GemmBatch(count, problem.countA(), problem.countB(), problem.countC());
  }

  /** Elements from the first A's first to the last A's last. */
  public long countA(GemmProblem problem) {
    return spanned(strideA, "stride of A", problem.countA());
  }

  /** Elements from the first B's first to the last B's last. */
  public long countB(GemmProblem problem) {
    return spanned(strideB, "stride of B", problem.countB());
  }

  /**
   * Elements from the first C's first to the last C's last.
   *
   * @throws IllegalArgumentException where the C overlap
   */
  public long countC(GemmProblem problem) {
    if (count > 1) {
      Sizes.atLeast(problem.countC(), strideC, "stride of C");
    }
    return spanned(strideC, "stride of C", problem.countC());
  }

  private long spanned(long stride, String name, long one) {
    long before = Sizes.multiply(count - 1, "(products of a batch - 1)", stride, name);
    return Sizes.add(before, "elements before the last matrix", one, "elements of a matrix");
  }
}
