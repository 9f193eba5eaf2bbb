package dev.azulejo.compare.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.bindings.NativeLibraryException;
import dev.azulejo.compare.gemm.GemmCase;
import dev.azulejo.compare.gemm.GemmComparison;
import dev.azulejo.compare.gemm.GemmOthers;
import dev.azulejo.compare.gemm.GemmReport;
import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code azulejo compare gemm}. */
@Command(
    name = "gemm",
    header = "Matrix products: the ladder, a row a rung.",
    description =
        "Each rung beside other libraries. Column \"of other\": the fastest other's time divided by"
            + " the contestant's.")
final class GemmCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machine;

  @Mixin private AgainstOption against;

  @Mixin private StorageOption storages;

  @Option(
      names = "--shapes",
      paramLabel = "LIST",
      description =
          "A file, or a list of native/shapes: gemm-cpu (default on the CPU) or gemm-standard"
              + " (default elsewhere).")
  private String shapes;

  @Option(
      names = "--peak",
      paramLabel = "GFLOP/S",
      description =
          "What the device can do at most, as its maker says or as it was measured; without it there"
              + " is no part of the peak.")
  private Double peak;

  @Mixin private ReportOptions options;

  @Override
  public Integer call() throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    ReportFolder folder = options.folder();
    try (Device device = machine.open()) {
      Storage storage = storages.storage(against.precision());
      against.check(GemmOthers.names(device.kind(), against.precision(), storage));
      String list = shapes == null ? device.isHost() ? "gemm-cpu" : "gemm-standard" : shapes;
      List<GemmCase> cases = GemmCase.read(list);
      GemmOthers others = others(device, storage, text);
      Environment environment = environment(device, list, storage);
      others.describe(environment);
      text.println(environment);
      ObjectNode document = ReportFolder.document("gemm", environment);
      ArrayNode array = document.putArray("results");
      GemmReport report = new GemmReport(peak == null ? Double.NaN : peak * 1e9);
      GemmComparison comparison = others.comparison(options.effort(device));
      for (GemmCase problem : cases) {
        report.add(array, comparison.run(problem));
        folder.json("gemm", document); // should a device or a time limit end this
        text.print(".");
        text.flush();
      }
      text.println();
      text.print(report.table());
      folder.table("gemm", report.table());
      report.chart(folder, environment);
      text.println("saved in " + options.output());
      text.flush();
    }
    return 0;
  }

  private GemmOthers others(Device device, Storage storage, PrintWriter text) {
    GemmOthers others = new GemmOthers(device, against.precision(), storage);
    var missing = new LinkedHashMap<String, String>();
    for (String name : GemmOthers.names(device.kind(), against.precision(), storage)) {
      if (!against.wants(name)) {
        continue;
      }
      try {
        others.add(name);
      } catch (UncheckedIOException | NativeLibraryException e) {
        if (against.names(name)) {
          throw e;
        }
        missing.merge(e.getMessage(), name, (before, one) -> before + ", " + one);
      }
    }
    missing.forEach((why, names) -> text.println("without " + names + ": " + why));
    return others;
  }

  private Environment environment(Device device, String list, Storage storage) {
    return new Environment(device)
        .add("problems", list)
        .add(
            "layout",
            storage == Storage.F32
                ? "row-major float32, no gaps; alpha 1, beta 0"
                : "row-major BF16, rows at multiples of 8 elements; alpha 1, beta 0")
        .add("precision", against.precision())
        .add("peak", peak == null ? "not given" : peak + " GFLOP/s")
        .add("data", "uniform in [-1, 1), sets that take turns past the last cache")
        .add("clock", Clock.of(device.stream()))
        .add("effort", options.effort(device));
  }
}
