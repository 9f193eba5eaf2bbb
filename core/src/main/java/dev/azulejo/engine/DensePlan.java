package dev.azulejo.engine;

import dev.azulejo.device.Tensor;

/**
 * A dense layer, ready to run on its session's stream: {@link dev.azulejo.ops.Dense} gives
 * equations and shapes. Its calls allocate nothing, as those of a {@link ConvolutionPlan}.
 */
public interface DensePlan {

  /** How many samples the next calls have, 1 to the problem's. */
  void setBatch(int batch);

  /**
   * y = σ(x wᵀ + bias).
   *
   * @param bias null for none
   */
  void forward(Tensor x, Tensor w, Tensor bias, Tensor y);

  /**
   * The gradients to the weights and to the bias: one call, because some engines sum both at once.
   *
   * @param gradZ the gradient before the activation
   * @param gradBias null where it is not wanted
   */
  void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias);

  /** The gradient to the input. */
  void gradInput(Tensor gradZ, Tensor w, Tensor gradX);
}
