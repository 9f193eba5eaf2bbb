package dev.azulejo.nn;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.EngineSession;
import java.util.List;

/**
 * A network ready to run on one stream for up to a number of samples at a time. The weights are the
 * network's, shared and only read: each thread that predicts has a stream and a plan of its own.
 *
 * <p>Belongs to the stream's thread. A run allocates nothing.
 */
public final class InferencePlan implements AutoCloseable {
  private final Network network;
  private final Stream stream;
  private final int maxBatch;
  private final DeviceBuffer memory;
  private final EngineSession engine;
  private final Step[] steps;
  private final LayerTensors[] tensors;
  private final Tensor[] outputs;
  private final boolean hasCopies; // of weights
  private long copied = WeightChanges.UNCOUNTED; // the network's changes when they were made
  private int batch;

  /**
   * Allocates the plan.
   *
   * @param stream the stream it runs on, of the network's device
   * @param maxBatch the most samples of one run
   */
  public InferencePlan(Network network, Stream stream, int maxBatch) {
    network.checkDevice(stream);
    this.network = network;
    this.stream = stream;
    this.maxBatch = maxBatch;
    engine = network.engine().open(stream, false);
    MemoryPlan.Layout layout;
    try {
      layout = new MemoryPlan.Layout(network.spec(), maxBatch, engine, false);
      stream.workspace().reserve(layout.workspaceBytes());
      memory = stream.device().allocateFloats("activations", layout.totalFloats());
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    steps = layout.steps.toArray(Step[]::new);
    outputs = Slot.in(memory, layout.outputs);
    tensors = layout.tensors(memory, outputs, network.layerWeights(), List.of());
    hasCopies = layout.steps.stream().anyMatch(step -> step.plan().packedElements() > 0);
    batch = maxBatch;
  }

  /** The most samples of one run. */
  public int maxBatch() {
    return maxBatch;
  }

  /** The stream it runs on. */
  public Stream stream() {
    return stream;
  }

  /** Where the samples go before a run: [batch][channels][height][width], normalised. */
  public Tensor input() {
    return outputs[0];
  }

  /**
   * Runs the network on the first samples of the input.
   *
   * @param samples 1 to the plan's maximum
   * @return the outputs [samples][...], valid until the next run
   */
  public Tensor run(int samples) {
    if (hasCopies) {
      packChanged();
    }
    return forward(samples, steps.length);
  }

  /** Makes the copies anew where the weights may have changed since. */
  private void packChanged() {
    if (stream.isCapturing()) {
      pack(); // in each run of the recording, which cannot ask; nothing is made now
      return;
    }
    WeightChanges changes = network.changes();
    long now = changes.count();
    if (now == WeightChanges.UNCOUNTED || now != copied) {
      changes.await(stream);
      pack();
      copied = now;
    }
  }

  /**
   * Makes the copies of the weights that {@link #runPacked} and {@link #logitsPacked} read, from
   * the weights as they are now.
   */
  void pack() {
    for (int i = 0; i < steps.length; i++) {
      steps[i].plan().pack(stream, tensors[i].weights());
    }
  }

  /** As {@link #run}, with the weights of the last {@link #pack}. */
  Tensor runPacked(int samples) {
    return forward(samples, steps.length);
  }

  /** As {@link #runPacked}, without a softmax at the end: what a softmax cross-entropy is of. */
  Tensor logitsPacked(int samples) {
    boolean softmax = network.spec().layers().getLast() instanceof Softmax;
    return forward(samples, softmax ? steps.length - 1 : steps.length);
  }

  private Tensor forward(int samples, int count) {
    if (samples < 1 || samples > maxBatch) {
      throw new IllegalArgumentException(
          "run of " + samples + " samples in a plan for 1 to " + maxBatch);
    }
    if (samples != batch) {
      batch = samples;
      for (Step step : steps) {
        step.plan().setBatch(samples);
      }
    }
    for (int i = 0; i < count; i++) {
      steps[i].plan().forward(stream, tensors[i]);
    }
    return outputs[count];
  }

  /**
   * Frees the plan's memory; a second call does nothing. The stream's workspace stays with the
   * stream.
   */
  @Override
  public void close() {
    engine.close();
    memory.close();
  }
}
