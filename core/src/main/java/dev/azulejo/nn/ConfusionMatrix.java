package dev.azulejo.nn;

import java.util.List;

/**
 * How often samples of each class were predicted as each class, and what follows from it.
 *
 * @param classNames the classes
 * @param counts {@code counts[actual][predicted]}
 */
public record ConfusionMatrix(List<String> classNames, long[][] counts) {

  /** Samples of class {@code actual} that were predicted as class {@code predicted}. */
  public long count(int actual, int predicted) {
    return counts[actual][predicted];
  }

  /**
   * Of the samples predicted as this class, the fraction that are; NaN where none was predicted.
   */
  public double precision(int label) {
    long predicted = 0;
    for (long[] row : counts) {
      predicted += row[label];
    }
    return (double) counts[label][label] / predicted;
  }

  /** Of the samples of this class, the fraction predicted as such; NaN where there are none. */
  public double recall(int label) {
    long actual = 0;
    for (long count : counts[label]) {
      actual += count;
    }
    return (double) counts[label][label] / actual;
  }

  /** The harmonic mean of precision and recall; NaN where one of them is. */
  public double f1(int label) {
    double precision = precision(label);
    double recall = recall(label);
    return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
  }
}
