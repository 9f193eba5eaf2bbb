package dev.azulejo.nn;

import dev.azulejo.data.SeededRandom;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Where each parameter of a network lies in one flat buffer. Weights, gradients and an optimiser's
 * moments all have this layout, so that one call updates them all.
 */
public final class ParameterLayout {

  /**
   * One parameter: its name, such as {@code conv2d1.weight}, its shape, and where it begins, in
   * floats.
   */
  public record Entry(int layer, String name, ParameterShape shape, long offset) {

    /** How many numbers it has. */
    public long count() {
      return shape.count();
    }
  }

  /** The longest array that every JVM can make. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private final int layers;
  private final List<Entry> entries;
  private final long count;

  private ParameterLayout(int layers, List<Entry> entries, long count) {
    this.layers = layers;
    this.entries = List.copyOf(entries);
    this.count = count;
  }

  static ParameterLayout of(NetworkSpec spec) {
    List<Shape> shapes = spec.shapes();
    List<String> names = spec.layerNames();
    List<Entry> entries = new ArrayList<>();
    FloatOffsets offsets = new FloatOffsets();
    for (int i = 0; i < names.size(); i++) {
      for (ParameterShape shape : spec.layers().get(i).parameters(shapes.get(i))) {
        long offset = offsets.take(shape.count());
        entries.add(new Entry(i, names.get(i) + "." + shape.name(), shape, offset));
      }
    }
    return new ParameterLayout(names.size(), entries, offsets.total());
  }

  /** The parameters in the order of the layers. */
  public List<Entry> entries() {
    return entries;
  }

  /** Floats of the flat buffer, gaps for alignment included. */
  public long count() {
    return count;
  }

  /** Each layer's part of a flat buffer. */
  List<LayerWeights> bind(Tensor flat) {
    LayerWeights[] bound = new LayerWeights[layers];
    java.util.Arrays.fill(bound, LayerWeights.NONE);
    for (Entry entry : entries) {
      Tensor part = flat.slice(entry.offset(), entry.count());
      LayerWeights before = bound[entry.layer()];
      bound[entry.layer()] =
          entry.shape().name().equals("weight")
              ? new LayerWeights(part, before.bias(), null)
              : new LayerWeights(before.weight(), part, null);
    }
    return List.of(bound);
  }

  /**
   * Zeros, one for each float of the flat buffer.
   *
   * @throws IllegalArgumentException if they are more than an array holds
   */
  float[] newValues() {
    if (count > MOST) {
      throw new IllegalArgumentException(
          "the network has "
              + entries.stream().mapToLong(Entry::count).sum()
              + " parameters; at most "
              + MOST
              + " are supported, as they pass through one Java array");
    }
    return new float[(int) count];
  }

  /** He initialisation (row T6, T§2.5.7): weights N(0, sqrt(2 / fanIn)), biases 0. */
  float[] initialValues(long seed) {
    float[] values = newValues();
    SeededRandom random = new SeededRandom(seed);
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      if (entry.shape().fanIn() == 0) {
        continue;
      }
      // A sequence for each parameter: a layer's first weights do not depend on the layers before
      // it.
      random.reseed(SeededRandom.combine(seed, i));
      double deviation = Math.sqrt(2.0 / entry.shape().fanIn());
      int begin = Math.toIntExact(entry.offset());
      for (int j = 0; j < entry.count(); j++) {
        values[begin + j] = (float) (random.nextGaussian() * deviation);
      }
    }
    return values;
  }
}
