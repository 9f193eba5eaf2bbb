package dev.azulejo.compare.conv;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.conv.ConvComparison.Heat;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.report.Charts;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.Format;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.ops.ConvPass;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The fastest of the others against the fastest of ours, shape by shape: above 1 ours is faster.
 */
public final class ConvRatios {
  private final List<String> problems = new ArrayList<>();
  private final Map<ConvPass, List<Double>> ratios = new EnumMap<>(ConvPass.class);

  /** Adds a pass of a problem. */
  public void add(Heat heat) {
    if (!problems.contains(heat.problem().name())) {
      problems.add(heat.problem().name());
    }
    List<Double> column = ratios.computeIfAbsent(heat.pass(), pass -> new ArrayList<>());
    column.add(fastest(heat, false) / fastest(heat, true));
  }

  private static double fastest(Heat heat, boolean ours) {
    return heat.results().stream()
        .filter(result -> result.name().startsWith(ConvComparison.OURS) == ours)
        .mapToDouble(Result::median)
        .filter(Double::isFinite)
        .min()
        .orElse(Double.NaN);
  }

  /** The geometric mean of each pass, in words; nothing where there is nobody to compare with. */
  public String summary() {
    StringBuilder text = new StringBuilder();
    ratios.forEach(
        (pass, column) -> {
          double mean = geometricMean(column);
          if (!Double.isNaN(mean)) {
            text.append(
                "%s: the fastest other takes %s times as long as the fastest of ours (geometric mean of %d shapes)%n"
                    .formatted(name(pass), Format.digits(mean), finite(column)));
          }
        });
    return text.toString();
  }

  /** Adds the means to a document. */
  public void json(ObjectNode document) {
    ObjectNode node = document.putObject("otherTimeByOurTimeGeometricMean");
    ratios.forEach((pass, column) -> ReportFolder.put(node, name(pass), geometricMean(column)));
  }

  /** Draws the ratios; nothing where there is nobody to compare with. */
  public void chart(ReportFolder folder, Environment environment) throws IOException {
    if (ratios.values().stream().allMatch(column -> finite(column) == 0)) {
      return;
    }
    var series = new LinkedHashMap<String, List<Double>>();
    ratios.forEach((pass, column) -> series.put(name(pass), column));
    Charts.bars(
        folder,
        "conv",
        "Convolution on " + environment.facts().get("device name"),
        "time of the fastest other / ours (above 1: ours is faster)",
        problems,
        series);
  }

  private static long finite(List<Double> column) {
    return column.stream().filter(Double::isFinite).count();
  }

  private static double geometricMean(List<Double> column) {
    double mean =
        column.stream()
            .filter(Double::isFinite)
            .mapToDouble(Math::log)
            .average()
            .orElse(Double.NaN);
    return Math.exp(mean);
  }

  private static String name(ConvPass pass) {
    return pass.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
