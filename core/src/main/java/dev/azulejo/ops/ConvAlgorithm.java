package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;

/**
 * How a convolution pass is computed. What a device has not is an {@link
 * dev.azulejo.device.UnsupportedProblemException}.
 */
public enum ConvAlgorithm {
  /** The best the device has for the problem; {@link Convolution#algorithm} tells which. */
  AUTO(azulejo_h.AZJ_CONV_AUTO(), Precision.FLOAT32),
  /** A sum per output; no X_unroll. */
  DIRECT(azulejo_h.AZJ_CONV_DIRECT(), Precision.FLOAT32),
  /**
   * W[M x C*R*S] * X_unroll[C*R*S x Hout*Wout], one X_unroll reused for chunks of samples: row T15.
   */
  IM2COL_GEMM(azulejo_h.AZJ_CONV_IM2COL_GEMM(), Precision.FLOAT32),
  /** The same product with X_unroll made up on the fly and never stored. CUDA only. */
  IMPLICIT_GEMM(azulejo_h.AZJ_CONV_IMPLICIT_GEMM(), Precision.FLOAT32),
  /**
   * IMPLICIT_GEMM on tensor cores, inputs and weights rounded to TF32. CUDA only, compute
   * capability 8.0 and up; never chosen by AUTO.
   */
  IMPLICIT_GEMM_TF32(azulejo_h.AZJ_CONV_IMPLICIT_GEMM_TF32(), Precision.TF32),
  /** As IMPLICIT_GEMM_TF32, rounded to BF16. */
  IMPLICIT_GEMM_BF16(azulejo_h.AZJ_CONV_IMPLICIT_GEMM_BF16(), Precision.BF16);

  /** Capability times ten of the first devices whose tensor cores take TF32 and BF16. */
  private static final int TENSOR_CORES = 80;

  private final int code;
  private final Precision precision;

  ConvAlgorithm(int code, Precision precision) {
    this.code = code;
    this.precision = precision;
  }

  /** What it rounds the factors of its products to. */
  public Precision precision() {
    return precision;
  }

  /** Whether a device has it. It may have limits of its own beside. */
  public boolean runsOn(DeviceInfo device) {
    return this == AUTO
        || this == DIRECT
        || this == IM2COL_GEMM
        || device.kind() != DeviceKind.CPU
            && (precision == Precision.FLOAT32 || device.capability() >= TENSOR_CORES);
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
