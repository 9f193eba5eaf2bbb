package dev.azulejo.nn;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import java.util.List;

/**
 * What a network needs in memory for mini-batches of one size, known before a byte is allocated;
 * the plans allocate exactly this. All in bytes.
 *
 * @param weights of the network, shared by all its plans
 * @param gradients of the weights (training)
 * @param activations the input and the layers' outputs: all of them in training, two that take
 *     turns in inference. What passes between layers that are computed as one is not kept
 * @param activationGradients two that take turns (training)
 * @param saved what layers keep from the forward to the backward pass (training)
 * @param packed the plan's copies of the weights in BF16, where activations are stored so
 * @param workspace of the stream, the largest any layer needs; the one X_unroll of row T15 lives
 *     here
 * @param engine what an engine other than Azulejo's holds of its own
 */
public record MemoryPlan(
    long weights,
    long gradients,
    long activations,
    long activationGradients,
    long saved,
    long packed,
    long workspace,
    long engine) {

  /** Everything together; an optimiser's own state comes on top. */
  public long total() {
    return weights
        + gradients
        + activations
        + activationGradients
        + saved
        + packed
        + workspace
        + engine;
  }

  /** For training with Azulejo's own engine. */
  public static MemoryPlan training(NetworkSpec spec, Stream stream, int batch) {
    return training(spec, stream, batch, Engine.azulejo());
  }

  /**
   * For training. Another engine than Azulejo's makes its plans to know what they hold, and gives
   * them back.
   */
  public static MemoryPlan training(NetworkSpec spec, Stream stream, int batch, Engine engine) {
    try (EngineSession session = engine.open(stream, true)) {
      Layout layout = new Layout(spec, batch, session, true);
      long weights = Network.weightFloats(ParameterLayout.of(spec)) * Float.BYTES;
      return new MemoryPlan(
          weights,
          weights,
          layout.activationFloats * Float.BYTES,
          layout.gradientFloats * Float.BYTES,
          layout.savedFloats * Float.BYTES,
          layout.packedFloats * Float.BYTES,
          layout.workspaceBytes(),
          session.bytes());
    }
  }

  /** For inference with Azulejo's own engine. */
  public static MemoryPlan inference(NetworkSpec spec, Stream stream, int batch) {
    return inference(spec, stream, batch, Engine.azulejo());
  }

  /** For inference; see {@link #training(NetworkSpec, Stream, int, Engine)}. */
  public static MemoryPlan inference(NetworkSpec spec, Stream stream, int batch, Engine engine) {
    try (EngineSession session = engine.open(stream, false)) {
      Layout layout = new Layout(spec, batch, session, false);
      long weights = Network.weightFloats(ParameterLayout.of(spec)) * Float.BYTES;
      return new MemoryPlan(
          weights,
          0,
          layout.activationFloats * Float.BYTES,
          0,
          0,
          layout.packedFloats * Float.BYTES,
          layout.workspaceBytes(),
          session.bytes());
    }
  }

  /**
   * Where each tensor lies in one buffer: activations, then gradients, then what is saved, then
   * copies of the weights.
   */
  static final class Layout {
    final List<Step> steps;

    /** The input of step i is {@code [i]}, its output {@code [i + 1]}. */
    final Slot[] outputs;

    /**
     * In training the gradient to the output of step i, {@code [i + 1]}, from the first step that
     * has parameters on; the others are null.
     */
    final Slot[] gradients;

    /** In training the gradient inside of step i; null where there is none. */
    final Slot[] inner;

    final Slot[] saved;
    final Slot[] packed;

    /** The first step with parameters, where the backward pass ends. */
    final int firstTrainable;

    final long activationFloats;
    final long gradientFloats;
    final long savedFloats;
    final long packedFloats;

    private final FloatOffsets offsets = new FloatOffsets();

    Layout(NetworkSpec spec, int batch, EngineSession engine, boolean training) {
      if (batch < 1) {
        throw new IllegalArgumentException("batch must be at least 1, was " + batch);
      }
      steps = Step.of(spec, batch, engine);
      outputs = new Slot[steps.size() + 1];
      gradients = new Slot[steps.size() + 1];
      inner = new Slot[steps.size()];
      saved = new Slot[steps.size()];
      packed = new Slot[steps.size()];
      firstTrainable = firstTrainable(spec);
      placeOutputs(spec, batch, training);
      activationFloats = offsets.total();
      if (training) {
        placeGradients();
      }
      gradientFloats = offsets.total() - activationFloats;
      for (int i = 0; training && i < steps.size(); i++) {
        LayerPlan plan = steps.get(i).plan();
        saved[i] = Slot.take(offsets, plan.savedType(), plan.savedElements());
      }
      savedFloats = offsets.total() - activationFloats - gradientFloats;
      for (int i = 0; i < steps.size(); i++) {
        packed[i] = Slot.take(offsets, ElementType.BF16, steps.get(i).plan().packedElements());
      }
      packedFloats = offsets.total() - activationFloats - gradientFloats - savedFloats;
    }

    private void placeOutputs(NetworkSpec spec, int batch, boolean training) {
      long inputs = Math.multiplyExact((long) batch, spec.input().size());
      outputs[0] = Slot.take(offsets, ElementType.F32, inputs);
      long largest = 0;
      for (Step step : steps) {
        largest = Math.max(largest, outputFloats(step, batch));
      }
      // In inference two buffers take turns; the input has its own, which the caller may fill while
      // a batch runs.
      long[] turns = training ? null : new long[] {offsets.take(largest), offsets.take(largest)};
      for (int i = 0; i < steps.size(); i++) {
        Step step = steps.get(i);
        long offset = training ? offsets.take(outputFloats(step, batch)) : turns[i % 2];
        outputs[i + 1] = new Slot(offset, step.plan().storage().type(), step.outputElements(batch));
      }
    }

    /** Two buffers take turns. The gradient to the network's input is not needed. */
    private void placeGradients() {
      long largest = 0;
      for (int i = firstTrainable; i < steps.size(); i++) {
        Slot output = outputs[i + 1];
        largest = Math.max(largest, Slot.floats(output.type(), output.elements()));
        LayerPlan plan = steps.get(i).plan();
        largest = Math.max(largest, Slot.floats(plan.storage().type(), plan.innerElements()));
      }
      long[] turns = {offsets.take(largest), offsets.take(largest)};
      int turn = 0;
      for (int i = steps.size() - 1; i >= firstTrainable; i--) {
        Slot output = outputs[i + 1];
        gradients[i + 1] = new Slot(turns[turn], output.type(), output.elements());
        LayerPlan plan = steps.get(i).plan();
        long inside = plan.innerElements();
        if (inside == 0) {
          turn = 1 - turn;
        } else {
          // It has the other buffer; the gradient to the step's input then returns to this one.
          inner[i] = new Slot(turns[1 - turn], plan.storage().type(), inside);
        }
      }
    }

    private int firstTrainable(NetworkSpec spec) {
      List<ParameterLayout.Entry> parameters = ParameterLayout.of(spec).entries();
      int layer = parameters.isEmpty() ? spec.layers().size() : parameters.getFirst().layer();
      int step = 0;
      while (step < steps.size() && steps.get(step).last() < layer) {
        step++;
      }
      return step;
    }

    private static long outputFloats(Step step, int batch) {
      return Slot.floats(step.plan().storage().type(), step.outputElements(batch));
    }

    /**
     * What each step works on.
     *
     * @param tensors its outputs, as {@link #outputs} says
     * @param weights of each of the network's layers
     * @param gradients likewise, or none in inference
     */
    LayerTensors[] tensors(
        DeviceBuffer memory,
        Tensor[] tensors,
        List<LayerWeights> weights,
        List<LayerWeights> gradients) {
      LayerTensors[] all = new LayerTensors[steps.size()];
      for (int i = 0; i < all.length; i++) {
        LayerWeights own = steps.get(i).of(weights);
        all[i] =
            new LayerTensors(
                tensors[i],
                packed[i] == null ? own : own.withPacked(Slot.in(memory, packed[i])),
                Slot.in(memory, saved[i]),
                tensors[i + 1],
                Slot.in(memory, this.gradients[i + 1]),
                gradients.isEmpty() ? LayerWeights.NONE : steps.get(i).of(gradients),
                Slot.in(memory, inner[i]),
                Slot.in(memory, this.gradients[i]));
      }
      return all;
    }

    long totalFloats() {
      return activationFloats + gradientFloats + savedFloats + packedFloats;
    }

    long workspaceBytes() {
      long bytes = 0;
      for (Step step : steps) {
        bytes = Math.max(bytes, step.plan().workspaceBytes());
      }
      return bytes;
    }
  }
}
