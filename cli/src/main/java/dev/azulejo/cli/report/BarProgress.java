package dev.azulejo.cli.report;

import dev.azulejo.train.BatchReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** Progress as the last line of a terminal, drawn again and again, with a bar for the epoch. */
final class BarProgress extends Progress {
  static final Duration INTERVAL = Duration.ofMillis(200);

  private static final String ERASE_LINE = "\r\u001b[K";

  /** A narrower bar says nothing. */
  private static final int LEAST_BAR = 5;

  /** A wider one is hard to read beside its figures. */
  private static final int MOST_BAR = 40;

  /** Eighths of a block, from empty to full. */
  private static final String UNICODE = " ▏▎▍▌▋▊▉█";

  private static final String ASCII = " -=#";

  private final Terminal terminal;
  private final PrintWriter err;
  private final long intervalNanos;
  private long next = System.nanoTime();
  private boolean drawn;

  BarProgress(Terminal terminal, PrintWriter out, PrintWriter err, Duration interval) {
    super(out);
    this.terminal = terminal;
    this.err = err;
    intervalNanos = interval.toNanos();
  }

  @Override
  void show(BatchReport report) {
    long now = System.nanoTime();
    if (now - next < 0) {
      return;
    }
    next = now + intervalNanos;
    err.print(ERASE_LINE + line(report));
    err.flush();
    drawn = true;
  }

  @Override
  void clear() {
    if (drawn) {
      err.print(ERASE_LINE);
      err.flush();
      drawn = false;
    }
  }

  private String line(BatchReport report) {
    String begin = "epoch " + report.epoch() + "/" + report.epochs() + " |";
    String end =
        String.format(
            Locale.ROOT,
            "| %s, %.0f images/s, %s",
            state(report),
            report.samplesPerSecond(),
            left());
    // The last column stays free: some terminals go to the next line as soon as it is written.
    int room = terminal.columns() - 1;
    int width = Math.min(MOST_BAR, room - begin.length() - end.length());
    String line =
        width < LEAST_BAR
            ? begin + end.substring(1)
            : begin + bar((double) report.batch() / report.batches(), width) + end;
    return line.substring(0, Math.min(room, line.length()));
  }

  /** A bar of so many characters, the last of the filled ones in steps finer than a character. */
  private String bar(double fraction, int width) {
    String steps = terminal.unicode() ? UNICODE : ASCII;
    int full = steps.length() - 1;
    int filled = (int) Math.round(fraction * width * full);
    StringBuilder bar = new StringBuilder();
    for (int i = 0; i < width; i++) {
      bar.append(steps.charAt(Math.clamp(filled - (long) i * full, 0, full)));
    }
    return bar.toString();
  }
}
