package dev.azulejo.nn;

import dev.azulejo.device.Tensor;

/**
 * The parameters of one layer, or the gradients to them.
 *
 * @param weight null for a layer without parameters
 * @param bias null for a layer without bias
 * @param packed a copy of the weights in BF16 that belongs to one plan, written by {@link
 *     LayerPlan#pack}; null where {@code weight} itself is multiplied with
 */
public record LayerWeights(Tensor weight, Tensor bias, Tensor packed) {
  /** Of a layer without parameters. */
  static final LayerWeights NONE = new LayerWeights(null, null, null);

  /** The same with a plan's copy. */
  LayerWeights withPacked(Tensor copy) {
    return new LayerWeights(weight, bias, copy);
  }
}
