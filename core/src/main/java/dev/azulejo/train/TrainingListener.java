package dev.azulejo.train;

/**
 * Told how training goes, on the training thread. The network is as it was at the report, to be
 * measured or saved; the training itself may be further on a device, and goes on with weights of
 * its own, so that changes to the network's are lost there. An exception from a listener ends the
 * run and reaches the caller of {@link Trainer#fit}.
 */
public interface TrainingListener {

  /**
   * After every mini-batch, on a device after several ({@link Trainer#reportEvery}). The report is
   * one object used again: read it during the call.
   */
  default void batch(BatchReport report) {}

  /** After every epoch and its validation. */
  default void epoch(EpochReport report) {}
}
