package dev.azulejo.train;

import dev.azulejo.data.Loader;
import dev.azulejo.nn.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One call of {@link Trainer#fit}: what it works with, and where it is. */
final class TrainingRun {
  final TrainingStep step;
  final Loader loader;
  final int epochs;
  final Map<String, String> settings;
  final BatchReport report = new BatchReport();
  final List<EpochReport> history = new ArrayList<>();
  int epoch; // finished epochs
  int batch; // finished mini-batches of the next one

  TrainingRun(TrainingStep step, Loader loader, int epochs, Map<String, String> settings) {
    this.step = step;
    this.loader = loader;
    this.epochs = epochs;
    this.settings = settings;
  }

  EpochReport finishEpoch(Evaluation measured) {
    EpochReport finished =
        new EpochReport(
            epoch + 1,
            epochs,
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
        step.steps(),
        report.samples,
        report.lossSum,
        report.hits,
        report.learningRate,
        history);
  }

  void restore(RunState state) {
    epoch = state.epoch();
    batch = state.batch();
    step.setSteps(state.steps());
    report.samples = state.samples();
    report.lossSum = state.lossSum();
    report.hits = state.hits();
    report.learningRate = state.learningRate();
    history.addAll(state.history());
  }
}
