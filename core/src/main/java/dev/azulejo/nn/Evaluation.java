package dev.azulejo.nn;

import java.util.Locale;

/**
 * What a network does on a data set (row T1).
 *
 * @param samples how many
 * @param loss mean softmax cross-entropy, T(2.3) with the natural logarithm
 * @param accuracy the fraction of samples whose largest output is their label's
 * @param confusion the same by class
 */
public record Evaluation(int samples, double loss, double accuracy, ConfusionMatrix confusion) {

  /** Such as {@code accuracy 91.23 %, loss 0.2512 (10000 samples)}. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "accuracy %.2f %%, loss %.4f (%d samples)", 100 * accuracy, loss, samples);
  }
}
