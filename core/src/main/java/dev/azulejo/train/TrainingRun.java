package dev.azulejo.train;

import dev.azulejo.device.Tensor;
import dev.azulejo.nn.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** One call of {@link Trainer#fit}: the loop over epochs and reports, and where the last one is. */
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
  private long begun; // when the epoch began, System.nanoTime()

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

  /** Whether it is to end with the next report. */
  boolean stopping() {
    return stopping.getAsBoolean();
  }

  BatchReport report() {
    return report;
  }

  /** The optimiser's moments at the last report, by name. */
  Map<String, Tensor> moments() {
    return pass.moments();
  }

  /**
   * Trains to the end.
   *
   * @param validation measures after each epoch; null for nothing
   * @param ending may end it before its last epoch
   */
  TrainingHistory train(Supplier<Evaluation> validation, Ending ending) {
    Optional<String> reason = ending.decide(history);
    pass.begin(this);
    long first = System.nanoTime();
    double seconds = 0;
    begun = first;
    while (epoch < rates.epochs() && reason.isEmpty()) {
      if (!trainEpoch()) {
        return new TrainingHistory(history, true, Optional.empty(), seconds);
      }
      EpochReport finished = finishEpoch(validation == null ? null : validation.get());
      seconds = (System.nanoTime() - first) / 1e9;
      for (TrainingListener listener : listeners) {
        listener.epoch(finished);
      }
      reason = ending.decide(history);
    }
    return new TrainingHistory(history, false, reason, seconds);
  }

  /** The mini-batches that are left of an epoch; false if told to stop before the last report. */
  private boolean trainEpoch() {
    pass.beginEpoch(this);
    if (!pass.runsAhead()) {
      begun = System.nanoTime(); // validation and listeners came between
    }
    report.trainedSamples = 0;
    report.nanos = 0;
    while (batch < pass.batches()) {
      if (stopping.getAsBoolean()) {
        return false;
      }
      pass.advance(this);
      tell();
    }
    begun += report.nanos;
    return true;
  }

  /**
   * Some more mini-batches are done, those up to a report.
   *
   * @param lossSum of the epoch so far
   * @param hits of the epoch so far
   */
  void done(int batches, int samples, double lossSum, double hits) {
    batch += batches;
    steps += batches;
    report.samples += samples;
    report.trainedSamples += samples;
    report.lossSum = lossSum;
    report.hits = hits;
  }

  private void tell() {
    report.epoch = epoch + 1;
    report.batch = batch;
    report.learningRate = rates.after(steps - 1);
    report.nanos = System.nanoTime() - begun;
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
