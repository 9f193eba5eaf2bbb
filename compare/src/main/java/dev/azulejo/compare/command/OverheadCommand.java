package dev.azulejo.compare.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.overhead.OverheadComparison;
import dev.azulejo.compare.overhead.OverheadComparison.Cost;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.Format;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.report.Table;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code azulejo compare overhead}. */
@Command(
    name = "overhead",
    header = "What a call costs.",
    description =
        "The benchmarks of azulejo jmh in this process: quick, for the order of things. On the CPU"
            + " calls, with one thread; on a GPU operations one by one and as a graph, run from"
            + " Java and from C. JMH, with its forks, is for figures to publish.")
final class OverheadCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private DeviceOption machine;

  @Mixin private ReportOptions options;

  @Override
  public Integer call() throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    ReportFolder folder = options.folder();
    Environment environment;
    DeviceKind kind;
    try (Device device = machine.open()) {
      kind = device.info().kind();
      environment =
          new Environment(device)
              .add("empty call", "azj_abi_version(), OpenBLAS: cblas_isamax() of no numbers")
              .add("clock", "host, around many calls on one thread; no forks")
              .add("effort", options.effort());
    }
    text.println(environment);
    text.flush();
    OverheadComparison comparison = new OverheadComparison(options.effort());
    List<Cost> costs = kind == DeviceKind.CPU ? comparison.calls() : comparison.replays(kind);
    ObjectNode document = ReportFolder.document("overhead", environment);
    ArrayNode array = document.putArray("results");
    Table table = new Table("what", "way", "a call", "spread");
    for (Cost cost : costs) {
      table.row(cost.what(), cost.way(), time(cost.seconds()), Format.percent(cost.spread()));
      ObjectNode node = array.addObject();
      node.put("what", cost.what());
      node.put("way", cost.way());
      node.put("medianSeconds", cost.seconds());
      node.put("spread", cost.spread());
      node.put("samples", cost.samples());
    }
    text.print(table);
    folder.json("overhead", document);
    folder.table("overhead", table);
    text.println("saved in " + options.output());
    text.flush();
    return 0;
  }

  private static String time(double seconds) {
    return seconds < 1e-5
        ? String.format(Locale.ROOT, "%.1f ns", 1e9 * seconds)
        : Format.time(seconds);
  }
}
