package dev.azulejo.engine;

import dev.azulejo.ops.Conv2dProblem;
import java.util.function.ToLongFunction;

/**
 * What a pass needs for mini-batches of every size up to a plan's: a shorter one may need more,
 * where the work on few samples is cut into more pieces, each with sums of its own.
 */
final class LargestWorkspace {
  /** From here on there are more samples than processors to cut for, and more need no less. */
  private static final long MOST_CUT = 1024;

  private LargestWorkspace() {}

  /** The most bytes of all sizes up to the problem's, which it keeps. */
  static long bytes(Conv2dProblem problem, ToLongFunction<Conv2dProblem> ofOne) {
    long batch = problem.batch();
    long most = ofOne.applyAsLong(problem);
    try {
      for (long size = 1; size <= Math.min(batch, MOST_CUT); size++) {
        problem.setBatch(size);
        most = Math.max(most, ofOne.applyAsLong(problem));
      }
      return most;
    } finally {
      problem.setBatch(batch);
    }
  }
}
