package dev.azulejo.cli.report;

import dev.azulejo.train.BatchReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Progress as plain lines, for files and pipes: one every ten seconds inside an epoch. */
final class LineProgress extends Progress {
  static final Duration INTERVAL = Duration.ofSeconds(10);

  private final PrintWriter err;
  private final long intervalNanos;
  private long next;

  LineProgress(PrintWriter out, PrintWriter err, Duration interval) {
    super(out);
    this.err = err;
    intervalNanos = interval.toNanos();
    next = System.nanoTime() + intervalNanos;
  }

  @Override
  void show(BatchReport report) {
    long now = System.nanoTime();
    if (now - next < 0 || report.batch() == report.batches()) {
      return; // the epoch's own line follows its last mini-batch
    }
    next = now + intervalNanos;
    err.printf(
        Locale.ROOT,
        "epoch %d/%d, batch %d/%d: %s, %.0f images/s, %s%n",
        report.epoch(),
        report.epochs(),
        report.batch(),
        report.batches(),
        state(report),
        report.samplesPerSecond(),
        left());
    err.flush();
  }

  @Override
  void clear() {
    // Lines stay.
  }
}
