package dev.azulejo.compare.measure;

import java.util.SplittableRandom;

/** Which elements of a result are compared, where all of them would take too long. */
public final class Points {
  private static final long SEED = 2026;

  /** Products in float64 that a check may take: about a fifth of a second. */
  private static final long PRODUCTS = 50_000_000;

  private static final int FEWEST = 256;

  private Points() {}

  /**
   * All elements where that is quick; otherwise the first, the last, and others anywhere.
   *
   * @param count elements of the result
   * @param cost products of one of them
   */
  public static long[] choose(long count, long cost) {
    int checked = (int) Math.min(count, Math.max(FEWEST, PRODUCTS / cost));
    long[] chosen = new SplittableRandom(SEED).longs(checked, 0, count).toArray();
    chosen[0] = 0;
    chosen[checked - 1] = count - 1;
    if (checked == count) {
      for (int i = 0; i < checked; i++) {
        chosen[i] = i;
      }
    }
    return chosen;
  }
}
