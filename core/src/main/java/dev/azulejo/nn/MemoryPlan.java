package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import java.util.ArrayList;
import java.util.List;

/**
 * What a network needs in memory for mini-batches of one size, known before a byte is allocated;
 * the plans allocate exactly this. All in bytes.
 *
 * @param weights of the network, shared by all its plans
 * @param gradients of the weights (training)
 * @param activations the input and the layers' outputs: all of them in training, two that take
 *     turns in inference
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
    final List<LayerPlan> plans = new ArrayList<>();

    /**
     * The input of layer i is {@code [i]}, its output {@code [i + 1]}; the same where the layer is
     * a view.
     */
    final long[] outputs;

    final long[] outputFloats;
    final long[] saved;
    final long[] savedCounts;
    final long[] gradients = new long[2];
    final long largest;
    final long activationFloats;
    final long gradientFloats;
    final long savedFloats;

    Layout(NetworkSpec spec, int batch, EngineSession engine, boolean training) {
      if (batch < 1) {
        throw new IllegalArgumentException("batch must be at least 1, was " + batch);
      }
      List<Shape> shapes = spec.shapes();
      List<Layer> layers = spec.layers();
      outputs = new long[shapes.size()];
      outputFloats = new long[shapes.size()];
      saved = new long[layers.size()];
      savedCounts = new long[layers.size()];
      long most = 0;
      for (int i = 0; i < shapes.size(); i++) {
        outputFloats[i] = Math.multiplyExact((long) batch, shapes.get(i).size());
        if (i > 0) {
          most = Math.max(most, outputFloats[i]);
        }
      }
      largest = most;
      FloatOffsets offsets = new FloatOffsets();
      outputs[0] = offsets.take(outputFloats[0]);
      // In inference two buffers take turns; the input has its own, which the caller may fill while
      // a batch runs.
      long[] turns = training ? null : new long[] {offsets.take(largest), offsets.take(largest)};
      int turn = 0;
      for (int i = 0; i < layers.size(); i++) {
        plans.add(layers.get(i).plan(shapes.get(i), batch, engine));
        if (layers.get(i).isView()) {
          outputs[i + 1] = outputs[i];
        } else if (training) {
          outputs[i + 1] = offsets.take(outputFloats[i + 1]);
        } else {
          outputs[i + 1] = turns[turn];
          turn = 1 - turn;
        }
      }
      activationFloats = offsets.total();
      if (training) {
        // The first layer's gradient to the network's input is not needed, so the input does not
        // count.
        gradients[0] = offsets.take(largest);
        gradients[1] = offsets.take(largest);
      }
      gradientFloats = offsets.total() - activationFloats;
      if (training) {
        for (int i = 0; i < layers.size(); i++) {
          savedCounts[i] = plans.get(i).savedElements();
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
      for (LayerPlan plan : plans) {
        bytes = Math.max(bytes, plan.workspaceBytes());
      }
      return bytes;
    }
  }
}
