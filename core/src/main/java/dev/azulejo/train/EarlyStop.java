package dev.azulejo.train;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Ends a run whose loss no longer falls: the validation loss, or the training loss where there is
 * no validation set.
 *
 * @param patience epochs without improvement that are waited for, at least 1
 * @param minDelta by how much a loss must be below the best one to count as improvement, at least 0
 */
public record EarlyStop(int patience, double minDelta) {

  /** Checks the numbers. */
  public EarlyStop {
    if (patience < 1 || !(minDelta >= 0)) {
      throw new IllegalArgumentException(
          "early stop with patience "
              + patience
              + " and minDelta "
              + minDelta
              + ": patience must be at least 1, minDelta at least 0");
    }
  }

  /** Any improvement counts. */
  public static EarlyStop patience(int epochs) {
    return new EarlyStop(epochs, 0);
  }

  /**
   * Why to stop after these epochs, if so. A function of the history alone, so that a resumed run
   * decides the same.
   */
  Optional<String> decide(List<EpochReport> history) {
    int best = -1;
    for (int i = 0; i < history.size(); i++) {
      // A loss that is NaN improves on nothing, and every other one improves on it.
      double loss = loss(history.get(i));
      if (best < 0
          || loss < loss(history.get(best)) - minDelta
          || (Double.isNaN(loss(history.get(best))) && !Double.isNaN(loss))) {
        best = i;
      }
    }
    if (history.size() - 1 - best < patience) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "no improvement of the loss in %d epochs: best %.4f in epoch %d",
            patience,
            loss(history.get(best)),
            history.get(best).epoch()));
  }

  /** Where there was a validation set, its accuracy is a number even if its loss is NaN. */
  private static double loss(EpochReport report) {
    return Double.isNaN(report.validationAccuracy()) ? report.trainLoss() : report.validationLoss();
  }
}
