package dev.azulejo.nn;

import dev.azulejo.data.Normalize;
import dev.azulejo.data.Shape;
import dev.azulejo.data.Transform;
import java.util.List;
import java.util.Objects;

/**
 * What a network is, without its weights: the shape of a sample, how samples are normalised, and
 * the layers in the order in which they run. Written by {@link NetworkBuilder} or read from text by
 * {@link NetworkText}.
 *
 * @param input the shape of one sample
 * @param mean subtracted from the values of a sample, which are 0..1 before: one for all channels,
 *     or one for each
 * @param std what the result is divided by, as many as mean
 * @param layers at least one
 */
public record NetworkSpec(Shape input, List<Float> mean, List<Float> std, List<Layer> layers) {

  /**
   * Checks that every layer takes what the one before gives.
   *
   * @throws IllegalArgumentException if not; the message names the layer
   */
  public NetworkSpec {
    Objects.requireNonNull(input, "input");
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a network needs at least one layer");
    }
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    checkNormalization(input, mean, std);
    shapes(input, layers);
  }

  /** The shapes between the layers: the input of layer i is element i, its output element i + 1. */
  public List<Shape> shapes() {
    return shapes(input, layers);
  }

  /** The shape of the last layer's output. */
  public Shape output() {
    return shapes().getLast();
  }

  /** Whether samples are changed before the first layer. */
  public boolean normalizes() {
    return !mean.equals(List.of(0f)) || !std.equals(List.of(1f));
  }

  /** What a loader applies to a sample before the first layer, after any augmentation. */
  public Transform normalization() {
    return normalizes() ? Normalize.of(floats(mean), floats(std)) : Transform.identity();
  }

  /**
   * Each layer's name, numbered by kind, such as {@code conv2d1, maxpool1, conv2d2}: unique in the
   * network.
   */
  public List<String> layerNames() {
    return LayerNames.number(layers);
  }

  /** How many trainable numbers the network has. */
  public long parameterCount() {
    List<Shape> shapes = shapes();
    long count = 0;
    for (int i = 0; i < layers.size(); i++) {
      for (ParameterShape parameter : layers.get(i).parameters(shapes.get(i))) {
        count = Math.addExact(count, parameter.count());
      }
    }
    return count;
  }

  private static void checkNormalization(Shape input, List<Float> mean, List<Float> std) {
    int channels = input.channels();
    boolean counts = mean.size() == std.size() && (mean.size() == 1 || mean.size() == channels);
    if (!counts
        || !mean.stream().allMatch(Float::isFinite)
        || !std.stream().allMatch(value -> value > 0 && Float.isFinite(value))) {
      throw new IllegalArgumentException(
          "normalisation by mean "
              + mean
              + " and std "
              + std
              + ": give one number each, or one for each of the "
              + channels
              + " channels; all finite, std positive");
    }
  }

  private static float[] floats(List<Float> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  private static List<Shape> shapes(Shape input, List<Layer> layers) {
    Shape[] shapes = new Shape[layers.size() + 1];
    shapes[0] = input;
    List<String> names = LayerNames.number(layers);
    for (int i = 0; i < layers.size(); i++) {
      try {
        shapes[i + 1] = layers.get(i).outputShape(shapes[i]);
        layers.get(i).parameters(shapes[i]).forEach(ParameterShape::count);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw new IllegalArgumentException(
            "layer "
                + (i + 1)
                + " ("
                + names.get(i)
                + ") does not fit its input "
                + shapes[i]
                + ": "
                + e.getMessage(),
            e);
      }
    }
    return List.of(shapes);
  }
}
