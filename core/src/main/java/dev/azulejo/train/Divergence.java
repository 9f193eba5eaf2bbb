package dev.azulejo.train;

import java.util.Optional;

/** What to say where training has come to numbers that are not finite. */
final class Divergence {
  private Divergence() {}

  /**
   * Of a loss.
   *
   * @param batches how many mini-batches it may come from, those after the run's last report
   * @param loss their mean
   * @param found which of the network's numbers is not finite
   */
  static TrainingException ofLoss(
      TrainingRun run, int batches, double loss, Optional<String> found) {
    return exception(
        run,
        batches,
        "the loss is " + loss,
        found.orElse("the outputs are finite, but too large for the loss"));
  }

  /** Of weights after the last mini-batches, though the losses before each update are finite. */
  static TrainingException ofWeights(TrainingRun run, int batches) {
    return exception(run, batches, "weights are no longer finite", "an update was too large");
  }

  private static TrainingException exception(
      TrainingRun run, int batches, String what, String cause) {
    boolean one = batches == 1;
    int first = run.batch() + 1;
    long step = run.steps() + 1;
    return new TrainingException(
        what
            + " in epoch "
            + (run.epoch() + 1)
            + ", mini-batch"
            + (one ? " " + first : "es " + first + " to " + (first + batches - 1))
            + " of "
            + run.rates().stepsPerEpoch()
            + " (step"
            + (one ? " " + step : "s " + step + " to " + (step + batches - 1))
            + "): "
            + cause
            + ". The weights are those before "
            + (one ? "this mini-batch" : "these mini-batches")
            + ". A learning rate below "
            + run.rates().rate()
            + " is the usual cure; labels and inputs are worth a look");
  }
}
