package dev.azulejo.nn;

import dev.azulejo.device.Sizes;
import java.util.Arrays;

/**
 * A trainable tensor of a layer.
 *
 * @param name what it is within its layer: {@code weight} or {@code bias}
 * @param shape its dimensions
 * @param fanIn inputs of one output, for He initialisation N(0, sqrt(2 / fanIn)) (row T6); 0 for a
 *     bias, which starts at 0
 */
public record ParameterShape(String name, long[] shape, long fanIn) {

  /** How many numbers it has. */
  public long count() {
    long count = 1;
    for (long dimension : shape) {
      count = Sizes.multiply(count, name, dimension, "dimension of " + Arrays.toString(shape));
    }
    return count;
  }
}
