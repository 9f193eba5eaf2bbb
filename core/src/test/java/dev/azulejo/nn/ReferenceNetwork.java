package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.ops.Pool2dShape;
import dev.azulejo.ops.PoolMode;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.DenseReference;
import dev.azulejo.reference.LossReference;
import dev.azulejo.reference.PoolingReference;
import dev.azulejo.reference.SoftmaxReference;
import java.util.Arrays;
import java.util.List;

/**
 * A network in float64: its forward pass put together from the references, its gradients by central
 * differences. Nothing of it knows how a backward pass works, so that a mistake made twice is no
 * agreement.
 */
public final class ReferenceNetwork {
  /** Half the distance of the two points of a difference: error about 1e-10 either way. */
  private static final double STEP = 1e-5;

  private final NetworkSpec spec;
  private final ParameterLayout layout;
  private final List<Shape> shapes;

  /** The reference of a description. */
  public ReferenceNetwork(NetworkSpec spec) {
    this.spec = spec;
    this.layout = ParameterLayout.of(spec);
    this.shapes = spec.shapes();
  }

  /** The outputs [batch][...] for inputs [batch][channels][height][width]. */
  public double[] forward(double[] parameters, double[] x, int batch) {
    return from(0, parameters, x, batch);
  }

  /** The mean loss over a mini-batch, T(2.3), T(2.4). */
  public double loss(Loss loss, double[] outputs, int[] labels) {
    int rows = labels.length;
    int classes = outputs.length / rows;
    double[] targets = oneHot(labels, classes);
    double[] losses =
        switch (loss) {
          case SOFTMAX_CROSS_ENTROPY ->
              LossReference.softmaxCrossEntropy(rows, classes, outputs, labels);
          case SIGMOID_CROSS_ENTROPY ->
              LossReference.sigmoidCrossEntropy(rows, classes, outputs, targets);
          case MEAN_SQUARED_ERROR ->
              LossReference.meanSquaredError(rows, classes, outputs, targets);
        };
    return Arrays.stream(losses).sum() / rows;
  }

  /**
   * The gradient of the mean loss to every parameter, in the network's layout; gaps stay 0.
   *
   * @param parameters changed during the call
   */
  public double[] gradients(Loss loss, double[] parameters, double[] x, int[] labels) {
    double[] gradients = new double[parameters.length];
    for (ParameterLayout.Entry entry : layout.entries()) {
      double[] before = x;
      for (int layer = 0; layer < entry.layer(); layer++) {
        before = layer(layer, parameters, before, labels.length);
      }
      for (int i = (int) entry.offset(); i < entry.offset() + entry.count(); i++) {
        double value = parameters[i];
        parameters[i] = value + STEP;
        double above = loss(loss, from(entry.layer(), parameters, before, labels.length), labels);
        parameters[i] = value - STEP;
        double below = loss(loss, from(entry.layer(), parameters, before, labels.length), labels);
        parameters[i] = value;
        gradients[i] = (above - below) / (2 * STEP);
      }
    }
    return gradients;
  }

  private double[] from(int first, double[] parameters, double[] x, int batch) {
    double[] y = x;
    for (int layer = first; layer < spec.layers().size(); layer++) {
      y = layer(layer, parameters, y, batch);
    }
    return y;
  }

  private double[] layer(int index, double[] parameters, double[] x, int batch) {
    Shape input = shapes.get(index);
    double[] weight = parameter(parameters, index, "weight");
    double[] bias = parameter(parameters, index, "bias");
    return switch (spec.layers().get(index)) {
      case Conv2d conv ->
          ActivationReference.values(
              conv.activation(),
              conv.slope(),
              new ConvolutionReference(conv.shape(input), batch).forward(x, weight, bias));
      case Dense dense ->
          ActivationReference.values(
              dense.activation(),
              dense.slope(),
              DenseReference.forward(batch, input.size(), dense.outputs(), x, weight, bias));
      case ActivationLayer layer ->
          ActivationReference.values(layer.activation(), layer.slope(), x);
      case Softmax softmax -> SoftmaxReference.forward(batch, input.size(), x);
      case Flatten flatten -> x;
      case Pool2d pool -> {
        PoolingReference reference = new PoolingReference(shape(pool, input), batch);
        yield pool.mode() == PoolMode.MAX ? reference.max(x) : reference.mean(x, false);
      }
      default -> throw new AssertionError("no reference for " + spec.layers().get(index));
    };
  }

  private static Pool2dShape shape(Pool2d pool, Shape input) {
    return new Pool2dShape(
        input.channels(),
        input.height(),
        input.width(),
        pool.window().h(),
        pool.window().w(),
        pool.stride().h(),
        pool.stride().w(),
        pool.padding().h(),
        pool.padding().w());
  }

  private double[] parameter(double[] parameters, int layer, String name) {
    for (ParameterLayout.Entry entry : layout.entries()) {
      if (entry.layer() == layer && entry.shape().name().equals(name)) {
        int begin = (int) entry.offset();
        return Arrays.copyOfRange(parameters, begin, begin + (int) entry.count());
      }
    }
    return null;
  }

  private static double[] oneHot(int[] labels, int classes) {
    double[] rows = new double[labels.length * classes];
    for (int i = 0; i < labels.length; i++) {
      rows[i * classes + labels[i]] = 1;
    }
    return rows;
  }
}
