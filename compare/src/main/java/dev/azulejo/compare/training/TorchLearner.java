package dev.azulejo.compare.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.azulejo.nn.Layer;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.ParameterLayout;
import dev.azulejo.train.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The same training by PyTorch, through DJL's arrays: each operation is one JNI call, the update is
 * PyTorch's own arithmetic, parameter by parameter. In float64 it is the reference of the
 * comparison.
 */
final class TorchLearner implements Learner {
  private final String name;
  private final NetworkSpec spec;
  private final Sgd sgd;
  private final NDManager manager;
  private final DataType type;
  private final List<NDArray> parameters = new ArrayList<>();
  private final List<NDArray> velocities = new ArrayList<>();
  private final NDArray[][] ofLayer;
  private NDArray[] gradients;

  /** Copies a network's weights. */
  TorchLearner(String name, Network network, Sgd sgd, DataType type) {
    this.name = name;
    this.sgd = sgd;
    this.type = type;
    spec = network.spec();
    manager = Torch.newManager();
    ofLayer = new NDArray[spec.layers().size()][0];
    float[] flat = OwnLearner.flatWeights(network, network.device().stream());
    for (ParameterLayout.Entry entry : network.layout().entries()) {
      float[] values = new float[(int) entry.count()];
      System.arraycopy(flat, (int) entry.offset(), values, 0, values.length);
      NDArray parameter =
          manager.create(values, new Shape(entry.shape().shape())).toType(type, false);
      parameter.setRequiresGradient(true);
      parameters.add(parameter);
      velocities.add(manager.zeros(parameter.getShape(), type));
      NDArray[] before = ofLayer[entry.layer()];
      ofLayer[entry.layer()] =
          before.length == 0 ? new NDArray[] {parameter} : new NDArray[] {before[0], parameter};
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String algorithm() {
    return "DJL arrays, " + type + ", " + Torch.version();
  }

  @Override
  public double step(Batches batches, int batch) {
    double mean;
    try (NDManager scratch = manager.newSubManager()) {
      NDArray x = images(scratch, batches, batch, batches.size());
      NDArray labels = scratch.create(batches.labelArray(batch), new Shape(batches.size(), 1));
      try (GradientCollector tape = Torch.engine().newGradientCollector()) {
        NDArray loss = forward(x).logSoftmax(1).gather(labels, 1).neg().mean();
        tape.backward(loss);
        mean = type == DataType.FLOAT64 ? loss.getDouble() : loss.getFloat();
      }
      update();
    }
    return mean;
  }

  @Override
  public float[] predict(Batches batches, int batch, int samples) {
    try (NDManager scratch = manager.newSubManager()) {
      NDArray y = forward(images(scratch, batches, batch, samples));
      return y.toType(DataType.FLOAT32, false).toFloatArray();
    }
  }

  @Override
  public double[] weights() {
    return parameters.stream()
        .flatMapToDouble(
            one -> {
              try (NDArray wide = one.toType(DataType.FLOAT64, true)) {
                return Arrays.stream(wide.toDoubleArray());
              }
            })
        .toArray();
  }

  private NDArray images(NDManager scratch, Batches batches, int batch, int samples) {
    Shape shape =
        new Shape(samples, spec.input().channels(), spec.input().height(), spec.input().width());
    NDArray x = scratch.create(batches.imageBuffer(batch, samples), shape, DataType.FLOAT32);
    return x.toType(type, false);
  }

  private NDArray forward(NDArray x) {
    NDArray y = x;
    List<Layer> layers = spec.layers();
    for (int i = 0; i < layers.size(); i++) {
      y = TorchLayers.forward(layers.get(i), y, ofLayer[i]);
    }
    return y;
  }

  /** v = momentum v + g; w -= rate v; then the gradients are zeroed, as backward adds to them. */
  private void update() {
    if (gradients == null) {
      // PyTorch keeps these arrays and adds to them from the second step on.
      gradients = parameters.stream().map(NDArray::getGradient).toArray(NDArray[]::new);
    }
    for (int i = 0; i < gradients.length; i++) {
      NDArray velocity = velocities.get(i);
      velocity.muli(sgd.momentum()).addi(gradients[i]);
      try (NDArray change = velocity.mul(sgd.learningRate())) {
        parameters.get(i).subi(change);
      }
      gradients[i].muli(0);
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
