package dev.azulejo.engine;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import java.util.Locale;

/**
 * A convolution on BF16 with channels last, by {@link Bf16Convolution}. Its descriptor is all it
 * holds.
 */
final class Bf16ConvolutionPlan implements ConvolutionPlan {
  private final Stream stream;
  private final Conv2dProblem problem;
  private final long workspaceBytes;

  /** Asks the device at once for each pass, which it may not do. */
  Bf16ConvolutionPlan(Stream stream, Conv2dProblem problem, boolean training) {
    this.stream = stream;
    this.problem = problem;
    long bytes = 0;
    for (ConvPass pass : ConvPass.values()) {
      if (training || pass == ConvPass.FORWARD) {
        bytes = Math.max(bytes, Bf16Convolution.workspaceBytes(stream, problem, pass));
      }
    }
    workspaceBytes = bytes;
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
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
    Bf16Convolution.forward(stream, problem, x, w, bias, y);
  }

  @Override
  public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
    if (gradBias != null) {
      throw new IllegalArgumentException(
          "on BF16 the gradient to the bias comes with the way back through the activation,"
              + " Bf16Activations.backward; give null here");
    }
    Bf16Convolution.gradWeights(stream, problem, x, gradZ, gradW);
  }

  @Override
  public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
    Bf16Convolution.gradInput(stream, problem, gradZ, w, gradX);
  }

  /** There is one. */
  @Override
  public String algorithm(ConvPass pass) {
    return ConvAlgorithm.HOPPER_BF16.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
