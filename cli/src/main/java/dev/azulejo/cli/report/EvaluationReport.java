package dev.azulejo.cli.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.nn.ConfusionMatrix;
import dev.azulejo.nn.Evaluation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What a network does on a data set, for people and for programs. */
public final class EvaluationReport {
  /** Wider matrices do not fit a terminal. */
  private static final int MOST_COLUMNS = 20;

  private final Evaluation evaluation;
  private final ConfusionMatrix confusion;
  private final List<String> classes;

  /** A report of this. */
  public EvaluationReport(Evaluation evaluation) {
    this.evaluation = evaluation;
    confusion = evaluation.confusion();
    classes = confusion.classNames();
  }

  /**
   * Exactly {@code Test accuracy: NN.NN %}: the last line of {@code train} and {@code evaluate}.
   */
  public String accuracyLine() {
    return String.format(Locale.ROOT, "Test accuracy: %.2f %%", 100 * evaluation.accuracy());
  }

  /** The loss, a line. */
  public String lossLine() {
    return String.format(
        Locale.ROOT, "Test loss: %.4f (%,d images)", evaluation.loss(), evaluation.samples());
  }

  /** Precision, recall and F1 of each class. */
  public String classTable() {
    Table table = new Table("class", "images", "precision", "recall", "F1");
    for (int c = 0; c < classes.size(); c++) {
      table.row(
          classes.get(c),
          samples(c),
          percent(confusion.precision(c)),
          percent(confusion.recall(c)),
          percent(confusion.f1(c)));
    }
    return table.toString();
  }

  /** The whole confusion matrix: actual classes down, predicted ones across. */
  public String matrix() {
    if (classes.size() > MOST_COLUMNS) {
      return "The confusion matrix of "
          + classes.size()
          + " classes is too wide for a terminal; --json has it."
          + System.lineSeparator();
    }
    String[] headings = new String[classes.size() + 1];
    headings[0] = "actual \\ predicted";
    for (int c = 0; c < classes.size(); c++) {
      headings[c + 1] = Integer.toString(c);
    }
    Table table = new Table(headings);
    for (int actual = 0; actual < classes.size(); actual++) {
      Object[] row = new Object[classes.size() + 1];
      row[0] = actual + " " + classes.get(actual);
      for (int predicted = 0; predicted < classes.size(); predicted++) {
        row[predicted + 1] = confusion.count(actual, predicted);
      }
      table.row(row);
    }
    return table.toString();
  }

  /** The most frequent confusions, a line; empty where everything is right. */
  public String worst(int most) {
    record Mistake(int actual, int predicted, long count) {}
    List<Mistake> mistakes = new ArrayList<>();
    for (int actual = 0; actual < classes.size(); actual++) {
      for (int predicted = 0; predicted < classes.size(); predicted++) {
        long count = confusion.count(actual, predicted);
        if (actual != predicted && count > 0) {
          mistakes.add(new Mistake(actual, predicted, count));
        }
      }
    }
    mistakes.sort(Comparator.comparingLong(Mistake::count).reversed());
    return String.join(
        ", ",
        mistakes.stream()
            .limit(most)
            .map(
                m ->
                    classes.get(m.actual)
                        + " taken for "
                        + classes.get(m.predicted)
                        + " "
                        + m.count)
            .toList());
  }

  /** Everything. */
  public ObjectNode json() {
    ObjectNode node = Json.object();
    node.put("samples", evaluation.samples());
    Json.put(node, "loss", evaluation.loss());
    Json.put(node, "accuracy", evaluation.accuracy());
    ArrayNode byClass = node.putArray("classes");
    for (int c = 0; c < classes.size(); c++) {
      ObjectNode one = byClass.addObject();
      one.put("name", classes.get(c));
      one.put("samples", samples(c));
      Json.put(one, "precision", confusion.precision(c));
      Json.put(one, "recall", confusion.recall(c));
      Json.put(one, "f1", confusion.f1(c));
    }
    ArrayNode matrix = node.putArray("confusion");
    for (int actual = 0; actual < classes.size(); actual++) {
      ArrayNode row = matrix.addArray();
      for (int predicted = 0; predicted < classes.size(); predicted++) {
        row.add(confusion.count(actual, predicted));
      }
    }
    return node;
  }

  private long samples(int actual) {
    long sum = 0;
    for (int predicted = 0; predicted < classes.size(); predicted++) {
      sum += confusion.count(actual, predicted);
    }
    return sum;
  }

  private static String percent(double fraction) {
    return Double.isNaN(fraction) ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * fraction);
  }
}
