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
  /** The same product with X_unroll made up on the fly and never stored. */
  IMPLICIT_GEMM(azulejo_h.AZJ_CONV_IMPLICIT_GEMM(), Precision.FLOAT32),
  /**
   * IMPLICIT_GEMM on tensor cores, inputs and weights rounded to TF32. CUDA only, compute
   * capability 8.0 and up; never chosen by AUTO.
   */
  IMPLICIT_GEMM_TF32(azulejo_h.AZJ_CONV_IMPLICIT_GEMM_TF32(), Precision.TF32),
  /** As IMPLICIT_GEMM_TF32, rounded to BF16. */
  IMPLICIT_GEMM_BF16(azulejo_h.AZJ_CONV_IMPLICIT_GEMM_BF16(), Precision.BF16),
  /**
   * F(4x4, 3x3): 36 products for 144, with larger rounding errors. CPU only; see {@link #fits} for
   * what shapes.
   */
  WINOGRAD(azulejo_h.AZJ_CONV_WINOGRAD(), Precision.FLOAT32);

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

  /** Whether a device has it. */
  public boolean runsOn(DeviceInfo device) {
    boolean cpu = device.kind() == DeviceKind.CPU;
    return switch (this) {
      case AUTO, DIRECT, IM2COL_GEMM, IMPLICIT_GEMM -> true;
      case WINOGRAD -> cpu;
      case IMPLICIT_GEMM_TF32, IMPLICIT_GEMM_BF16 -> !cpu && device.capability() >= TENSOR_CORES;
    };
  }

  /** Whether it does a shape: WINOGRAD 3x3 kernels with stride 1, dilation 1 and one group only. */
  public boolean fits(Conv2dShape shape) {
    return this != WINOGRAD
        || shape.kernelHeight() == 3
            && shape.kernelWidth() == 3
            && shape.strideHeight() == 1
            && shape.strideWidth() == 1
            && shape.dilationHeight() == 1
            && shape.dilationWidth() == 1
            && shape.groups() == 1;
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
