package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Layers that a plan runs as one. What passes between them has no memory of its own. A layer that
 * only sees its input as another shape is part of no step.
 *
 * @param first its first layer, whose parameters are the step's
 * @param last its last layer
 * @param plan runs them
 */
record Step(int first, int last, LayerPlan plan) {

  /** The steps of a network, in order. */
  static List<Step> of(NetworkSpec spec, int batch, EngineSession engine) {
    List<Layer> layers = spec.layers();
    List<Step> steps = new ArrayList<>();
    int i = 0;
    while (i < layers.size()) {
      if (layers.get(i).isView()) {
        i++;
      } else {
        Step step = at(i, spec, batch, engine);
        steps.add(step);
        i = step.last + 1;
      }
    }
    return steps;
  }

  private static Step at(int i, NetworkSpec spec, int batch, EngineSession engine) {
    List<Layer> layers = spec.layers();
    Layer layer = layers.get(i);
    Shape input = spec.shapes().get(i);
    if (i + 1 < layers.size()) {
      Optional<LayerPlan> both = layer.planWith(layers.get(i + 1), input, batch, engine);
      if (both.isPresent()) {
        return new Step(i, i + 1, both.get());
      }
    }
    return new Step(i, i, layer.plan(input, batch, engine));
  }

  /** Its layers, such as {@code conv2d1+maxpool1}. */
  String name(NetworkSpec spec) {
    return String.join("+", spec.layerNames().subList(first, last + 1));
  }

  /** Elements of its output for so many samples. */
  long outputElements(NetworkSpec spec, int batch) {
    return Math.multiplyExact((long) batch, spec.shapes().get(last + 1).size());
  }
}
