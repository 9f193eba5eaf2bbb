package dev.azulejo.cli.selftest;

/**
 * What a check found.
 *
 * @param check the check
 * @param worst the largest error, as a fraction of its tolerance
 * @param nanos time of the operations, without preparation and comparison
 * @param failure what went wrong and in which case; empty where nothing did
 */
public record Outcome(Check check, double worst, long nanos, String failure) {
  /** Whether the device computed what it should. */
  public boolean ok() {
    return failure.isEmpty();
  }
}
