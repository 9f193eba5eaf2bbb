package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The steps of a network on BF16 with channels last: the input is packed, every layer up to the
 * last that has a form on BF16 runs in it, and what that gives is unpacked; a softmax or an
 * activation after it runs on float32.
 */
final class Bf16Steps {
  private final NetworkSpec spec;
  private final int batch;
  private final EngineSession engine;
  private final List<Step> steps = new ArrayList<>();
  private Shape image; // how the output of the last step lies in memory

  private Bf16Steps(NetworkSpec spec, int batch, EngineSession engine) {
    this.spec = spec;
    this.batch = batch;
    this.engine = engine;
  }

  static List<Step> of(NetworkSpec spec, int batch, EngineSession engine) {
    return new Bf16Steps(spec, batch, engine).all();
  }

  private List<Step> all() {
    List<Layer> layers = spec.layers();
    int end = layers.size(); // behind the last layer on BF16
    while (end > 0 && layers.get(end - 1).bf16().isEmpty()) {
      end--;
    }
    if (end > 0) {
      int first = 0;
      while (layers.get(first).isView()) {
        first++;
      }
      // Nothing is packed yet that a flatten before it could see in another shape.
      image = spec.shapes().get(first);
      steps.add(Step.edge(0, new Bf16Edge(Storage.BF16, image, batch), image));
      for (int i = first; i < end; i++) {
        if (!layers.get(i).isView()) {
          i = add(i);
        }
      }
      steps.add(Step.edge(end, new Bf16Edge(Storage.F32, image, batch), image));
    }
    steps.addAll(Step.inFloats(end, spec, batch, engine));
    return steps;
  }

  /** Adds the step of a layer, and tells which is its last one. */
  private int add(int i) {
    Layer layer = spec.layers().get(i);
    Shape input = spec.shapes().get(i);
    Optional<Bf16Form> form = layer.bf16();
    if (form.isEmpty()) {
      throw refused(
          i,
          "it has no form on BF16, and there are layers behind it that have; an activation is"
              + " computed in the convolution or dense layer before it");
    }
    if (!image.equals(input) && !(layer instanceof Dense)) {
      throw refused(
          i,
          "it reads images of "
              + image
              + " through a flatten, which with channels last only a dense layer can");
    }
    try {
      Optional<LayerPlan> both =
          i + 1 < spec.layers().size()
              ? form.get().planWith(spec.layers().get(i + 1), image, batch, engine)
              : Optional.empty();
      int last = both.isPresent() ? i + 1 : i;
      LayerPlan plan = both.isPresent() ? both.get() : form.get().plan(image, batch, engine);
      image = spec.shapes().get(last + 1);
      steps.add(new Step(i, last, plan, image));
      return last;
    } catch (IllegalArgumentException e) {
      throw refused(i, e.getMessage());
    } catch (UnsupportedProblemException e) {
      throw refused(i, e.getMessage());
    }
  }

  private UnsupportedProblemException refused(int i, String why) {
    return new UnsupportedProblemException(
        "layer " + spec.layerNames().get(i) + " on BF16 with channels last",
        why + "; engine azulejo runs it on float32");
  }
}
