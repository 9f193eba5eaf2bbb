package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Layers that a plan runs as one. What passes between them has no memory of its own. A layer that
 * only sees its input as another shape is part of no step. A step of no layer goes over from one
 * storage to another.
 *
 * @param first its first layer, whose parameters are the step's
 * @param last its last layer; first - 1 where there is none
 * @param plan runs them
 * @param output one sample of its output, as it lies in memory
 */
record Step(int first, int last, LayerPlan plan, Shape output) {

  /** The steps of a network, in order. */
  static List<Step> of(NetworkSpec spec, int batch, EngineSession engine) {
    return engine.storage() == Storage.BF16
        ? Bf16Steps.of(spec, batch, engine)
        : inFloats(0, spec, batch, engine);
  }

  /** The steps from a layer on, on float32. */
  static List<Step> inFloats(int from, NetworkSpec spec, int batch, EngineSession engine) {
    List<Layer> layers = spec.layers();
    List<Step> steps = new ArrayList<>();
    int i = from;
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

  /** A step of no layer, before one. */
  static Step edge(int before, LayerPlan plan, Shape output) {
    return new Step(before, before - 1, plan, output);
  }

  private static Step at(int i, NetworkSpec spec, int batch, EngineSession engine) {
    List<Layer> layers = spec.layers();
    Layer layer = layers.get(i);
    Shape input = spec.shapes().get(i);
    if (i + 1 < layers.size()) {
      Optional<LayerPlan> both = layer.planWith(layers.get(i + 1), input, batch, engine);
      if (both.isPresent()) {
        return new Step(i, i + 1, both.get(), spec.shapes().get(i + 2));
      }
    }
    return new Step(i, i, layer.plan(input, batch, engine), spec.shapes().get(i + 1));
  }

  /** Whether it runs a layer. */
  boolean hasLayers() {
    return first <= last;
  }

  /** Its layers, such as {@code conv2d1+maxpool1}. */
  String name(NetworkSpec spec) {
    return hasLayers()
        ? String.join("+", spec.layerNames().subList(first, last + 1))
        : "the conversion to " + plan.storage();
  }

  /** Its layer's part of a network's parameters, or of the gradients to them. */
  LayerWeights of(List<LayerWeights> layers) {
    return hasLayers() ? layers.get(first) : LayerWeights.NONE;
  }

  /** Elements of its output for so many samples. */
  long outputElements(int batch) {
    return Math.multiplyExact((long) batch, plan.storage().elements(output));
  }
}
