package dev.azulejo.train;

/**
 * The learning rate of each step of a run.
 *
 * @param rate the optimiser's
 * @param schedule whose factor multiplies it
 * @param stepsPerEpoch mini-batches of an epoch
 * @param epochs of the whole run
 */
record StepRates(float rate, LearningRateSchedule schedule, int stepsPerEpoch, int epochs) {

  /** Of the step after so many. */
  float after(long steps) {
    return (float) (rate * schedule.factor(steps, stepsPerEpoch, epochs));
  }
}
