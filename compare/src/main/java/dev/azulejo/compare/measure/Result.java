package dev.azulejo.compare.measure;

/**
 * What came of an entrant on a problem.
 *
 * @param name of the entrant
 * @param algorithm what ran; empty where nothing did
 * @param workspaceBytes scratch memory that it needed
 * @param outcome a time, or why there is none
 */
public record Result(String name, String algorithm, long workspaceBytes, Outcome outcome) {
  /** The median of its times in seconds; NaN where there is none. */
  public double median() {
    return outcome instanceof Outcome.Timed timed ? timed.times().median() : Double.NaN;
  }
}
