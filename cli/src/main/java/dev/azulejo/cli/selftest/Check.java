package dev.azulejo.cli.selftest;

import java.util.List;

/**
 * An operation, computed by an algorithm, over its cases.
 *
 * @param operation the C function without its prefix
 * @param algorithm how, or what else tells it apart; empty where there is one way
 * @param trials its cases
 */
public record Check(String operation, String algorithm, List<Trial> trials) {
  /** Runs the cases one after the other, up to the first that fails. */
  Outcome run(Workbench.Maker benches) {
    double worst = 0;
    long nanos = 0;
    for (Trial trial : trials) {
      try (Workbench bench = benches.make()) {
        double error = trial.body().run(bench);
        nanos += bench.nanos();
        worst = Double.isNaN(error) ? error : Math.max(worst, error);
        if (!(error <= 1)) {
          return outcome(worst, nanos, trial, "the error is " + error + " of what is allowed");
        }
      } catch (RuntimeException e) {
        return outcome(worst, nanos, trial, e.getMessage());
      }
    }
    return new Outcome(this, worst, nanos, "");
  }

  private Outcome outcome(double worst, long nanos, Trial trial, String failure) {
    return new Outcome(this, worst, nanos, "case " + trial.name() + ": " + failure);
  }
}
