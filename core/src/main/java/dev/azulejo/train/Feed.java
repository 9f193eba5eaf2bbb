package dev.azulejo.train;

import dev.azulejo.device.Tensor;

/** Where a device's mini-batches come from. */
sealed interface Feed extends AutoCloseable permits ResidentFeed, LoaderFeed {

  /** Mini-batches of an epoch. */
  int batches();

  /** Begins an epoch at a mini-batch. */
  void start(int epoch, int first);

  /**
   * The samples of the next mini-batch, whose way to the device begins where it does not lie there
   * already.
   */
  int next();

  /** What of the way is part of the step, recorded with it. */
  void load(int samples, Tensor images, Tensor labels);

  @Override
  void close();
}
