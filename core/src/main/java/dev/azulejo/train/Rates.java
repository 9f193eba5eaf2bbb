package dev.azulejo.train;

/** Checks of optimiser settings; NaN fails each of them. */
final class Rates {
  private Rates() {}

  static void positive(float value, String name) {
    if (!(value > 0) || Float.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be positive and finite, was " + value);
    }
  }

  static void atLeastZero(float value, String name) {
    if (!(value >= 0) || Float.isInfinite(value)) {
      throw new IllegalArgumentException(name + " must be at least 0 and finite, was " + value);
    }
  }

  static void fraction(float value, String name) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be at least 0 and below 1, was " + value);
    }
  }
}
