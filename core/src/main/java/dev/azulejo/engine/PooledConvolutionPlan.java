package dev.azulejo.engine;

import dev.azulejo.device.Tensor;

/**
 * A convolution and the max pooling of its output by windows of 2x2 in one operation, ready to run
 * on its session's stream: {@link dev.azulejo.ops.PooledConvolution} gives equations and shapes.
 * Its calls allocate nothing, as those of a {@link ConvolutionPlan}.
 */
public interface PooledConvolutionPlan {

  /** How many samples the next calls have, 1 to the problem's. */
  void setBatch(int batch);

  /** Bytes that it needs of the stream's own workspace; whoever runs it reserves them. */
  long workspaceBytes();

  /**
   * y = the maxima of σ(conv(x, w) + bias).
   *
   * @param bias null for none
   * @param argmax where they are, for {@link #backward}; null where it does not follow
   */
  void forward(Tensor x, Tensor w, Tensor bias, Tensor y, Tensor argmax);

  /**
   * From the gradient to y that before the activation, and to the bias.
   *
   * @param gradZ of the size of the convolution's output
   * @param gradBias null where it is not wanted
   */
  void backward(Tensor y, Tensor argmax, Tensor gradY, Tensor gradZ, Tensor gradBias);

  /** The gradient to the weights. */
  void gradWeights(Tensor x, Tensor gradZ, Tensor gradW);

  /** The gradient to the input. */
  void gradInput(Tensor gradZ, Tensor w, Tensor gradX);
}
