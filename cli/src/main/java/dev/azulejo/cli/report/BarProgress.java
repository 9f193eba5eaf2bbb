package dev.azulejo.cli.report;

import dev.azulejo.train.BatchReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as the last line of a terminal, drawn again and again: a bar for each epoch. */
final class BarProgress extends Progress {
  static final Duration INTERVAL = Duration.ofMillis(200);

  /** The bar's figures need this much beside it; on a narrower terminal lines are better. */
  static final int LEAST_COLUMNS = 80;

  private static final String ERASE_LINE = "\r\u001b[K";

  private final Terminal terminal;
  private final Line line;
  private final long intervalNanos;
  private long next = System.nanoTime();
  private ProgressBar bar;

  BarProgress(Terminal terminal, PrintWriter out, PrintWriter err, Duration interval) {
    super(out);
    this.terminal = terminal;
    this.line = new Line(err, terminal.columns() - 1);
    intervalNanos = interval.toNanos();
  }

  @Override
  void show(BatchReport report) {
    long now = System.nanoTime();
    if (now - next < 0) {
      return;
    }
    next = now + intervalNanos;
    if (bar == null) {
      bar = newBar(report);
    }
    bar.stepTo(report.batch());
    bar.setExtraMessage(
        String.format(
            Locale.ROOT,
            " loss %.3f acc %.1f%% %.0f/s %s",
            report.loss(),
            100 * report.accuracy(),
            report.samplesPerSecond(),
            left()));
    bar.refresh();
  }

  @Override
  void clear() {
    if (bar != null) {
      bar.close();
      bar = null;
      line.clear();
    }
  }

  private ProgressBar newBar(BatchReport report) {
    return ProgressBar.builder()
        .setTaskName("epoch " + report.epoch() + "/" + report.epochs())
        .setInitialMax(report.batches())
        .setStyle(terminal.unicode() ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
        .setConsumer(line)
        .hideEta() // of the epoch; the message tells the time left of the whole run
        // It is drawn here, between two mini-batches, so that nothing else is being printed.
        .setUpdateIntervalMillis(Integer.MAX_VALUE)
        .build();
  }

  /**
   * The last line of the terminal. The last column stays free: some terminals wrap as soon as it is
   * written.
   */
  private static final class Line implements ProgressBarConsumer {
    private final PrintWriter err;
    private final int width;

    Line(PrintWriter err, int width) {
      this.err = err;
      this.width = width;
    }

    @Override
    public int getMaxRenderedLength() {
      return width;
    }

    @Override
    public synchronized void accept(String text) {
      err.print(ERASE_LINE + text.substring(0, Math.min(width, text.length())).stripTrailing());
      err.flush();
    }

    @Override
    public synchronized void clear() {
      err.print(ERASE_LINE);
      err.flush();
    }

    @Override
    public void close() {
      clear();
    }
  }
}
