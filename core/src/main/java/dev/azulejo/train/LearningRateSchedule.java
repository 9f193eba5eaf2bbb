package dev.azulejo.train;

/**
 * The learning rate of each step, as a factor of the optimiser's rate. A function of the step
 * alone, so that a resumed run goes on as if it had not stopped.
 */
@FunctionalInterface
public interface LearningRateSchedule {

  /**
   * The factor of a step.
   *
   * @param step steps done before, from 0
   * @param stepsPerEpoch mini-batches of an epoch
   * @param epochs epochs of the whole run
   */
  double factor(long step, int stepsPerEpoch, int epochs);

  /** The same rate throughout. */
  static LearningRateSchedule constant() {
    return (step, stepsPerEpoch, epochs) -> 1;
  }

  /**
   * Half a cosine from 1 to 0 over the run (Loshchilov and Hutter 2017, eq. 5, without restarts).
   */
  static LearningRateSchedule cosine() {
    return (step, stepsPerEpoch, epochs) ->
        0.5 * (1 + Math.cos(Math.PI * step / ((double) stepsPerEpoch * epochs)));
  }

  /**
   * Multiplied by a factor after every so many epochs.
   *
   * @param everyEpochs at least 1
   * @param factor positive, below 1 to decay
   */
  static LearningRateSchedule stepDecay(int everyEpochs, double factor) {
    if (everyEpochs < 1 || !(factor > 0)) {
      throw new IllegalArgumentException(
          "step decay every " + everyEpochs + " epochs by " + factor + ": both must be positive");
    }
    return (step, stepsPerEpoch, epochs) -> Math.pow(factor, step / stepsPerEpoch / everyEpochs);
  }

  /**
   * From nearly 0 up to another schedule's rate over the first epochs.
   *
   * @param warmupEpochs how long, positive
   * @param then what follows, and multiplies the ramp
   */
  static LearningRateSchedule warmup(double warmupEpochs, LearningRateSchedule then) {
    if (!(warmupEpochs > 0)) {
      throw new IllegalArgumentException(
          "warm-up must last more than 0 epochs, was " + warmupEpochs);
    }
    return (step, stepsPerEpoch, epochs) ->
        Math.min(1, (step + 1) / (warmupEpochs * stepsPerEpoch))
            * then.factor(step, stepsPerEpoch, epochs);
  }
}
