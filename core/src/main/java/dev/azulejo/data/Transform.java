package dev.azulejo.data;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Changes a sample in place on its way into a batch: augmentation, normalisation. The shape stays
 * the same.
 *
 * <p>A transform has no state that changes: {@link Loader} gives each sample a random sequence of
 * its own, derived from (seed, epoch, index), so the result depends neither on threads nor on where
 * a run was resumed. It must not allocate and must not keep the array.
 */
@FunctionalInterface
public interface Transform {

  /**
   * Changes one sample.
   *
   * @param sample holds the sample's {@code shape.size()} values, CHW
   * @param offset where in {@code sample} the first value is
   * @param shape of the sample
   * @param random this sample's own random numbers
   */
  void apply(float[] sample, int offset, Shape shape, RandomGenerator random);

  /** The transform that changes nothing. */
  static Transform identity() {
    return Chain.EMPTY;
  }

  /**
   * Several transforms, applied in the given order. {@link Normalize} usually comes last: {@link
   * Shift} fills with 0, which is black before normalisation and not after.
   */
  static Transform chain(Transform... transforms) {
    return new Chain(List.of(transforms));
  }
}
