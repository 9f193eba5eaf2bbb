package dev.azulejo.nn;

import dev.azulejo.device.Stream;
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
    long workspace,
    long engine) {

  /** Everything together; an optimiser's own state comes on top. */
  public long total() {
    return weights + gradients + activations + activationGradients + saved + workspace + engine;
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
          layout.workspaceBytes(),
          session.bytes());
    }
  }

  /**
   * The offsets behind the numbers, in floats of one buffer: activations, then gradients, then what
   * is saved.
   */
  static final class Layout {
    final List<Step> steps;

    /** The input of step i is {@code [i]}, its output {@code [i + 1]}. */
    final long[] outputs;

    final long[] outputFloats;
    final long[] saved;
    final long[] savedCounts;
    final long[] gradients = new long[2];
    final long gradientCount;
    final long activationFloats;
    final long gradientFloats;
    final long savedFloats;

    Layout(NetworkSpec spec, int batch, EngineSession engine, boolean training) {
      if (batch < 1) {
        throw new IllegalArgumentException("batch must be at least 1, was " + batch);
      }
      steps = Step.of(spec, batch, engine);
      outputs = new long[steps.size() + 1];
      outputFloats = new long[steps.size() + 1];
      saved = new long[steps.size()];
      savedCounts = new long[steps.size()];
      outputFloats[0] = Math.multiplyExact((long) batch, spec.shapes().getFirst().size());
      long largest = 0;
      long inner = 0;
      for (int i = 0; i < steps.size(); i++) {
        outputFloats[i + 1] = steps.get(i).outputElements(spec, batch);
        largest = Math.max(largest, outputFloats[i + 1]);
        inner = Math.max(inner, steps.get(i).plan().innerElements());
      }
      FloatOffsets offsets = new FloatOffsets();
      outputs[0] = offsets.take(outputFloats[0]);
      // In inference two buffers take turns; the input has its own, which the caller may fill while
      // a batch runs.
      long[] turns = training ? null : new long[] {offsets.take(largest), offsets.take(largest)};
      for (int i = 0; i < steps.size(); i++) {
        outputs[i + 1] = training ? offsets.take(outputFloats[i + 1]) : turns[i % 2];
      }
      activationFloats = offsets.total();
      gradientCount = training ? Math.max(largest, inner) : 0;
      if (training) {
        // The first layer's gradient to the network's input is not needed, so the input does not
        // count.
        gradients[0] = offsets.take(gradientCount);
        gradients[1] = offsets.take(gradientCount);
      }
      gradientFloats = offsets.total() - activationFloats;
      if (training) {
        for (int i = 0; i < steps.size(); i++) {
          savedCounts[i] = steps.get(i).plan().savedElements();
          saved[i] = savedCounts[i] == 0 ? -1 : offsets.take(savedCounts[i]);
        }
      }
      savedFloats = offsets.total() - activationFloats - gradientFloats;
    }

    long totalFloats() {
      return activationFloats + gradientFloats + savedFloats;
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
