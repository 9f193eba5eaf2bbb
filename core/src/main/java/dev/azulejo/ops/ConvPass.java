package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/** The passes of a convolution that have a choice of algorithm. */
public enum ConvPass {
  /** {@link Convolution#forward}. */
  FORWARD(azulejo_h.AZJ_CONV_FORWARD()),
  /** {@link Convolution#gradInput}. */
  GRAD_INPUT(azulejo_h.AZJ_CONV_GRAD_INPUT()),
  /** {@link Convolution#gradWeights}. */
  GRAD_WEIGHTS(azulejo_h.AZJ_CONV_GRAD_WEIGHTS());

  private final int code;

  ConvPass(int code) {
    this.code = code;
  }

  /** {@code azj_conv_pass} of azulejo.h. */
  int code() {
    return code;
  }
}
