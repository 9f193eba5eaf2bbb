package dev.azulejo.nn;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.SeededRandom;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Engine;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A network with its weights, in one buffer of a device. Running it takes a plan: {@link
 * InferencePlan} for predictions, {@link TrainingPlan} inside a {@code Trainer}.
 *
 * <p>Threads: the weights are shared by all plans and only read by inference. The methods here run
 * on the device's default stream, so they belong to the thread that opened the device; other
 * threads open a stream and a plan.
 */
public final class Network implements AutoCloseable {
  private static final int EVALUATION_BATCH = 256;

  private final Device device;
  private final NetworkSpec spec;
  private final ParameterLayout layout;
  private final DeviceBuffer memory;
  private final Tensor weights;
  private final List<LayerWeights> layerWeights;
  private final WeightChanges changes;
  private List<String> classNames = List.of();
  private Engine engine = Engine.azulejo();

  private Network(Device device, NetworkSpec spec) {
    this.device = device;
    this.spec = spec;
    this.layout = ParameterLayout.of(spec);
    this.memory = device.allocateFloats("weights", weightFloats(layout));
    this.weights = memory.floats();
    this.layerWeights = layout.bind(weights);
    this.changes = new WeightChanges(device);
  }

  /** Begins to write a network down for a device. */
  public static NetworkBuilder on(Device device) {
    return new NetworkBuilder(Objects.requireNonNull(device, "device"));
  }

  /**
   * Allocates a network's weights and draws them: He initialisation, row T6.
   *
   * @param seed the same seed gives the same weights on every machine
   */
  public static Network create(Device device, NetworkSpec spec, long seed) {
    return of(device, spec, ParameterLayout.of(spec).initialValues(seed));
  }

  /**
   * Reads a network from a model file or a checkpoint.
   *
   * @throws dev.azulejo.io.CheckpointException if it cannot be read or is not such a file; the
   *     message says why
   */
  public static Network load(Device device, Path file) {
    return ModelFile.read(device, file);
  }

  /**
   * Writes description and weights to a safetensors file; an existing file is replaced only by a
   * complete one.
   *
   * @throws dev.azulejo.io.CheckpointException if it cannot be written; what was there before stays
   */
  public void save(Path file) {
    ModelFile.write(this, file);
  }

  /** What the network is. */
  public NetworkSpec spec() {
    return spec;
  }

  /** Where each parameter lies in {@link #weights}. */
  public ParameterLayout layout() {
    return layout;
  }

  /**
   * All parameters, in {@link #layout}. Who has them may write to them at any time: plans that
   * compute with copies of the weights (engine {@code azulejo:bf16}) make those anew at each run
   * from the first call on. {@link #write} and {@link #copyWeights} leave that to when it is
   * needed.
   */
  public Tensor weights() {
    changes.cannotBeCounted();
    return weights;
  }

  /**
   * Writes to the weights, by operations that are called on a stream. Plans make their copies of
   * the weights anew in their next run, after what the stream was given. Allocates nothing.
   *
   * @param stream of the network's device
   * @param operations gets all parameters, in {@link #layout}, for this call alone
   */
  public void write(Stream stream, Consumer<Tensor> operations) {
    checkDevice(stream);
    changes.around(stream, operations, weights);
  }

  /** Copies all parameters, in {@link #layout}, to another tensor of the device. */
  public void copyWeights(Stream stream, Tensor target) {
    target.copyFrom(stream, weights, weights.count());
  }

  /** The device it lives on. */
  public Device device() {
    return device;
  }

  /** The names of the classes that the outputs stand for; empty where nobody has said. */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * Says what the outputs stand for; saved with the model.
   *
   * @param names as many as outputs, each without line breaks
   */
  public void setClassNames(List<String> names) {
    if (names.size() != spec.output().size()) {
      throw new IllegalArgumentException(
          names.size() + " class names for a network with " + spec.output().size() + " outputs");
    }
    for (String name : names) {
      if (name.indexOf('\n') >= 0) {
        throw new IllegalArgumentException(
            "class name \"" + name + "\" has a line break; a model file keeps one name a line");
      }
    }
    classNames = List.copyOf(names);
  }

  /** Who computes its convolutions and dense layers. */
  public Engine engine() {
    return engine;
  }

