package dev.azulejo.nn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Pooling;
import dev.azulejo.ops.Pool2dProblem;
import dev.azulejo.ops.PoolMode;

/** A pooling layer on BF16 with channels last; where each maximum is takes a byte. */
final class Bf16PoolPlan implements LayerPlan {
  private final Pool2dProblem problem;
  private final long saved;

  Bf16PoolPlan(Pool2dProblem problem) {
    this.problem = problem;
    saved = problem.mode() == PoolMode.MAX ? Bf16Pooling.outputCount(problem) : 0;
  }

  @Override
  public void setBatch(int batch) {
    problem.setBatch(batch);
  }

  @Override
  public Storage storage() {
    return Storage.BF16;
  }

  @Override
  public long savedElements() {
    return saved;
  }

  @Override
  public ElementType savedType() {
    return ElementType.U8;
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    Bf16Pooling.forward(stream, problem, t.x(), t.y(), t.saved());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    if (t.gradX() != null) {
      Bf16Pooling.backward(stream, problem, t.gradY(), t.saved(), t.gradX());
    }
  }
}
