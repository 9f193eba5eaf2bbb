package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** How a convolution pass is computed. */
public enum ConvAlgorithm {
  /** The best the device has for the problem; {@link Convolution#algorithm} tells which. */
  AUTO(azulejo_h.AZJ_CONV_AUTO()),
  /** A sum per output; no X_unroll. */
  DIRECT(azulejo_h.AZJ_CONV_DIRECT()),
  /**
   * W[M x C*R*S] * X_unroll[C*R*S x Hout*Wout], one X_unroll reused for chunks of samples: row T15.
   */
  IM2COL_GEMM(azulejo_h.AZJ_CONV_IM2COL_GEMM());

  private final int code;

  ConvAlgorithm(int code) {
    this.code = code;
  }

  /** {@code azj_conv_algorithm} of azulejo.h. */
  int code() {
    return code;
  }

  static ConvAlgorithm of(int code) {
    for (ConvAlgorithm algorithm : values()) {
      if (algorithm.code == code) {
        return algorithm;
      }
    }
    throw new IllegalStateException(
        "the native library names convolution algorithm "
            + code
            + ", which these bindings do not know");
  }
}
