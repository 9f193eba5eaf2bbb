package dev.azulejo.compare.gemm;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.azulejo.compare.gemm.GemmComparison.Heat;
import dev.azulejo.compare.measure.Agreement;
import dev.azulejo.compare.measure.Outcome.Timed;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.report.Charts;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.Format;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.report.Results;
import dev.azulejo.compare.report.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The ladder: rates as parts of the fastest other's and of the device's peak. */
public final class GemmReport {
  private final Table table =
      new Table(
          "problem",
          "m x n x k",
          "contestant",
          "algorithm",
          "median",
          "spread",
          "GFLOP/s",
          "of other",
          "of peak",
          "error",
          "remark");
  private final double peak;
  private final List<String> categories = new ArrayList<>();
  private final Map<String, List<Double>> parts = new LinkedHashMap<>();

  /**
   * An empty report.
   *
   * @param peak FLOP/s that the device can do at most; NaN where nobody has said
   */
  public GemmReport(double peak) {
    this.peak = peak;
  }

  /** The table. */
  public Table table() {
    return table;
  }

  /** Adds the results of a problem, also to a document. */
  public void add(ArrayNode array, Heat heat) {
    GemmCase problem = heat.problem();
    double other = fastestOther(heat.results());
    categories.add(problem.name());
    for (Result result : heat.results()) {
      double rate = problem.flops() / result.median();
      Agreement agreement = result.outcome().agreement();
      table.row(
          problem.name(),
          problem.sizes(),
          result.name(),
          result.algorithm(),
          Format.time(result.median()),
          result.outcome() instanceof Timed timed ? Format.percent(timed.times().spread()) : "-",
          Format.digits(rate / 1e9),
          Format.percent(other / result.median()),
          Format.percent(rate / peak),
          agreement == null ? "-" : Format.error(agreement.error()),
          Results.firstLine(result.outcome().reason()));
      Results.json(
          array.addObject(),
          problem.name(),
          problem.sizes(),
          problem.flops(),
          heat.sets(),
          result,
          other);
      if (result.name().startsWith(GemmComparison.OURS)) {
        parts
            .computeIfAbsent(result.name(), name -> new ArrayList<>())
            .add(100 * (Double.isNaN(other) ? rate / peak : other / result.median()));
      }
    }
  }

  /**
   * Draws the ladder in percent of the fastest other, or of the peak where there is no other;
   * nothing where there is neither.
   */
  public void chart(ReportFolder folder, Environment environment) throws IOException {
    parts.values().removeIf(values -> values.stream().allMatch(value -> value.isNaN()));
    if (!parts.isEmpty()) {
      Charts.bars(
          folder,
          "gemm",
          "Matrix products on " + environment.facts().get("device name"),
          "rate, % of the fastest other (of the peak, where there is none)",
          categories,
          parts);
    }
  }

  private static double fastestOther(List<Result> results) {
    return results.stream()
        .filter(result -> !result.name().startsWith(GemmComparison.OURS))
        .mapToDouble(Result::median)
        .filter(Double::isFinite)
        .min()
        .orElse(Double.NaN);
  }
}
