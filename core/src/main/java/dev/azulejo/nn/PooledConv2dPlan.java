package dev.azulejo.nn;

import dev.azulejo.device.Stream;
import dev.azulejo.engine.PooledConvolutionPlan;

/**
 * A convolution layer and the max pooling after it as one step: the convolution's output, four
 * times as large as what is kept, is nowhere.
 */
final class PooledConv2dPlan implements LayerPlan {
  private final PooledConvolutionPlan plan;
  private final long pooled;
  private final long outputs;

  /**
   * A step.
   *
   * @param pooled elements of its output, for the largest batch
   * @param outputs elements of the convolution's, likewise
   */
  PooledConv2dPlan(PooledConvolutionPlan plan, long pooled, long outputs) {
    this.plan = plan;
    this.pooled = pooled;
    this.outputs = outputs;
  }

  @Override
  public void setBatch(int batch) {
    plan.setBatch(batch);
  }

  @Override
  public long workspaceBytes() {
    return plan.workspaceBytes();
  }

  /** The argmax of the pooling. */
  @Override
  public long savedElements() {
    return pooled;
  }

  /** The gradient before the activation. */
  @Override
  public long innerElements() {
    return outputs;
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    plan.forward(t.x(), t.weights().weight(), t.weights().bias(), t.y(), t.saved());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    plan.backward(t.y(), t.saved(), t.gradY(), t.inner(), t.gradients().bias());
    plan.gradWeights(t.x(), t.inner(), t.gradients().weight());
    if (t.gradX() != null) {
      plan.gradInput(t.inner(), t.weights().weight(), t.gradX());
    }
  }
}
