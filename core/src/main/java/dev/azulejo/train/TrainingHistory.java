package dev.azulejo.train;

import java.util.List;
import java.util.Optional;

/**
 * How a training run went.
 *
 * @param epochs the finished ones, of a resumed run also those before
 * @param stopped whether {@link Trainer#stop} ended it before its last epoch
 * @param earlyStop why it ended early, where its {@link EarlyStop} or target accuracy did
 * @param seconds from its first mini-batch to the measured end of the last finished epoch: with
 *     validation and listeners in between, without what comes before (data copied, algorithms
 *     chosen, steps recorded); 0 where it finished none
 */
public record TrainingHistory(
    List<EpochReport> epochs, boolean stopped, Optional<String> earlyStop, double seconds) {

  /** Makes the list unmodifiable. */
  public TrainingHistory {
    epochs = List.copyOf(epochs);
  }
}
