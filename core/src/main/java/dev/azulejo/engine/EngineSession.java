package dev.azulejo.engine;

import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import java.util.Optional;

/**
 * An engine at work on one stream: owns the plans it made and whatever they share, such as a
 * library's handle. Belongs to the stream's thread.
 */
public interface EngineSession extends AutoCloseable {

  /** How the activations lie in memory that its plans read and write. */
  default Storage storage() {
    return Storage.F32;
  }

  /**
   * A plan for a convolution.
   *
   * @param problem its batch is the largest of any call; the plan owns it from now on
   * @throws dev.azulejo.device.UnsupportedProblemException if the engine has no such convolution;
   *     the message says which limit
   * @throws dev.azulejo.device.OutOfDeviceMemoryException if its workspace does not fit
   */
  ConvolutionPlan convolution(Conv2dProblem problem);

  /**
   * As {@link #convolution}, with max pooling of its output by windows of 2x2 in the same
   * operation. Empty where the engine has none: a convolution and a pooling then run one after the
   * other.
   */
  default Optional<PooledConvolutionPlan> pooledConvolution(Conv2dProblem problem) {
    return Optional.empty();
  }

  /** As {@link #convolution}, for a dense layer. */
  DensePlan dense(DenseProblem problem);

  /**
   * Bytes of device memory that its plans hold of their own, under the engine's name in the {@link
   * dev.azulejo.device.MemoryReport}. Azulejo's plans hold none: they use the stream's workspace.
   */
  long bytes();

  /** Waits for the plans' work and frees everything; a second call does nothing. */
  @Override
  void close();
}
