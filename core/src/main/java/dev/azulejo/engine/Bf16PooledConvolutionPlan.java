package dev.azulejo.engine;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Bf16PooledConvolution;
import dev.azulejo.ops.Conv2dProblem;

/** A convolution with max pooling on BF16 with channels last, by {@link Bf16PooledConvolution}. */
final class Bf16PooledConvolutionPlan implements PooledConvolutionPlan {
  private final Stream stream;
  private final Conv2dProblem problem;
  private final Bf16ConvolutionPlan convolution;
  private final long workspaceBytes;

  /** Asks the device at once for each pass, which it may not do. */
  Bf16PooledConvolutionPlan(Stream stream, Conv2dProblem problem, boolean training) {
    this.stream = stream;
    this.problem = problem;
    convolution = new Bf16ConvolutionPlan(stream, problem, training);
    workspaceBytes =
        Math.max(
            convolution.workspaceBytes(), Bf16PooledConvolution.workspaceBytes(stream, problem));
  }

  @Override
  public void setBatch(int batch) {
    problem.setBatch(batch);
  }

  @Override
  public long workspaceBytes() {
    return workspaceBytes;
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y, Tensor argmax) {
    Bf16PooledConvolution.forward(stream, problem, x, w, bias, y, argmax);
  }

  @Override
  public void backward(Tensor y, Tensor argmax, Tensor gradY, Tensor gradZ, Tensor gradBias) {
    Bf16PooledConvolution.backward(stream, problem, y, argmax, gradY, gradZ, gradBias);
  }

  @Override
  public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW) {
    convolution.gradWeights(x, gradZ, gradW, null);
  }

  @Override
  public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
    convolution.gradInput(gradZ, w, gradX);
  }
}
