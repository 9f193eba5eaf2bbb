package dev.azulejo.nn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.PooledConvolutionPlan;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Bf16PooledConvolution;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;

/**
 * A convolution layer and the max pooling after it as one step on BF16 with channels last: as
 * {@link PooledConv2dPlan}, and where each maximum is takes a byte.
 */
final class Bf16PooledConvPlan implements LayerPlan {
  private final PooledConvolutionPlan plan;
  private final Conv2dShape shape;
  private final long weights;
  private final long pooled;
  private final long outputs;

  /**
   * A step.
   *
   * @param problem that of the plan, with its largest batch
   */
  Bf16PooledConvPlan(PooledConvolutionPlan plan, Conv2dProblem problem) {
    this.plan = plan;
    shape = problem.shape();
    weights = Bf16Convolution.weightCount(problem);
    pooled = Bf16PooledConvolution.pooledCount(problem);
    outputs = Bf16Convolution.outputCount(problem);
  }

  @Override
  public void setBatch(int batch) {
    plan.setBatch(batch);
  }

  @Override
  public long workspaceBytes() {
    return plan.workspaceBytes();
  }

  @Override
  public Storage storage() {
    return Storage.BF16;
  }

  @Override
  public long packedElements() {
    return weights;
  }

  /** The argmax of the pooling. */
  @Override
  public long savedElements() {
    return pooled;
  }

  @Override
  public ElementType savedType() {
    return ElementType.U8;
  }

  /** The gradient before the activation. */
  @Override
  public long innerElements() {
    return outputs;
  }

  @Override
  public void pack(Stream stream, LayerWeights weights) {
    long taps = shape.kernelHeight() * shape.kernelWidth();
    Bf16Packing.pack(
        stream, shape.filters(), shape.channels(), taps, weights.weight(), weights.packed());
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    plan.forward(t.x(), t.weights().packed(), t.weights().bias(), t.y(), t.saved());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    plan.backward(t.y(), t.saved(), t.gradY(), t.inner(), t.gradients().bias());
    plan.gradWeights(t.x(), t.inner(), t.gradients().weight());
    if (t.gradX() != null) {
      plan.gradInput(t.inner(), t.weights().packed(), t.gradX());
    }
  }
}
