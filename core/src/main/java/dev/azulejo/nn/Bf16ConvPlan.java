package dev.azulejo.nn;

import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Activations;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;

/** A convolution or dense layer on BF16 with channels last. */
final class Bf16ConvPlan implements LayerPlan {
  private final Conv2dProblem problem;
  private final ConvolutionPlan convolution;
  private final long filters;
  private final long channels;
  private final long taps;
  private final long samplePixels;
  private long pixels;

  Bf16ConvPlan(Conv2dProblem problem, EngineSession engine) {
    this.problem = problem;
    Conv2dShape shape = problem.shape();
    filters = shape.filters();
    channels = shape.channels();
    taps = shape.kernelHeight() * shape.kernelWidth();
    samplePixels = problem.outputHeight() * problem.outputWidth();
    pixels = problem.batch() * samplePixels;
    convolution = engine.convolution(problem);
  }

  @Override
  public void setBatch(int batch) {
    pixels = batch * samplePixels;
    convolution.setBatch(batch);
  }

  @Override
  public long workspaceBytes() {
    return convolution.workspaceBytes();
  }

  @Override
  public Storage storage() {
    return Storage.BF16;
  }

  @Override
  public long packedElements() {
    return Bf16Convolution.weightCount(problem);
  }

  @Override
  public void pack(Stream stream, LayerWeights weights) {
    Bf16Packing.pack(stream, filters, channels, taps, weights.weight(), weights.packed());
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    convolution.forward(t.x(), t.weights().packed(), t.weights().bias(), t.y());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    Bf16Activations.backward(
        stream,
        problem.activation(),
        problem.slope(),
        pixels,
        filters,
        t.y(),
        t.gradY(),
        t.gradY(),
        t.gradients().bias());
    convolution.gradWeights(t.x(), t.gradY(), t.gradients().weight(), null);
    if (t.gradX() != null) {
      convolution.gradInput(t.gradY(), t.weights().packed(), t.gradX());
    }
  }
}
