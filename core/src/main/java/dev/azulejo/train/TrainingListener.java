package dev.azulejo.train;

/**
 * Told how training goes, on the training thread. An exception from a listener ends the run and
 * reaches the caller of {@link Trainer#fit}.
 */
public interface TrainingListener {

  /** After every mini-batch. The report is one object used again: read it during the call. */
  default void batch(BatchReport report) {}

  /** After every epoch and its validation. */
  default void epoch(EpochReport report) {}
}
