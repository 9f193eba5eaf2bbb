package dev.azulejo.engine;

import dev.azulejo.device.Stream;

/**
 * A maker of convolutions and dense layers. The same network, weights, memory and stream run with
 * another engine; only those two layers are computed by somebody else.
 *
 * <p>Immutable and safe for any number of threads; its sessions belong to one stream each.
 */
public interface Engine {

  /** What {@code --engine} calls it, with its precision where that is not FP32. */
  String name();

  /**
   * Prepares it for the plans of one network on one stream.
   *
   * @param stream the stream every plan of the session runs on
   * @param training whether the backward passes are needed, too
   * @throws dev.azulejo.device.UnsupportedProblemException if it does not work on the stream's
   *     device
   */
  EngineSession open(Stream stream, boolean training);

  /**
   * Azulejo's own kernels on activations in BF16 with channels last, {@code azulejo:bf16}; its
   * sessions open on CUDA devices of compute capability 9.0 only.
   */
  static Engine azulejoBf16() {
    return Bf16Engine.INSTANCE;
  }

  /** Azulejo's own kernels, on every device; what a network uses where nothing is said. */
  static Engine azulejo() {
    return AzulejoEngine.INSTANCE;
  }
}
