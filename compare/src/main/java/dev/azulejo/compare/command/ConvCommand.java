package dev.azulejo.compare.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.conv.ConvCase;
import dev.azulejo.compare.conv.ConvComparison;
import dev.azulejo.compare.conv.ConvComparison.Heat;
import dev.azulejo.compare.conv.ConvRatios;
import dev.azulejo.compare.measure.Clock;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.report.Results;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.ConvPass;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code azulejo compare conv}. */
@Command(
    name = "conv",
    header = "Convolutions, forward and both gradients.",
    description =
        "Each of our algorithms beside other libraries, on NCHW tensors of float32 without bias or"
            + " activation. Column \"speed\": azulejo auto's time divided by the contestant's.")
final class ConvCommand implements Callable<Integer> {
  private static final List<String> ENGINES = List.of("onednn", "cudnn");

  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machine;

  @Mixin private AgainstOption against;

  @Mixin private StorageOption storages;

  @Option(
      names = "--shapes",
      paramLabel = "LIST",
      description =
          "A file, or a list of native/shapes: conv-cpu (default on the CPU, a minute) or"
              + " conv-standard (default elsewhere).")
  private String shapes;

  @Option(
      names = "--pass",
      paramLabel = "PASS",
      split = ",",
      defaultValue = "forward,grad_input,grad_weights",
      description = "${COMPLETION-CANDIDATES}. Default: all three.")
  private List<ConvPass> passes;

  @Option(
      names = "--layout",
      paramLabel = "LAYOUT",
      defaultValue = "preferred",
      description =
          "nchw: everybody takes and gives NCHW, and what it costs others to reorder is their time."
              + " preferred: the same, and beside it those who like another layout also without the"
              + " reorders. Default: ${DEFAULT-VALUE}.")
  private Layout layout;

  /** In which layouts is measured, as they are written. */
  private enum Layout {
    nchw,
    preferred
  }

  @Mixin private ReportOptions options;

  @Override
  public Integer call() throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    Storage storage = storages.storage(against.precision());
    List<String> known = storage == Storage.F32 ? ENGINES : List.of("cudnn");
    against.check(known);
    ReportFolder folder = options.folder();
    try (Device device = machine.open()) {
      String list = shapes == null ? device.isHost() ? "conv-cpu" : "conv-standard" : shapes;
      List<ConvCase> cases = ConvCase.read(list);
      Map<String, Engine> engines = against.engines(device, known, text);
      var comparison =
          new ConvComparison(
              device,
              against.precision(),
              storage,
              engines,
              layout == Layout.preferred,
              options.effort(device));
      Environment environment = against.describe(environment(device, list, storage), engines);
      text.println(environment);
      ObjectNode document = ReportFolder.document("conv", environment);
      ArrayNode array = document.putArray("results");
      Results results = new Results(ConvComparison.AUTO);
      ConvRatios ratios = new ConvRatios();
      for (ConvCase problem : cases) {
        for (ConvPass pass : passes) {
          Heat heat = comparison.run(problem, pass);
          String part = pass.name().toLowerCase(Locale.ROOT).replace('_', ' ');
          results.add(array, problem.name(), part, problem.flops(), heat.sets(), heat.results());
          ratios.add(heat);
          text.print(".");
          text.flush();
        }
        // What is measured is saved, should a device or a time limit end this.
        ratios.json(document);
        folder.json("conv", document);
      }
      text.println();
      text.print(results.table());
      text.print(ratios.summary());
      folder.table("conv", results.table());
      ratios.chart(folder, environment);
      text.println("saved in " + options.output());
      text.flush();
    }
    return 0;
  }

  private Environment environment(Device device, String list, Storage storage) {
    return new Environment(device)
        .add("problems", list)
        .add(
            "layout",
            storage == Storage.F32
                ? "NCHW; \"blocked\": operands already in the layout oneDNN likes best"
                : "BF16 with channels last, rounded up to multiples of 8; gradients to weights"
                    + " float32")
        .add("precision", against.precision())
        .add("bias", "none")
        .add("epilogue", "none")
        .add("FLOP rule", "2 a product; taps on the padding are not counted")
        .add("data", "uniform in [-1, 1), sets that take turns past the last cache")
        .add("clock", Clock.of(device.stream()))
        .add("effort", options.effort(device));
  }
}
