package dev.azulejo.cli.command;

import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.report.Json;
import dev.azulejo.cli.report.Metrics;
import dev.azulejo.train.BatchReport;
import dev.azulejo.train.EpochReport;
import dev.azulejo.train.Trainer;
import dev.azulejo.train.TrainingListener;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Keeps what a run has reached: checkpoint and metrics after every epoch, and the checkpoint when a
 * signal asks to stop.
 */
final class Saver implements TrainingListener {
  private final Trainer trainer;
  private final RunFiles files;
  private final Metrics metrics;
  private final JsonOption json;
  private final StopRequest stop;
  private boolean stopping;

  Saver(Trainer trainer, RunFiles files, Metrics metrics, JsonOption json, StopRequest stop) {
    this.trainer = trainer;
    this.files = files;
    this.metrics = metrics;
    this.json = json;
    this.stop = stop;
  }

  @Override
  public void batch(BatchReport report) {
    if (stop.isRequested() && !stopping) {
      stopping = true;
      trainer.save(files.checkpoint());
      trainer.stop();
    }
  }

  @Override
  public void epoch(EpochReport report) {
    trainer.save(files.checkpoint());
    metrics.epoch(report);
    try {
      write(files, metrics, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  static void write(RunFiles files, Metrics metrics, JsonOption json) throws IOException {
    Json.write(files.metrics(), metrics.document());
    json.update(metrics.document());
  }
}
