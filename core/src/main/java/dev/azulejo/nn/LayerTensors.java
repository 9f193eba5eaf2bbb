package dev.azulejo.nn;

import dev.azulejo.device.Tensor;

/**
 * What one layer of a plan reads and writes, the same tensors in every call.
 *
 * @param x its input
 * @param weights its parameters
 * @param saved kept from the forward to the backward pass, {@link LayerPlan#savedElements}; null in
 *     inference and where there is nothing to keep
 * @param y its output
 * @param gradY in the backward pass on entry the gradient of the loss to y; overwritten
 * @param gradients receives the gradients to the parameters
 * @param inner room for {@link LayerPlan#innerElements}; null where there are none
 * @param gradX receives the gradient to x; null where nobody needs it (the first layer). Where
 *     there are inner elements, it is the memory of gradY
 */
public record LayerTensors(
    Tensor x,
    LayerWeights weights,
    Tensor saved,
    Tensor y,
    Tensor gradY,
    LayerWeights gradients,
    Tensor inner,
    Tensor gradX) {}
