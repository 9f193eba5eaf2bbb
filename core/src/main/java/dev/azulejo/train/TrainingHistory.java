package dev.azulejo.train;

import java.util.List;
import java.util.Optional;

/**
 * How a training run went.
 *
 * @param epochs the finished ones, of a resumed run also those before
 * @param stopped whether {@link Trainer#stop} ended it before its last epoch
 * @param earlyStop why it ended early, where its {@link EarlyStop} did
 */
public record TrainingHistory(
    List<EpochReport> epochs, boolean stopped, Optional<String> earlyStop) {

  /** Makes the list unmodifiable. */
  public TrainingHistory {
    epochs = List.copyOf(epochs);
  }
}
