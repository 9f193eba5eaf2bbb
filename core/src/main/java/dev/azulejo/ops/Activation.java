package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** Activation functions y = σ(z). */
public enum Activation {
  /** y = z. */
  IDENTITY(azulejo_h.AZJ_IDENTITY()),
  /** y = max(z, 0), T(2.1); its derivative at 0 is taken as 0. */
  RELU(azulejo_h.AZJ_RELU()),
  /** y = z for z &gt; 0, else slope * z, with 0 &lt;= slope &lt; 1. */
  LEAKY_RELU(azulejo_h.AZJ_LEAKY_RELU()),
  /** y = 1 / (1 + exp(-z)), T(2.2); its derivative is y * (1 - y) (T(3.35) has an error here). */
  SIGMOID(azulejo_h.AZJ_SIGMOID()),
  /** y = tanh(z). */
  TANH(azulejo_h.AZJ_TANH());

  private final int code;

  Activation(int code) {
    this.code = code;
  }

  /** {@code azj_activation} of azulejo.h. */
  int code() {
    return code;
  }

  /**
   * A slope that suits this activation.
   *
   * @throws IllegalArgumentException where this is LEAKY_RELU and the slope is not in [0, 1)
   */
  float checkSlope(float slope) {
    if (this == LEAKY_RELU && !(slope >= 0 && slope < 1)) {
      throw new IllegalArgumentException("slope of LEAKY_RELU must be in [0, 1), was " + slope);
    }
    return slope;
  }
}
