package dev.azulejo.ops;

/** Checks of an optimiser's settings. NaN fails each of them. */
final class Settings {
  private Settings() {}

  static void atLeastZero(float value, String name) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be at least 0 and finite, was " + value);
    }
  }

  static void belowOne(float value, String name) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be in [0, 1), was " + value);
    }
  }

  static void checkSet(boolean set, String name) {
    if (!set) {
      throw new IllegalStateException(
          name + " were not set yet; call set(...) before the first step");
    }
  }
}
