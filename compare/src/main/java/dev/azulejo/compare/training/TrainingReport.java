package dev.azulejo.compare.training;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.measure.Times;
import dev.azulejo.compare.report.Charts;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.Format;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.report.Table;
import dev.azulejo.compare.training.Entry.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Entries of the comparison as a table, JSON and charts. */
public final class TrainingReport {
  private final Table table =
      new Table(
          "network",
          "part",
          "contestant",
          "median",
          "spread",
          "images/s",
          "speed",
          "output error",
          "weight error",
          "last loss",
          "resident peak",
          "remark");
  private final int batch;
  private final List<String> categories = new ArrayList<>();
  private final Map<String, List<Double>> rates = new LinkedHashMap<>();

  /** No entries yet, of mini-batches of this size. */
  public TrainingReport(int batch) {
    this.batch = batch;
  }

  /** The table. */
  public Table table() {
    return table;
  }

  /** Adds the entries of a network. */
  public void add(String network, List<Entry> entries) {
    for (Part part : Part.values()) {
      categories.add(network + ", " + name(part));
      double ours = median(entries.getFirst(), part);
      for (Entry entry : entries) {
        double median = median(entry, part);
        double rate = images(part) / median;
        Times times = entry.times().get(part);
        table.row(
            network,
            name(part),
            entry.name(),
            Format.time(median),
            times == null ? "-" : Format.percent(times.spread()),
            Double.isNaN(rate) ? "-" : String.format(Locale.ROOT, "%,.0f", rate),
            Format.digits(ours / median),
            Format.error(entry.outputError()),
            Format.error(entry.weightError()),
            entry.losses().length == 0
                ? "-"
                : Format.digits(entry.losses()[entry.losses().length - 1]),
            entry.residentPeak().isPresent() ? Format.bytes(entry.residentPeak().getAsLong()) : "-",
            entry.disagreement());
        rates
            .computeIfAbsent(entry.name(), name -> new ArrayList<>())
            .add(Double.isNaN(ours / median) ? 0 : ours / median);
      }
    }
  }

  /** Adds the entries of a network to a document. */
  public static void json(ArrayNode array, String network, int batch, List<Entry> entries) {
    for (Entry entry : entries) {
      ObjectNode node = array.addObject();
      node.put("network", network);
      node.put("batch", batch);
      node.put("contestant", entry.name());
      node.put("algorithm", entry.algorithm());
      ReportFolder.put(node, "outputError", entry.outputError());
      ReportFolder.put(node, "weightError", entry.weightError());
      entry.residentPeak().ifPresent(bytes -> node.put("residentPeakBytes", bytes));
      if (!entry.disagreement().isEmpty()) {
        node.put("remark", entry.disagreement());
      }
      entry.times().forEach((part, times) -> times(node, part, batch, times));
      ArrayNode losses = node.putArray("losses");
      for (double loss : entry.losses()) {
        losses.add(loss);
      }
    }
  }

  private static void times(ObjectNode node, Part part, int batch, Times times) {
    ObjectNode one = node.putObject(part.name().toLowerCase(Locale.ROOT));
    one.put("medianSeconds", times.median());
    one.put("p10Seconds", times.quantile(0.1));
    one.put("p90Seconds", times.quantile(0.9));
    one.put("fastestSeconds", times.quantile(0));
    one.put("samples", times.sorted().length);
    one.put("runsPerSample", times.runsPerSample());
    one.put("imagesPerSecond", (part == Part.LATENCY ? 1 : batch) / times.median());
  }

  /** Draws the loss curves of a network, one over the other. */
  public static void curves(ReportFolder folder, String network, List<Entry> entries)
      throws IOException {
    var series = new LinkedHashMap<String, double[]>();
    for (Entry entry : entries) {
      if (entry.losses().length > 0) {
        series.put(entry.name(), entry.losses());
      }
    }
    if (!series.isEmpty()) {
      String title = network + ": the same weights and mini-batches";
      Charts.lines(folder, "training-" + network + "-loss", title, "step", "mean loss", series);
    }
  }

  /** Draws the speeds, those of ours being 1. */
  public void chart(ReportFolder folder, Environment environment) throws IOException {
    Charts.bars(
        folder,
        "training",
        "Training and inference on " + environment.facts().get("device name"),
        "images/s, those of azulejo = 1",
        Collections.unmodifiableList(categories),
        rates);
  }

  private static double median(Entry entry, Part part) {
    Times times = entry.times().get(part);
    return times == null ? Double.NaN : times.median();
  }

  private int images(Part part) {
    return part == Part.LATENCY ? 1 : batch;
  }

  private String name(Part part) {
    return switch (part) {
      case TRAINING -> "training, batch " + batch;
      case INFERENCE -> "inference, batch " + batch;
      case LATENCY -> "inference, batch 1";
    };
  }
}
