package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.Map;

/**
 * What an optimiser keeps from step to step, in the layout of the parameters. Belongs to the
 * training thread.
 */
public interface OptimizerState extends AutoCloseable {

  /**
   * Updates all parameters in one call; allocates nothing.
   *
   * @param step from 1
   * @param learningRate of this step
   * @param gradients read
   * @param weights updated
   */
  void update(Stream stream, long step, float learningRate, Tensor gradients, Tensor weights);

  /** Its moments by name, for checkpoints. */
  Map<String, Tensor> moments();

  @Override
  void close();
}
