package dev.azulejo.compare.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.measure.Agreement;
import dev.azulejo.compare.measure.Outcome.Timed;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.measure.Times;
import java.util.List;

/** The results of trials as a table and as JSON. */
public final class Results {
  private final Table table =
      new Table(
          "problem",
          "part",
          "contestant",
          "algorithm",
          "median",
          "spread",
          "GFLOP/s",
          "speed",
          "error",
          "workspace",
          "remark");
  private final String baseline;

  /**
   * No results yet.
   *
   * @param baseline the entrant whose time the column "speed" divides by each one's
   */
  public Results(String baseline) {
    this.baseline = baseline;
  }

  /** The table. */
  public Table table() {
    return table;
  }

  /**
   * Adds the results of a trial.
   *
   * @param flops floating-point operations of one run
   */
  public void add(
      ArrayNode array, String problem, String part, double flops, int sets, List<Result> results) {
    double reference = median(results, baseline);
    for (Result result : results) {
      double median = result.median();
      boolean timed = result.outcome() instanceof Timed;
      Agreement agreement = result.outcome().agreement();
      table.row(
          problem,
          part,
          result.name(),
          result.algorithm(),
          Format.time(median),
          result.outcome() instanceof Timed measured
              ? Format.percent(measured.times().spread())
              : "-",
          Format.digits(flops / median / 1e9),
          Format.digits(reference / median),
          agreement == null ? "-" : Format.error(agreement.error()),
          timed ? Format.bytes(result.workspaceBytes()) : "-",
          firstLine(result.outcome().reason()));
      json(array.addObject(), problem, part, flops, sets, result, reference);
    }
  }

  /** The median of the entrant of that name; NaN where it has none. */
  public static double median(List<Result> results, String name) {
    return results.stream()
        .filter(result -> result.name().equals(name))
        .mapToDouble(Result::median)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** Adds a result to its node of a document. */
  public static void json(
      ObjectNode node,
      String problem,
      String part,
      double flops,
      int sets,
      Result result,
      double reference) {
    node.put("problem", problem);
    node.put("part", part);
    node.put("contestant", result.name());
    node.put("algorithm", result.algorithm());
    node.put("workspaceBytes", result.workspaceBytes());
    node.put("flops", flops);
    node.put("sets", sets);
    Agreement agreement = result.outcome().agreement();
    if (agreement != null) {
      node.put("checkedPoints", agreement.points());
      ReportFolder.put(node, "error", agreement.error());
      ReportFolder.put(node, "errorOfTolerance", agreement.ofTolerance());
    }
    if (result.outcome() instanceof Timed timed) {
      Times times = timed.times();
      node.put("medianSeconds", times.median());
      node.put("p10Seconds", times.quantile(0.1));
      node.put("p90Seconds", times.quantile(0.9));
      node.put("fastestSeconds", times.quantile(0));
      node.put("samples", times.sorted().length);
      node.put("runsPerSample", times.runsPerSample());
      node.put("flopsPerSecond", flops / times.median());
      ReportFolder.put(node, "speedOfBaseline", reference / times.median());
    } else {
      node.put("remark", result.outcome().reason());
    }
  }

  /** What fits into a cell. */
  public static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
