package dev.azulejo.train;

import dev.azulejo.device.Tensor;
import java.util.Map;

/**
 * How mini-batches are trained on, one after another: by the host, which sees each loss before the
 * update ({@link HostPass}), or by a device that runs ahead of the host ({@link DevicePass}).
 */
sealed interface Pass extends AutoCloseable permits HostPass, DevicePass {

  /** Mini-batches of an epoch. */
  int batches();

  /** The optimiser's state at the beginning, for a checkpoint to be read into. */
  OptimizerState optimizer();

  /** Begins where the run is, with the network's weights and {@link #optimizer}'s moments. */
  void begin(TrainingRun run);

  /** Makes ready for what is left of the run's epoch, of which nothing is under way. */
  void beginEpoch(TrainingRun run);

  /**
   * Trains up to the next report, and says so by {@link TrainingRun#done}. Network and {@link
   * #moments} are then those of the report, whatever else may be under way.
   *
   * @throws TrainingException where something since the last report is no finite number
   */
  void advance(TrainingRun run);

  /** Whether the next epoch's mini-batches are under way when the last of one is reported. */
  boolean runsAhead();

  /** The optimiser's moments at the last report, by name. */
  Map<String, Tensor> moments();

  @Override
  void close();
}
