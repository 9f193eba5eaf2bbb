package dev.azulejo.train;

/**
 * How mini-batches are trained on, one after another: by the host, which sees each loss before the
 * update ({@link HostPass}), or by a device that runs ahead of the host ({@link DevicePass}).
 */
sealed interface Pass extends AutoCloseable permits HostPass, DevicePass {

  /** Mini-batches of an epoch. */
  int batches();

  /** Mini-batches between two reports, unless the epoch ends before. */
  int reportEvery();

  /** The moments, for checkpoints. */
  OptimizerState optimizer();

  /** Makes ready for what is left of the run's epoch. */
  void start(TrainingRun run);

  /**
   * Trains on the next mini-batch.
   *
   * @return its samples
   * @throws TrainingException where its loss is seen already and is no finite number
   */
  int step(TrainingRun run);

  /**
   * Brings the report's sums up to date, after waiting for the work where need be.
   *
   * @throws TrainingException where something since the last report is no finite number
   */
  void report(TrainingRun run);

  @Override
  void close();
}
