package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.PoolMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Writes a network down, layer after layer. A method such as {@link #padding} changes the layer
 * before it; an activation after a convolution or dense layer becomes part of that layer (row N7),
 * elsewhere it is a layer of its own.
 *
 * <p>Not thread-safe.
 */
public final class NetworkBuilder {
  private final Device device;
  private Shape input;
  private List<Float> mean = List.of(0f);
  private List<Float> std = List.of(1f);
  private final List<Layer> layers = new ArrayList<>();

  NetworkBuilder(Device device) {
    this.device = device;
  }

  /** The shape of one sample: channels, rows, columns. Comes first. */
  public NetworkBuilder input(int channels, int height, int width) {
    return input(new Shape(channels, height, width));
  }

  /** The shape of one sample. Comes first. */
  public NetworkBuilder input(Shape shape) {
    if (input != null) {
      throw new IllegalStateException("input() was already called, with " + input);
    }
    input = Objects.requireNonNull(shape, "shape");
    return this;
  }

  /**
   * Normalises every sample to (x - mean) / std before the first layer, in training and in use.
   * Part of the network, so that a saved model is never used without it.
   *
   * @param mean of the training data's values, which are 0..1
   * @param std their standard deviation, positive
   */
  public NetworkBuilder normalize(float mean, float std) {
    return normalize(List.of(mean), List.of(std));
  }

  /**
   * As {@link #normalize(float, float)}, with numbers for each channel.
   *
   * @param mean of each channel's values
   * @param std their standard deviations
   */
  public NetworkBuilder normalize(List<Float> mean, List<Float> std) {
    this.mean = List.copyOf(mean);
    this.std = List.copyOf(std);
    return this;
  }

  /** A convolution with square kernels, stride 1, no padding (rows N7, T9). */
  public NetworkBuilder conv2d(int filters, int kernel) {
    return conv2d(filters, kernel, kernel);
  }

  /** A convolution, stride 1, no padding (rows N7, T9). */
  public NetworkBuilder conv2d(int filters, int kernelHeight, int kernelWidth) {
    return add(Conv2d.of(filters, new Pair(kernelHeight, kernelWidth)));
  }

  /** A convolution along the columns of inputs that have one row (row N1, as a layer). */
  public NetworkBuilder conv1d(int filters, int kernel) {
    return conv2d(filters, 1, kernel);
  }

  /** Max pooling with a square window and as large a stride (rows N8, T11). */
  public NetworkBuilder maxPool(int window) {
    return add(Pool2d.of(PoolMode.MAX, Pair.of(window)));
  }

  /** Max pooling with as large a stride (rows N8, T11). */
  public NetworkBuilder maxPool(int windowHeight, int windowWidth) {
    return add(Pool2d.of(PoolMode.MAX, new Pair(windowHeight, windowWidth)));
  }

  /** Mean pooling with a square window and as large a stride (row N8). */
  public NetworkBuilder meanPool(int window) {
    return add(Pool2d.of(PoolMode.MEAN, Pair.of(window)));
  }

  /** Mean pooling with as large a stride (row N8). */
  public NetworkBuilder meanPool(int windowHeight, int windowWidth) {
    return add(Pool2d.of(PoolMode.MEAN, new Pair(windowHeight, windowWidth)));
  }

  /** Sees each sample as one row of numbers (row T12). */
  public NetworkBuilder flatten() {
    return add(new Flatten());
  }

  /** A dense layer (rows T2, T17) of a flattened input. */
  public NetworkBuilder dense(int outputs) {
    return add(Dense.of(outputs));
  }

  /** Zeros around the input of the convolution or pooling before, on each side (row T10). */
  public NetworkBuilder padding(int padding) {
    return padding(padding, padding);
  }

  /**
   * Zeros around the input of the convolution or pooling before: rows above and below, columns left
   * and right.
   */
  public NetworkBuilder padding(int rows, int columns) {
    Pair pair = new Pair(rows, columns);
    return changeWindow("padding", conv -> conv.withPadding(pair), pool -> pool.withPadding(pair));
  }

  /** Stride of the convolution or pooling before. */
  public NetworkBuilder stride(int stride) {
    return stride(stride, stride);
  }

  /** Stride of the convolution or pooling before, along rows and columns. */
  public NetworkBuilder stride(int rows, int columns) {
    Pair pair = new Pair(rows, columns);
    return changeWindow("stride", conv -> conv.withStride(pair), pool -> pool.withStride(pair));
  }

  /** Distance between the taps of the convolution before, along rows and columns. */
  public NetworkBuilder dilation(int dilation) {
    return changeConv("dilation", conv -> conv.withDilation(Pair.of(dilation)));
  }

  /**
   * Groups of channels of the convolution before that do not see each other; as many as channels is
   * depthwise.
   */
  public NetworkBuilder groups(int groups) {
    return changeConv("groups", conv -> conv.withGroups(groups));
  }

  /** How the convolution before is computed; without it the device chooses. */
  public NetworkBuilder algorithm(ConvAlgorithm algorithm) {
    return changeConv("algorithm", conv -> conv.withAlgorithm(algorithm));
  }

  /**
   * Samples that share the X_unroll of the convolution before (row T15); 0: one for each thread.
   */
  public NetworkBuilder samplesPerUnroll(int samples) {
    return changeConv("samplesPerUnroll", conv -> conv.withSamplesPerUnroll(samples));
  }

  /** max(z, 0), T(2.1). */
  public NetworkBuilder relu() {
    return activation(Activation.RELU, 0);
  }

  /** z for z &gt; 0, slope * z otherwise. */
  public NetworkBuilder leakyRelu(float slope) {
    return activation(Activation.LEAKY_RELU, slope);
  }

  /** 1 / (1 + exp(-z)), T(2.2). */
  public NetworkBuilder sigmoid() {
    return activation(Activation.SIGMOID, 0);
  }

  /** tanh(z). */
  public NetworkBuilder tanh() {
    return activation(Activation.TANH, 0);
  }

  /**
   * Probabilities over the outputs of each sample (row T2). Not needed, and slower, before a
   * softmax cross-entropy loss, which takes the outputs themselves (row T7).
   */
  public NetworkBuilder softmax() {
    return add(new Softmax());
  }

  /** A layer of the caller's own. */
  public NetworkBuilder add(Layer layer) {
    if (input == null) {
      throw new IllegalStateException(
          "input(channels, height, width) comes before the first layer");
    }
    layers.add(Objects.requireNonNull(layer, "layer"));
    return this;
  }

  /** The description so far. */
  public NetworkSpec spec() {
    if (input == null) {
      throw new IllegalStateException(
          "a network needs input(channels, height, width) and at least one layer");
    }
    return new NetworkSpec(input, mean, std, layers);
  }

  /**
   * What the network will hold in memory for mini-batches of this size; allocates nothing on the
   * device.
   */
  public Summary summary(int batch) {
    return Summary.of(spec(), device.stream(), batch);
  }

  /**
   * Allocates the weights on the device and draws them (He initialisation, row T6).
   *
   * @param seed decides the weights: the same seed gives the same network on every machine
   */
  public Network build(long seed) {
    return Network.create(device, spec(), seed);
  }

  private NetworkBuilder activation(Activation activation, float slope) {
    Layer last = layers.isEmpty() ? null : layers.getLast();
    if (last instanceof Conv2d conv && conv.activation() == Activation.IDENTITY) {
      layers.set(layers.size() - 1, conv.withActivation(activation, slope));
      return this;
    }
    if (last instanceof Dense dense && dense.activation() == Activation.IDENTITY) {
      layers.set(layers.size() - 1, dense.withActivation(activation, slope));
      return this;
    }
    return add(new ActivationLayer(activation, slope));
  }

  private NetworkBuilder changeConv(String what, UnaryOperator<Conv2d> change) {
    if (!layers.isEmpty() && layers.getLast() instanceof Conv2d conv) {
      layers.set(layers.size() - 1, change.apply(conv));
      return this;
    }
    throw new IllegalStateException(what + "() follows a convolution, not " + lastName());
  }

  private NetworkBuilder changeWindow(
      String what, UnaryOperator<Conv2d> conv, UnaryOperator<Pool2d> pool) {
    if (!layers.isEmpty() && layers.getLast() instanceof Pool2d last) {
      layers.set(layers.size() - 1, pool.apply(last));
      return this;
    }
    if (!layers.isEmpty() && layers.getLast() instanceof Conv2d) {
      return changeConv(what, conv);
    }
    throw new IllegalStateException(
        what + "() follows a convolution or pooling, not " + lastName());
  }

  private String lastName() {
    return layers.isEmpty() ? "the input" : layers.getLast().name();
  }
}
