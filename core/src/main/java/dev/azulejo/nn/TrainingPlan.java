package dev.azulejo.nn;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Elementwise;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A network ready to train on one stream with mini-batches of up to one size: activations,
 * gradients, and the stream's workspace, all allocated here and used again by every step (rows T8,
 * T14, T15).
 *
 * <p>Belongs to the stream's thread. Several plans of one network on different streams make
 * data-parallel training (row T13): they share its weights and have gradients of their own.
 */
public final class TrainingPlan implements AutoCloseable {
  private final Network network;
  private final Stream stream;
  private final int maxBatch;
  private final DeviceBuffer memory;
  private final DeviceBuffer gradientMemory;
  private final Tensor gradients;
  private final EngineSession engine;
  private final Step[] steps;
  private final LayerTensors[] tensors;
  private final Tensor[] outputs;
  private final Tensor outputGradient;
  private final int firstTrainable;
  private int batch;
  private LayerObserver observer = (first, last, backward) -> {};

  /**
   * Allocates the plan.
   *
   * @param stream the stream it runs on, of the network's device
   * @param maxBatch the most samples of a mini-batch
   * @throws IllegalArgumentException if the network has no parameters, or lives on another device
   */
  public TrainingPlan(Network network, Stream stream, int maxBatch) {
    this(network, stream, maxBatch, network.readOnlyWeights());
  }

  /**
   * As {@link #TrainingPlan(Network, Stream, int)}, with other weights than the network's.
   *
   * @param weights in the network's layout; closed after the plan
   */
  public TrainingPlan(Network network, Stream stream, int maxBatch, Tensor weights) {
    network.checkDevice(stream);
    network.checkTrainable();
    // First, because closed weights are refused: nothing is open then.
    List<LayerWeights> bound = network.layout().bind(weights);
    this.network = network;
    this.stream = stream;
    this.maxBatch = maxBatch;
    engine = network.engine().open(stream, true);
    MemoryPlan.Layout layout;
    try {
      layout = new MemoryPlan.Layout(network.spec(), maxBatch, engine, true);
      stream.workspace().reserve(layout.workspaceBytes());
      memory = stream.device().allocateFloats("activations", layout.totalFloats());
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    steps = layout.steps.toArray(Step[]::new);
    firstTrainable = layout.firstTrainable;
    try {
      long count = network.layout().count();
      gradientMemory = stream.device().allocateFloats("gradients", count);
      gradients = gradientMemory.floats();
      // The gaps between parameters are updated with the rest, so they must be numbers.
      Elementwise.fill(stream, count, 0, gradients);
    } catch (RuntimeException | Error e) {
      engine.close();
      memory.close();
      throw e;
    }
    outputs = Slot.in(memory, layout.outputs);
    tensors = layout.tensors(memory, outputs, bound, network.layout().bind(gradients));
    outputGradient = tensors[steps.length - 1].gradY();
    setBatch(maxBatch);
  }

  /** Samples of the next steps, 1 to the plan's maximum. */
  public void setBatch(int samples) {
    if (samples < 1 || samples > maxBatch) {
      throw new IllegalArgumentException(
          "batch of " + samples + " samples in a plan for 1 to " + maxBatch);
    }
    if (samples != batch) {
      batch = samples;
      for (Step step : steps) {
        step.plan().setBatch(samples);
      }
    }
  }

  /** The most samples of a mini-batch. */
  public int maxBatch() {
    return maxBatch;
  }

  /** Tells an observer of every layer from now on. */
  public void observe(LayerObserver value) {
    observer = Objects.requireNonNull(value, "observer");
  }

  /** Where the mini-batch goes: [batch][channels][height][width], normalised. */
  public Tensor input() {
    return outputs[0];
  }

  /** What the last layer gave. */
  public Tensor output() {
    return outputs[steps.length];
  }

  /** Where the gradient of the loss to the output goes before {@link #backward}. */
  public Tensor outputGradient() {
    return outputGradient;
  }

  /** The gradients of all parameters, in the network's layout. */
  public Tensor gradients() {
    return gradients;
  }

  /** The stream it runs on. */
  public Stream stream() {
    return stream;
  }

  /** How the activations between the layers lie in memory. */
  public Storage storage() {
    return engine.storage();
  }

  /** Runs the layers on the input. */
  public void forward() {
    for (int i = 0; i < steps.length; i++) {
      steps[i].plan().pack(stream, tensors[i].weights()); // every step has changed them
      steps[i].plan().forward(stream, tensors[i]);
      tell(steps[i], false);
    }
  }

  /** From the gradient to the output to the gradients of all parameters. */
  public void backward() {
    for (int i = steps.length - 1; i >= firstTrainable; i--) {
      steps[i].plan().backward(stream, tensors[i]);
      tell(steps[i], true);
    }
  }

  /** A conversion between two storages belongs to the layer that is passed next. */
  private void tell(Step step, boolean backward) {
    if (step.hasLayers()) {
      observer.passed(step.first(), step.last(), backward);
    }
  }

  /**
   * Which of the network's numbers first stopped being finite in the last forward pass, for an
   * error message.
   */
  public Optional<String> firstNonFinite() {
    NetworkSpec spec = network.spec();
    if (!finite(outputs[0], batch * (long) spec.shapes().getFirst().size())) {
      return Optional.of("the input has a value that is not finite");
    }
    for (int i = 0; i < steps.length; i++) {
      LayerWeights weights = tensors[i].weights();
      if (!finite(weights.weight()) || !finite(weights.bias())) {
        String name = spec.layerNames().get(steps[i].first());
        return Optional.of("the parameters of " + name + " are no longer finite");
      }
      if (!finite(outputs[i + 1], steps[i].outputElements(batch))) {
        return Optional.of("the output of " + steps[i].name(spec) + " is not finite");
      }
    }
    return Optional.empty();
  }

  /**
   * Frees the plan's memory; a second call does nothing. The stream's workspace stays with the
   * stream.
   */
  @Override
  public void close() {
    engine.close();
    memory.close();
    gradientMemory.close();
  }

  private boolean finite(Tensor tensor) {
    // A layer may have no weights, or no bias.
    return tensor == null || finite(tensor, tensor.count());
  }

  private boolean finite(Tensor tensor, long count) {
    Tensor part = tensor.slice(0, count);
    float[] values =
        part.type() == ElementType.BF16
            ? Bf16.toFloats(part.toShortArray(stream))
            : part.toArray(stream);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
