package dev.azulejo.compare.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import dev.azulejo.nn.ActivationLayer;
import dev.azulejo.nn.Dense;
import dev.azulejo.nn.Flatten;
import dev.azulejo.nn.Layer;
import dev.azulejo.nn.Pair;
import dev.azulejo.nn.Pool2d;
import dev.azulejo.ops.PoolMode;

/** Our layers as calls of PyTorch. */
final class TorchLayers {
  private TorchLayers() {}

  /**
   * y = layer(x).
   *
   * @param weights weight and bias, for the layers that have them
   * @throws IllegalArgumentException for a layer that is not among those of the comparison
   */
  static NDArray forward(Layer layer, NDArray x, NDArray[] weights) {
    return switch (layer) {
      case dev.azulejo.nn.Conv2d conv ->
          activate(
              conv.activation(),
              conv.slope(),
              Conv2d.conv2d(
                      x,
                      weights[0],
                      weights[1],
                      shape(conv.stride()),
                      shape(conv.padding()),
                      shape(conv.dilation()),
                      conv.groups())
                  .singletonOrThrow());
      case Dense dense ->
          activate(
              dense.activation(),
              dense.slope(),
              Linear.linear(x, weights[0], weights[1]).singletonOrThrow());
      case Pool2d pool -> {
        if (pool.mode() != PoolMode.MAX) {
          throw unknown(pool);
        }
        yield Pool.maxPool2d(
            x, shape(pool.window()), shape(pool.stride()), shape(pool.padding()), false);
      }
      case Flatten flatten -> x.reshape(x.getShape().get(0), -1);
      case ActivationLayer one -> activate(one.activation(), one.slope(), x);
      default -> throw unknown(layer);
    };
  }

  private static IllegalArgumentException unknown(Layer layer) {
    return new IllegalArgumentException(
        "the comparison with PyTorch has no layer like \""
            + layer.describe()
            + "\"; it has conv2d, dense, maxpool, flatten and activations");
  }

  private static NDArray activate(dev.azulejo.ops.Activation kind, float slope, NDArray x) {
    return switch (kind) {
      case IDENTITY -> x;
      case RELU -> Activation.relu(x);
      case LEAKY_RELU -> Activation.leakyRelu(new NDList(x), slope).singletonOrThrow();
      case SIGMOID -> Activation.sigmoid(x);
      case TANH -> Activation.tanh(x);
    };
  }

  private static Shape shape(Pair pair) {
    return new Shape(pair.h(), pair.w());
  }
}
