package dev.azulejo.nn;

import java.util.Locale;

/** What training makes small: the mean over a mini-batch of one of these. */
public enum Loss {
  /**
   * Softmax and cross-entropy of the outputs and the label, fused (rows T4, T7): T(2.3), T(3.26).
   */
  SOFTMAX_CROSS_ENTROPY,
  /** Sigmoid and binary cross-entropy of every output and the one-hot label (row T4): T(2.4). */
  SIGMOID_CROSS_ENTROPY,
  /** Mean squared difference of the outputs and the one-hot label. */
  MEAN_SQUARED_ERROR;

  /** Whether it compares with a one-hot row (row T3) instead of the label itself. */
  boolean usesOneHot() {
    return this != SOFTMAX_CROSS_ENTROPY;
  }

  /** Such as {@code softmax-cross-entropy}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
