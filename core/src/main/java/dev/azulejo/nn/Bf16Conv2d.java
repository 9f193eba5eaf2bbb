package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Conv2dProblem;
import java.util.Optional;

/**
 * A convolution layer on BF16 with channels last.
 *
 * @param layer with one group
 */
record Bf16Conv2d(Conv2d layer) implements Bf16Form {
  @Override
  public LayerPlan plan(Shape image, int maxBatch, EngineSession engine) {
    return new Bf16ConvPlan(problem(image, maxBatch), engine);
  }

  @Override
  public Optional<LayerPlan> planWith(Layer next, Shape image, int maxBatch, EngineSession engine) {
    if (!next.equals(Conv2d.POOLING)) {
      return Optional.empty();
    }
    Conv2dProblem problem = problem(image, maxBatch);
    return engine.pooledConvolution(problem).map(plan -> new Bf16PooledConvPlan(plan, problem));
  }

  private Conv2dProblem problem(Shape image, int maxBatch) {
    if (layer.groups() != 1) {
      throw new IllegalArgumentException(
          "it has " + layer.groups() + " groups, and convolutions on BF16 have one");
    }
    return layer.problem(image, maxBatch);
  }
}
