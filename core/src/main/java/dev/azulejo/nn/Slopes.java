package dev.azulejo.nn;

import dev.azulejo.ops.Activation;
import java.util.Objects;

/** The check that every layer with an activation makes. */
final class Slopes {
  private Slopes() {}

  static void check(Activation activation, float slope) {
    Objects.requireNonNull(activation, "activation");
    if (activation == Activation.LEAKY_RELU && !(slope >= 0 && slope < 1)) {
      throw new IllegalArgumentException(
          "the slope of a leaky ReLU must be at least 0 and below 1, was " + slope);
    }
  }
}
