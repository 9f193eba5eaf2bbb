package dev.azulejo.nn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Storage;

/**
 * A layer, or a few that are computed as one, ready to run for up to a fixed number of samples: its
 * descriptors, and nothing of the network's memory, which is handed to each call. Belongs to one
 * plan and so to one thread. Its calls allocate nothing.
 */
public interface LayerPlan {

  /** How many samples the next calls have, 1 to the plan's maximum. */
  void setBatch(int batch);

  /** Bytes of the stream's workspace that its calls need. */
  default long workspaceBytes() {
    return 0;
  }

  /** How its output, and the gradient to it, lie in memory. */
  default Storage storage() {
    return Storage.F32;
  }

  /**
   * Elements that it keeps from the forward to the backward pass, such as the argmax of a pooling.
   */
  default long savedElements() {
    return 0;
  }

  /** What the saved elements are. */
  default ElementType savedType() {
    return ElementType.I32;
  }

  /** Elements of {@link LayerWeights#packed}; 0 where it needs no copy of the weights. */
  default long packedElements() {
    return 0;
  }

  /**
   * Elements, of its storage, of the gradient between its layers, which the backward pass writes
   * and reads; 0 for a layer by itself.
   */
  default long innerElements() {
    return 0;
  }

  /**
   * Writes {@link LayerWeights#packed}, where it has elements, from the weights. The other calls
   * read it: this comes before them whenever the weights have changed.
   */
  default void pack(Stream stream, LayerWeights weights) {}

  /** y = layer(x). */
  void forward(Stream stream, LayerTensors tensors);

  /** From the gradient of the loss to y, the gradients to the parameters and to x. */
  void backward(Stream stream, LayerTensors tensors);
}
