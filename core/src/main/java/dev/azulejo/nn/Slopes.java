package dev.azulejo.nn;

import dev.azulejo.ops.Activation;
import java.util.Objects;

/** The check that every layer with an activation makes. */
final class Slopes {
  private Slopes() {}

  /** The slope, or 0 where the activation has none: so that equal layers compare equal. */
  static float check(Activation activation, float slope) {
    Objects.requireNonNull(activation, "activation");
    if (activation != Activation.LEAKY_RELU) {
      return 0;
    }
    if (!(slope >= 0 && slope < 1)) {
      throw new IllegalArgumentException(
          "the slope of a leaky ReLU must be at least 0 and below 1, was " + slope);
    }
    return slope;
  }
}
