package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import java.util.Optional;

/** A layer on activations in BF16 with channels last. */
@FunctionalInterface
public interface Bf16Form {
  /**
   * A plan that runs the layer, as {@link Layer#plan}.
   *
   * @param image how one input sample lies in memory: the layer's input shape, or, for a dense
   *     layer after a flatten, the shape before that
   * @throws IllegalArgumentException if it cannot be done on BF16; the message says why
   */
  LayerPlan plan(Shape image, int maxBatch, EngineSession engine);

  /** A plan that runs the layer and the next one as one step, as {@link Layer#planWith}. */
  default Optional<LayerPlan> planWith(
      Layer next, Shape image, int maxBatch, EngineSession engine) {
    return Optional.empty();
  }
}
