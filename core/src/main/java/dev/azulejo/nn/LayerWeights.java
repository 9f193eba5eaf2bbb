package dev.azulejo.nn;

import dev.azulejo.device.Tensor;

/**
 * The parameters of one layer, or the gradients to them.
 *
 * @param weight null for a layer without parameters
 * @param bias null for a layer without bias
 */
public record LayerWeights(Tensor weight, Tensor bias) {
  /** Of a layer without parameters. */
  static final LayerWeights NONE = new LayerWeights(null, null);
}
