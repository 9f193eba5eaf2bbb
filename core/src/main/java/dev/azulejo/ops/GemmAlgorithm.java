package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;

/**
 * The rungs of the GEMM ladder, each kept and selectable. All but AUTO are CUDA kernels; elsewhere
 * they are an {@link dev.azulejo.device.UnsupportedProblemException}.
 */
public enum GemmAlgorithm {
  /** The best the device has in full float32; {@link Gemm#choice} tells which. */
  AUTO(azulejo_h.AZJ_GEMM_AUTO(), Precision.FLOAT32),
  /** One block, a thread for each element of C, T§4.4.1 (row T18); m * n &lt;= 1024. */
  ONE_BLOCK(azulejo_h.AZJ_GEMM_ONE_BLOCK(), Precision.FLOAT32),
  /** The same with A and B in shared memory (row T18); m * n &lt;= 1024. */
  ONE_BLOCK_SHARED(azulejo_h.AZJ_GEMM_ONE_BLOCK_SHARED(), Precision.FLOAT32),
  /** A grid of tiles of C (row T18). */
  GRID(azulejo_h.AZJ_GEMM_GRID(), Precision.FLOAT32),
  /** Tiles of C, with tiles of A and B in shared memory (row T18). */
  TILED(azulejo_h.AZJ_GEMM_TILED(), Precision.FLOAT32),
  /** Tiles in registers, wide loads, asynchronous copies into two buffers. */
  REGISTER(azulejo_h.AZJ_GEMM_REGISTER(), Precision.FLOAT32),
  /** Tensor cores; A and B rounded to TF32, float32 sums. Compute capability 8.0 and up. */
  TENSOR_TF32(azulejo_h.AZJ_GEMM_TENSOR_TF32(), Precision.TF32),
  /** Tensor cores; A and B rounded to BF16, float32 sums. Compute capability 8.0 and up. */
  TENSOR_BF16(azulejo_h.AZJ_GEMM_TENSOR_BF16(), Precision.BF16),
  /**
   * As TENSOR_TF32 by Hopper's own instructions (wgmma, bulk tensor copies). Compute capability 9.0
   * only. Operands that do not lie along k on 16 bytes are copied first, to memory the stream
   * keeps.
   */
  HOPPER_TF32(azulejo_h.AZJ_GEMM_HOPPER_TF32(), Precision.TF32),
  /** As TENSOR_BF16, likewise; both operands are copied. */
  HOPPER_BF16(azulejo_h.AZJ_GEMM_HOPPER_BF16(), Precision.BF16);

  /** Capability times ten of the first devices whose tensor cores take TF32 and BF16. */
  private static final int TENSOR_CORES = 80;

  /** Capability times ten of the only devices with wgmma. */
  private static final int HOPPER = 90;

  private final int code;
  private final Precision precision;

  GemmAlgorithm(int code, Precision precision) {
    this.code = code;
    this.precision = precision;
  }

  /** What it rounds A and B to. */
  public Precision precision() {
    return precision;
  }

  /** Whether a device has it. It may have limits of its own beside. */
  public boolean runsOn(DeviceInfo device) {
    if (this == AUTO || device.kind() == DeviceKind.CPU) {
      return this == AUTO;
    }
    return switch (this) {
      case TENSOR_TF32, TENSOR_BF16 -> device.capability() >= TENSOR_CORES;
      case HOPPER_TF32, HOPPER_BF16 -> device.capability() == HOPPER;
      default -> true;
    };
  }

  /** {@code azj_gemm_algorithm} of azulejo.h. */
  int code() {
    return code;
  }

  static GemmAlgorithm of(int code) {
    for (GemmAlgorithm algorithm : values()) {
      if (algorithm.code == code) {
        return algorithm;
      }
    }
    throw new IllegalStateException(
        "the native library names GEMM algorithm " + code + ", which these bindings do not know");
  }
}
