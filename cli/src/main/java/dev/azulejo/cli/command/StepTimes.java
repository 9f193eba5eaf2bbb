package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.report.Json;
import java.util.Arrays;

/** How long the steps of a benchmark took, after a warm-up. */
final class StepTimes {
  /** Code is compiled, caches and threads are warm by then. */
  private static final int WARM_UP_STEPS = 10;

  private static final double WARM_UP_SECONDS = 1;

  /** The median of fewer means little. */
  private static final int LEAST_STEPS = 20;

  private final double[] sorted;

  private StepTimes(double[] seconds) {
    sorted = seconds.clone();
    Arrays.sort(sorted);
  }

  /**
   * Runs and times a step again and again.
   *
   * @param steps how many to time; 0 for as many as fit the seconds
   * @param seconds how long to go on, where no number of steps is given
   */
  static StepTimes measure(Runnable step, int steps, double seconds) {
    long begin = System.nanoTime();
    for (int i = 0; i < WARM_UP_STEPS || System.nanoTime() - begin < WARM_UP_SECONDS * 1e9; i++) {
      step.run();
    }
    double[] times = new double[steps > 0 ? steps : LEAST_STEPS];
    int count = 0;
    begin = System.nanoTime();
    while (steps > 0
        ? count < steps
        : count < LEAST_STEPS || System.nanoTime() - begin < seconds * 1e9) {
      long start = System.nanoTime();
      step.run();
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      times[count++] = (System.nanoTime() - start) / 1e9;
    }
    return new StepTimes(Arrays.copyOf(times, count));
  }

  int count() {
    return sorted.length;
  }

  double median() {
    return quantile(0.5);
  }

  /** The time that this fraction of the steps took at most, between two of them where need be. */
  double quantile(double fraction) {
    double at = fraction * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  ObjectNode json() {
    ObjectNode node = Json.object();
    node.put("steps", count());
    node.put("medianSeconds", median());
    node.put("p10Seconds", quantile(0.1));
    node.put("p90Seconds", quantile(0.9));
    return node;
  }
}
