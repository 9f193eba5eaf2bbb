package dev.azulejo.train;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What ends a run before its last epoch.
 *
 * @param targetAccuracy of the validation set; infinite where none is asked for
 * @param earlyStop null for none
 */
record Ending(double targetAccuracy, EarlyStop earlyStop) {

  /** Why to end after these epochs, if so: a function of the history alone. */
  Optional<String> decide(List<EpochReport> history) {
    if (!history.isEmpty() && history.getLast().validationAccuracy() >= targetAccuracy) {
      return Optional.of(
          String.format(
              Locale.ROOT,
              "accuracy %.2f %% in epoch %d, asked for %.2f %%",
              100 * history.getLast().validationAccuracy(),
              history.getLast().epoch(),
              100 * targetAccuracy));
    }
    return earlyStop == null ? Optional.empty() : earlyStop.decide(history);
  }
}
