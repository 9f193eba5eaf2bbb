package dev.azulejo.engine;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.ConvPass;

/**
 * A convolution, ready to run on its session's stream: {@link dev.azulejo.ops.Convolution} gives
 * equations and shapes. Descriptors and workspaces are made with it; its calls allocate nothing,
 * but for the first with a size of mini-batch that it has not seen.
 */
public interface ConvolutionPlan {

  /** How many samples the next calls have, 1 to the problem's. */
  void setBatch(int batch);

  /** Bytes that it needs of the stream's own workspace; whoever runs it reserves them. */
  long workspaceBytes();

  /**
   * y = σ(conv(x, w) + bias).
   *
   * @param bias null for none
   */
  void forward(Tensor x, Tensor w, Tensor bias, Tensor y);

  /**
   * The gradients to the weights and to the bias: one call, because some engines sum both at once.
   *
   * @param gradZ the gradient before the activation
   * @param gradBias null where it is not wanted; always null in {@link Storage#BF16}, where it
   *     comes with the way back through the activation
   */
  void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias);

  /** The gradient to the input. */
  void gradInput(Tensor gradZ, Tensor w, Tensor gradX);

  /** The algorithm that a pass runs with, in the engine's words, for reports. */
  String algorithm(ConvPass pass);
}
