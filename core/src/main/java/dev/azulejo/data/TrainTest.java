package dev.azulejo.data;

import java.util.Objects;

/**
 * A data set in its two parts (row T1): what a network learns from and what its reported accuracy
 * is measured on.
 *
 * @param train the samples to learn from
 * @param test the samples that only measure
 */
public record TrainTest(Dataset train, Dataset test) {

  /**
   * Checks that the parts belong together.
   *
   * @throws IllegalArgumentException if their shapes or classes differ
   */
  public TrainTest {
    Objects.requireNonNull(train, "train");
    Objects.requireNonNull(test, "test");
    if (!train.shape().equals(test.shape())) {
      throw new IllegalArgumentException(
          "train has samples of %s and test of %s; they must be the same"
              .formatted(train.shape(), test.shape()));
    }
    if (!train.classNames().equals(test.classNames())) {
      throw new IllegalArgumentException(
          "train has the classes %s and test %s; they must be the same"
              .formatted(train.classNames(), test.classNames()));
    }
  }
}
