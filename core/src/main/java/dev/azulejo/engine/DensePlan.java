package dev.azulejo.engine;

import dev.azulejo.device.Tensor;

/**
 * A dense layer, ready to run on its session's stream: {@link dev.azulejo.ops.Dense} gives
 * equations and shapes. Its calls allocate nothing, as those of a {@link ConvolutionPlan}.
 */
public interface DensePlan {

  /** How many samples the next calls have, 1 to the problem's. */
  void setBatch(int batch);

  /** y = σ(x wᵀ + bias). */
  void forward(Tensor x, Tensor w, Tensor bias, Tensor y);

  /** The gradient to the bias, from the gradient before the activation. */
  void gradBias(Tensor gradZ, Tensor gradBias);

  /** The gradient to the weights. */
  void gradWeights(Tensor x, Tensor gradZ, Tensor gradW);

  /** The gradient to the input. */
  void gradInput(Tensor gradZ, Tensor w, Tensor gradX);
}
