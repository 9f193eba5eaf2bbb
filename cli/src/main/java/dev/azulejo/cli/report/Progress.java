package dev.azulejo.cli.report;

import dev.azulejo.train.BatchReport;
import dev.azulejo.train.EpochReport;
import dev.azulejo.train.TrainingListener;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows how training goes: what happens inside an epoch on the error stream, as a bar on a terminal
 * and as a line now and then elsewhere; a line for each finished epoch on the output.
 *
 * <p>Called after every mini-batch, so it makes no text more often than somebody can read it.
 */
public abstract class Progress implements TrainingListener, AutoCloseable {
  private final PrintWriter out;
  private final Eta eta = new Eta();

  Progress(PrintWriter out) {
    this.out = out;
  }

  /** The kind that suits a terminal: a bar where it is wide enough for one, else lines. */
  public static Progress of(Terminal terminal, PrintWriter out, PrintWriter err) {
    return terminal.columns() >= BarProgress.LEAST_COLUMNS
        ? new BarProgress(terminal, out, err, BarProgress.INTERVAL)
        : new LineProgress(out, err, LineProgress.INTERVAL);
  }

  @Override
  public final void batch(BatchReport report) {
    eta.update(report);
    show(report);
  }

  @Override
  public final void epoch(EpochReport report) {
    clear();
    out.println(line(report));
    out.flush();
  }

  /** After a mini-batch. */
  abstract void show(BatchReport report);

  /** Before something else is printed. */
  abstract void clear();

  @Override
  public void close() {
    clear();
  }

  /** How long the rest of the run will take at the pace so far, such as {@code 1:20 left}. */
  final String left() {
    Duration left = eta.left();
    return (left == null ? "-:--" : format(left)) + " left";
  }

  static String state(BatchReport report) {
    return String.format(
        Locale.ROOT, "loss %.4f, accuracy %.2f %%", report.loss(), 100 * report.accuracy());
  }

  /** Hours only where there are some. */
  static String format(Duration time) {
    return time.toHours() > 0
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart())
        : String.format(Locale.ROOT, "%d:%02d", time.toMinutes(), time.toSecondsPart());
  }

  static String line(EpochReport report) {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "epoch %d/%d: loss %.4f, accuracy %.2f %%",
            report.epoch(),
            report.epochs(),
            report.trainLoss(),
            100 * report.trainAccuracy()));
    if (!Double.isNaN(report.validationLoss())) {
      line.append(
          String.format(
              Locale.ROOT,
              "; validation loss %.4f, accuracy %.2f %%",
              report.validationLoss(),
              100 * report.validationAccuracy()));
    }
    return line.append(
            String.format(
                Locale.ROOT,
                "; rate %.3g, %.1f s, %.0f images/s",
                report.learningRate(),
                report.seconds(),
                report.samples() / report.seconds()))
        .toString();
  }

  /** The time left, from the pace since the first mini-batch of this process. */
  private static final class Eta {
    private long begin;
    private long beginBatches;
    private long done = -1;
    private long total;

    void update(BatchReport report) {
      long batches = (long) (report.epoch() - 1) * report.batches() + report.batch();
      if (done < 0) {
        // A resumed run begins somewhere in the middle.
        begin = System.nanoTime();
        beginBatches = batches;
      }
      done = batches;
      total = (long) report.epochs() * report.batches();
    }

    /** Null as long as there is no pace to judge by. */
    Duration left() {
      if (done <= beginBatches) {
        return null;
      }
      double nanosPerBatch = (double) (System.nanoTime() - begin) / (done - beginBatches);
      return Duration.ofNanos((long) (nanosPerBatch * (total - done)));
    }
  }
}
