package dev.azulejo.nn;

import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import dev.azulejo.ops.Conv2dProblem;

/** A convolution layer by itself. */
final class Conv2dPlan implements LayerPlan {
  private final Conv2d layer;
  private final long sampleOutputs;
  private final ConvolutionPlan convolution;
  private long outputs;

  Conv2dPlan(Conv2d layer, Conv2dProblem problem, EngineSession engine) {
    this.layer = layer;
    sampleOutputs = problem.shape().outputCount();
    outputs = problem.outputCount();
    convolution = engine.convolution(problem);
  }

  @Override
  public void setBatch(int batch) {
    outputs = batch * sampleOutputs;
    convolution.setBatch(batch);
  }

  @Override
  public long workspaceBytes() {
    return convolution.workspaceBytes();
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    convolution.forward(t.x(), t.weights().weight(), t.weights().bias(), t.y());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    if (layer.activation() != Activation.IDENTITY) {
      Activations.backward(
          stream, layer.activation(), layer.slope(), outputs, t.y(), t.gradY(), t.gradY());
    }
    convolution.gradWeights(t.x(), t.gradY(), t.gradients().weight(), t.gradients().bias());
    if (t.gradX() != null) {
      convolution.gradInput(t.gradY(), t.weights().weight(), t.gradX());
    }
  }
}
