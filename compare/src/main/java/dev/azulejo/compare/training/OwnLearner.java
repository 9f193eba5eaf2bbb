package dev.azulejo.compare.training;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Engine;
import dev.azulejo.nn.InferencePlan;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.ParameterLayout;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.TrainingStep;
import java.util.HashMap;
import java.util.Map;

/** Our training, convolutions and dense layers by our kernels or by another engine's. */
final class OwnLearner implements Learner {
  private final String name;
  private final Network network;
  private final Stream stream;
  private final float rate;
  private final int batch;
  private final TrainingStep step;
  private final Map<Integer, InferencePlan> inference = new HashMap<>();

  /** Allocates weights, drawn from the seed, and plans. */
  OwnLearner(
      String name, Device device, NetworkSpec spec, Engine engine, Sgd sgd, int batch, long seed) {
    this.name = name;
    this.batch = batch;
    rate = sgd.learningRate();
    stream = device.stream();
    network = Network.create(device, spec, seed);
    network.setEngine(engine);
    try {
      step = new TrainingStep(network, sgd, Loss.SOFTMAX_CROSS_ENTROPY, batch, 1);
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String algorithm() {
    return "TrainingStep, engine " + network.engine().name();
  }

  @Override
  public double step(Batches batches, int index) {
    step.gradients(batches.images(index), batches.labels(index), batch);
    step.update(rate);
    stream.synchronize();
    return step.lossSum() / batch;
  }

  @Override
  public float[] predict(Batches batches, int index, int samples) {
    InferencePlan plan = inference.get(samples);
    if (plan == null) {
      plan = network.plan(samples);
      inference.put(samples, plan);
    }
    plan.input().upload(stream, (long) samples * batches.sampleValues(), batches.images(index));
    Tensor output = plan.run(samples);
    return output.slice(0, (long) samples * network.spec().output().size()).toArray(stream);
  }

  @Override
  public double[] weights() {
    return parameters(network.layout(), flatWeights(network, stream));
  }

  /** A network's parameters, in its layout, without taking the tensor that could be written to. */
  static float[] flatWeights(Network network, Stream stream) {
    long count = network.layout().count();
    try (DeviceBuffer copy = stream.device().allocateFloats("copy of the weights", count)) {
      network.copyWeights(stream, copy.floats());
      return copy.floats().toArray(stream);
    }
  }

  /** The network, for those who start from its weights. */
  Network network() {
    return network;
  }

  /** The parameters of a flat buffer, without the gaps between them. */
  static double[] parameters(ParameterLayout layout, float[] flat) {
    int count = layout.entries().stream().mapToInt(entry -> (int) entry.count()).sum();
    double[] values = new double[count];
    int at = 0;
    for (ParameterLayout.Entry entry : layout.entries()) {
      for (int i = 0; i < entry.count(); i++) {
        values[at++] = flat[(int) entry.offset() + i];
      }
    }
    return values;
  }

  @Override
  public void close() {
    inference.values().forEach(InferencePlan::close);
    step.close();
    network.close();
  }
}
