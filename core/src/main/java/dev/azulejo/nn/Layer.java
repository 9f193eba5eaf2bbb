package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import java.util.List;
import java.util.Optional;

/**
 * The description of one layer: immutable, without memory, shared by every network and plan that
 * uses it. One layer, one file; {@code docs/adding-an-operation.md} lists what a new one touches.
 */
public interface Layer {

  /** What it is called in summaries, parameter names and descriptions, such as {@code conv2d}. */
  String name();

  /** One line of a network description that {@link NetworkText} reads back as an equal layer. */
  String describe();

  /**
   * The shape of its output for one sample.
   *
   * @throws IllegalArgumentException if the layer cannot take such an input; the message says why
   */
  Shape outputShape(Shape input);

  /** The trainable tensors, in the order in which {@link #plan} receives them. */
  List<ParameterShape> parameters(Shape input);

  /**
   * A plan that runs this layer for up to {@code maxBatch} samples. Allocates host memory for
   * descriptors only.
   *
   * @param input the shape of one input sample
   * @param maxBatch the most samples of one call
   * @param engine makes the plans of convolutions and dense layers; on the stream that the plan
   *     will run on
   */
  LayerPlan plan(Shape input, int maxBatch, EngineSession engine);

  /**
   * A plan that runs this layer and the next one as one step, without what passes between them;
   * empty where there is no such operation, or the engine has none: each then runs by itself.
   *
   * @param next the layer after this one
   */
  default Optional<LayerPlan> planWith(
      Layer next, Shape input, int maxBatch, EngineSession engine) {
    return Optional.empty();
  }

  /** Its form on activations in BF16 with channels last; empty where it has none. */
  default Optional<Bf16Form> bf16() {
    return Optional.empty();
  }

  /** Whether its output is its input, seen as another shape: no memory, no work. */
  default boolean isView() {
    return false;
  }
}
