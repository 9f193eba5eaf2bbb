package dev.azulejo.compare.training;

/**
 * A network that learns, by whatever library: the same layers and initial weights for all, SGD with
 * momentum on the mean softmax cross-entropy. Belongs to the thread that made it.
 */
interface Learner extends AutoCloseable {
  /** Its name in reports. */
  String name();

  /** What computes it. */
  String algorithm();

  /**
   * One step: loss, gradients and update, from host memory.
   *
   * @return the mean loss of the mini-batch before the update
   */
  double step(Batches batches, int batch);

  /** The network's outputs for the first samples of a mini-batch, from host memory. */
  float[] predict(Batches batches, int batch, int samples);

  /** All parameters, one after another in the order of the layers. */
  double[] weights();

  @Override
  void close();
}