  /** Says who computes its convolutions and dense layers in the plans made from now on. */
  public void setEngine(Engine engine) {
    this.engine = Objects.requireNonNull(engine, "engine");
  }

  /** The network as a table, with the memory plan for mini-batches of this size. */
  public Summary summary(int batch) {
    return Summary.of(spec, device.stream(), batch, engine);
  }

  /** Loss (softmax cross-entropy) and accuracy on a data set, row T1. */
  public Evaluation evaluate(Dataset data) {
    return evaluate(data, EVALUATION_BATCH);
  }

  /**
   * As {@link #evaluate(Dataset)}.
   *
   * @param batch samples of one run
   */
  public Evaluation evaluate(Dataset data, int batch) {
    checkData(data);
    try (Evaluator evaluator =
        new Evaluator(
            this, device.stream(), Loss.SOFTMAX_CROSS_ENTROPY, Math.min(batch, data.size()))) {
      return evaluator.evaluate(data);
    }
  }

  /**
   * The probability of each class for one sample: the softmax of the outputs.
   *
   * @param sample values 0..1, channel by channel, row by row; the network normalises them itself
   */
  public float[] predict(float[] sample) {
    if (sample.length != spec.input().size()) {
      throw new IllegalArgumentException(
          "a sample of "
              + sample.length
              + " values for a network that takes "
              + spec.input()
              + " = "
              + spec.input().size());
    }
    float[] values = sample.clone();
    // Normalisation draws no random numbers; the generator is there because augmentation shares the
    // interface.
    spec.normalization().apply(values, 0, spec.input(), new SeededRandom(0));
    try (InferencePlan plan = plan(1)) {
      plan.input().upload(device.stream(), values);
      Tensor output = plan.run(1);
      float[] scores = output.toArray(device.stream());
      return spec.layers().getLast() instanceof Softmax ? scores : Softmax.of(scores);
    }
  }

  /** A plan for predictions on the device's default stream. */
  public InferencePlan plan(int maxBatch) {
    return plan(maxBatch, device.stream());
  }

  /** A plan for predictions on a stream of the device. */
  public InferencePlan plan(int maxBatch, Stream stream) {
    return new InferencePlan(this, stream, maxBatch);
  }

  /** Frees the weights; plans must be closed before. A second call does nothing. */
  @Override
  public void close() {
    changes.close();
    memory.close();
  }

  /**
   * Floats of the weights' buffer: buffers are never empty, so a network without parameters has an
   * unused one.
   */
  static long weightFloats(ParameterLayout layout) {
    return Math.max(1, layout.count());
  }

  /** A network of this description with weights in {@link #layout}. */
  static Network of(Device device, NetworkSpec spec, float[] values) {
    Network network = new Network(device, spec);
    try {
      if (network.layout.count() > 0) {
        network.weights.upload(device.stream(), values);
        // Plans on other streams read them, and streams do not wait for each other.
        device.stream().synchronize();
      }
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  List<LayerWeights> layerWeights() {
    return layerWeights;
  }

  /** All parameters, for those who only read them. */
  Tensor readOnlyWeights() {
    return weights;
  }

  WeightChanges changes() {
    return changes;
  }

  void checkDevice(Stream stream) {
    if (stream.device() != device) {
      throw new IllegalArgumentException(
          "the network lives on "
              + device
              + ", but the plan is for a stream of "
              + stream.device());
    }
  }

  /** Checks that there is something to train. */
  public void checkTrainable() {
    if (layout.count() == 0) {
      throw new IllegalArgumentException(
          "the network has no parameters: there is nothing to train; add a convolution or dense"
              + " layer");
    }
  }

  /** Checks that a data set fits this network. */
  public void checkData(Dataset data) {
    if (!data.shape().equals(spec.input())) {
      throw new IllegalArgumentException(
          "the data set has samples of " + data.shape() + ", the network takes " + spec.input());
    }
    if (data.classes() != spec.output().size()) {
      throw new IllegalArgumentException(
          "the data set has "
              + data.classes()
              + " classes, the network has "
              + spec.output().size()
              + " outputs; end it with dense("
              + data.classes()
              + ")");
    }
    if (data.size() == 0) {
      throw new IllegalArgumentException("the data set is empty");
    }
  }
}
