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

  /**
   * Writes down, in host memory, the settings of a step to come.
   *
   * @param row the step among those planned, from 0
   * @param step in the run, from 1
   * @param learningRate of this step
   */
  void plan(int row, long step, float learningRate);

  /** Copies the settings of the first so many planned steps to the device. */
  void uploadPlan(Stream stream, int steps);

  /**
   * Updates all parameters by the settings of the next planned step, bit for bit as {@link #update}
   * does. Allocates nothing, and can be recorded in a graph: the settings come from device memory,
   * and each run moves on by a step.
   */
  void updateAsPlanned(Stream stream, Tensor gradients, Tensor weights);

  /** Its moments by name, for checkpoints. */
  Map<String, Tensor> moments();

  @Override
  void close();
}
