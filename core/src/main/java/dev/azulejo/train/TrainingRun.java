package dev.azulejo.train;

import dev.azulejo.nn.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** One call of {@link Trainer#fit}: the loop over epochs and mini-batches, and where it is. */
final class TrainingRun {
  private final Pass pass;
  private final StepRates rates;
  private final Map<String, String> settings;
  private final List<TrainingListener> listeners;
  private final BooleanSupplier stopping;
  private final BatchReport report = new BatchReport();
  private final List<EpochReport> history = new ArrayList<>();
  private int epoch; // finished epochs
  private int batch; // finished mini-batches of the next one
  private long steps; // updates, those before a resume included

  TrainingRun(
      Pass pass,
      StepRates rates,
      Map<String, String> settings,
      List<TrainingListener> listeners,
      BooleanSupplier stopping) {
    this.pass = pass;
    this.rates = rates;
    this.settings = settings;
    this.listeners = listeners;
    this.stopping = stopping;
    report.epochs = rates.epochs();
    report.batches = pass.batches();
  }

  /** Finished epochs. */
  int epoch() {
    return epoch;
  }

  /** Finished mini-batches of the next epoch. */
  int batch() {
    return batch;
  }

  /** Updates so far, those before a resume included. */
  long steps() {
    return steps;
  }

  StepRates rates() {
    return rates;
  }

  BatchReport report() {
    return report;
  }

  OptimizerState optimizer() {
    return pass.optimizer();
  }

  /**
   * Trains to the end.
   *
   * @param validation measures after each epoch; null for nothing
   * @param earlyStop null for none
   */
  TrainingHistory train(Supplier<Evaluation> validation, EarlyStop earlyStop) {
    Optional<String> reason = decide(earlyStop);
    while (epoch < rates.epochs() && reason.isEmpty()) {
      if (!trainEpoch()) {
        return new TrainingHistory(history, true, Optional.empty());
      }
      EpochReport finished = finishEpoch(validation == null ? null : validation.get());
      for (TrainingListener listener : listeners) {
        listener.epoch(finished);
      }
      reason = decide(earlyStop);
    }
    return new TrainingHistory(history, false, reason);
  }

  private Optional<String> decide(EarlyStop earlyStop) {
    return earlyStop == null ? Optional.empty() : earlyStop.decide(history);
  }

  /**
   * The mini-batches that are left of an epoch; false if told to stop before the last one was done.
   */
  private boolean trainEpoch() {
    pass.start(this);
    long begin = System.nanoTime();
    report.trainedSamples = 0;
    report.nanos = 0;
    int unreported = 0;
    while (batch < pass.batches()) {
      if (stopping.getAsBoolean()) {
        if (unreported > 0) {
          tell(begin);
        }
        return false;
      }
      int samples = pass.step(this);
      steps++;
      batch++;
      report.samples += samples;
      report.trainedSamples += samples;
      unreported++;
      if (unreported == pass.reportEvery() || batch == pass.batches()) {
        tell(begin);
        unreported = 0;
      }
    }
    return true;
  }

  private void tell(long begin) {
    pass.report(this);
    report.epoch = epoch + 1;
    report.batch = batch;
    report.learningRate = rates.after(steps - 1);
    report.nanos = System.nanoTime() - begin;
    for (int i = 0; i < listeners.size(); i++) {
      listeners.get(i).batch(report);
    }
  }

  private EpochReport finishEpoch(Evaluation measured) {
    EpochReport finished =
        new EpochReport(
            epoch + 1,
            rates.epochs(),
            report.loss(),
            report.accuracy(),
            measured == null ? Double.NaN : measured.loss(),
            measured == null ? Double.NaN : measured.accuracy(),
            report.learningRate,
            report.nanos / 1e9,
            report.samples);
    history.add(finished);
    epoch++;
    batch = 0;
    report.samples = 0;
    report.lossSum = 0;
    report.hits = 0;
    return finished;
  }

  RunState state() {
    return new RunState(
        settings,
        epoch,
        batch,
        steps,
        report.samples,
        report.lossSum,
        report.hits,
        report.learningRate,
        history);
  }

  void restore(RunState state) {
    epoch = state.epoch();
    batch = state.batch();
    steps = state.steps();
    report.samples = state.samples();
    report.lossSum = state.lossSum();
    report.hits = state.hits();
    report.learningRate = state.learningRate();
    history.addAll(state.history());
  }
}
