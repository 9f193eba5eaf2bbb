package dev.azulejo.compare.measure;

import java.util.Arrays;

/**
 * The times of one contestant.
 *
 * @param sorted seconds of one run each, smallest first
 * @param runsPerSample how many runs each of them is the mean of
 */
public record Times(double[] sorted, int runsPerSample) {
  /** Sorts a copy of the samples, at least one. */
  public Times {
    if (sorted.length == 0) {
      throw new IllegalArgumentException("no times were taken");
    }
    sorted = sorted.clone();
    Arrays.sort(sorted);
  }

  /** Seconds that half of the runs took at most. */
  public double median() {
    return quantile(0.5);
  }

  /** How far the middle half of the samples reaches, as a part of the median. */
  public double spread() {
    return (quantile(0.75) - quantile(0.25)) / median();
  }

  /** Seconds that this fraction of the runs took at most, between two samples where need be. */
  public double quantile(double fraction) {
    double at = fraction * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }
}
