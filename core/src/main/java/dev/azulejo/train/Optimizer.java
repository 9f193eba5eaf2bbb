package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;

/**
 * How gradients change the weights: immutable settings, from which each training run makes its own
 * state.
 */
public interface Optimizer {

  /** The rate that a schedule's factor multiplies. */
  float learningRate();

  /** Its settings in words; a resumed run must have the same. */
  String describe();

  /**
   * State for a network's parameters, moments at zero.
   *
   * @param count floats of the parameters' flat buffer
   * @param steps the most steps that are planned at once, at least 1; see {@link
   *     OptimizerState#plan}
   */
  OptimizerState start(Device device, Stream stream, long count, int steps);
}
