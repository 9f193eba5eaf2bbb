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
   * F(4x4, 3x3): 36 products for 144, with larger rounding errors; see {@link #fits} for what
   * shapes.
   */
  WINOGRAD(azulejo_h.AZJ_CONV_WINOGRAD(), Precision.FLOAT32),
  /**
   * As IMPLICIT_GEMM_TF32 by Hopper's own instructions (wgmma, bulk tensor copies), compute
   * capability 9.0 only. See {@link #fits} for what shapes; never chosen by AUTO.
   */
  HOPPER_TF32(azulejo_h.AZJ_CONV_HOPPER_TF32(), Precision.TF32),
  /** As HOPPER_TF32, rounded to BF16. */
  HOPPER_BF16(azulejo_h.AZJ_CONV_HOPPER_BF16(), Precision.BF16),
  /**
   * F(2x2, 3x3): 16 products for 36, of the shapes of WINOGRAD and with a rounding error between
   * its and that of the others. CUDA only; never chosen by AUTO.
   */
  WINOGRAD_2X2(azulejo_h.AZJ_CONV_WINOGRAD_2X2(), Precision.FLOAT32);

  /** Capability times ten of the first devices whose tensor cores take TF32 and BF16. */
  private static final int TENSOR_CORES = 80;

  /** Capability times ten of the only devices with wgmma. */
  private static final int HOPPER = 90;

  /** What Hopper's copy engine takes of a convolution along each axis. */
  private static final int HOPPER_STRIDE = 8;

  private static final int HOPPER_PADDING = 128;
  private static final int HOPPER_SPAN = 255;

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
      case AUTO, DIRECT, IM2COL_GEMM, IMPLICIT_GEMM, WINOGRAD -> true;
      case WINOGRAD_2X2 -> !cpu;
      case IMPLICIT_GEMM_TF32, IMPLICIT_GEMM_BF16 -> !cpu && device.capability() >= TENSOR_CORES;
      case HOPPER_TF32, HOPPER_BF16 -> !cpu && device.capability() == HOPPER;
    };
  }

  /**
   * Whether it does a shape: WINOGRAD 3x3 kernels with stride 1, dilation 1 and one group only;
   * HOPPER strides up to 8, paddings up to 128, and kernels whose first and last tap are at most
   * 255 apart and 128 beyond the padding.
   */
  public boolean fits(Conv2dShape shape) {
    return switch (this) {
      case WINOGRAD, WINOGRAD_2X2 ->
          shape.kernelHeight() == 3
              && shape.kernelWidth() == 3
              && shape.strideHeight() == 1
              && shape.strideWidth() == 1
              && shape.dilationHeight() == 1
              && shape.dilationWidth() == 1
              && shape.groups() == 1;
      case HOPPER_TF32, HOPPER_BF16 ->
          fitsHopper(
                  shape.strideHeight(),
                  shape.paddingHeight(),
                  (shape.kernelHeight() - 1) * shape.dilationHeight())
              && fitsHopper(
                  shape.strideWidth(),
                  shape.paddingWidth(),
                  (shape.kernelWidth() - 1) * shape.dilationWidth());
      default -> true;
    };
  }

  private static boolean fitsHopper(long stride, long padding, long span) {
    return stride <= HOPPER_STRIDE
        && padding <= HOPPER_PADDING
        && span <= HOPPER_SPAN
        && padding - span >= -HOPPER_PADDING
        && padding - span < HOPPER_PADDING;
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
