package dev.azulejo.compare.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.training.Entry;
import dev.azulejo.compare.training.TrainingComparison;
import dev.azulejo.compare.training.TrainingReport;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Engines;
import dev.azulejo.engine.Precision;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.train.Sgd;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code azulejo compare training}. */
@Command(
    name = "training",
    header = "Whole training steps and predictions.",
    description =
        "The same network, initial weights, mini-batches (drawn digits) and optimiser (SGD with"
            + " momentum) by everybody; PyTorch runs in this process, through DJL. Column \"speed\":"
            + " azulejo's time divided by the contestant's. --against one-thread: ours by one thread"
            + " of the CPU, only where it is named.")
final class TrainingCommand implements Callable<Integer> {
  private static final List<String> ENGINES = List.of("onednn", "cudnn");
  private static final List<String> KNOWN =
      List.of("onednn", "cudnn", TrainingComparison.PYTORCH, TrainingComparison.ONE_THREAD);
  private static final int CLASSES = 10;
  private static final float MOMENTUM = 0.9f;

  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machine;

  @Mixin private AgainstOption against;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      split = ",",
      defaultValue = "lenet5,mnist-cnn,vgg-small",
      description = "Networks, separated by commas. Default: ${DEFAULT-VALUE}.")
  private List<String> networks;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of a mini-batch. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "48",
      description = "Steps of the loss curve. Default: ${DEFAULT-VALUE}.")
  private int steps;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "0.01",
      description = "Learning rate. Default: ${DEFAULT-VALUE}.")
  private float rate;

  @Mixin private ReportOptions options;

  @Override
  public Integer call() throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    check();
    ReportFolder folder = options.folder();
    try (Device device = machine.open()) {
      Map<String, Engine> engines = new LinkedHashMap<>();
      engines.put(TrainingComparison.OURS, Engine.azulejo());
      ours(device).ifPresent(engine -> engines.put(engine.name(), engine));
      engines.putAll(against.engines(device, ENGINES, text));
      Set<String> others = others(device);
      TrainingReport report = new TrainingReport(batch);
      var reports = new ArrayList<List<Entry>>();
      for (String network : networks) {
        NetworkSpec description = Zoo.spec(network, Zoo.defaultInput(network), CLASSES);
        var comparison =
            new TrainingComparison(
                device,
                description,
                Sgd.rate(rate).momentum(MOMENTUM),
                batch,
                steps,
                against.precision(),
                options.effortOfSteps());
        List<Entry> entries = comparison.run(engines, others);
        reports.add(entries);
        report.add(network, entries);
        text.print(".");
        text.flush();
      }
      text.println();
      Environment environment = against.describe(environment(device), engines);
      text.println(environment);
      text.print(report.table());
      ObjectNode document = ReportFolder.document("training", environment);
      ArrayNode array = document.putArray("results");
      for (int i = 0; i < reports.size(); i++) {
        TrainingReport.json(array, networks.get(i), batch, reports.get(i));
        TrainingReport.curves(folder, networks.get(i), reports.get(i));
      }
      folder.json("training", document);
      folder.table("training", report.table());
      report.chart(folder, environment);
      text.println("saved in " + options.output());
      text.flush();
    }
    return 0;
  }

  private Set<String> others(Device device) {
    var others = new HashSet<String>();
    if (against.names(TrainingComparison.PYTORCH)
        || device.isHost() && against.wants(TrainingComparison.PYTORCH)) {
      others.add(TrainingComparison.PYTORCH);
    }
    if (against.names(TrainingComparison.ONE_THREAD)) {
      if (!device.isHost() || device.stream().threads() == 1) {
        throw new ParameterException(
            spec.commandLine(),
            "--against one-thread: that is for the CPU with two threads or more, not for "
                + (device.isHost() ? "one" : device.kind()));
      }
      others.add(TrainingComparison.ONE_THREAD);
    }
    return others;
  }

  /** Our engine of the precision asked for, where it is another and the device has it. */
  private Optional<Engine> ours(Device device) {
    Precision precision = against.precision();
    ConvAlgorithm proof =
        precision == Precision.BF16 ? ConvAlgorithm.HOPPER_BF16 : ConvAlgorithm.IMPLICIT_GEMM_TF32;
    return precision == Precision.FP32 || !proof.runsOn(device.info())
        ? Optional.empty()
        : Optional.of(
            Engines.named(TrainingComparison.OURS + ":" + precision, device.info().kind()));
  }

  private void check() {
    against.check(KNOWN);
    for (String network : networks) {
      if (!Zoo.names().contains(network)) {
        throw new ParameterException(
            spec.commandLine(),
            "unknown network \"%s\"; there are %s"
                .formatted(network, String.join(", ", Zoo.names())));
      }
    }
    if (batch < 1 || steps < 1 || !(rate > 0)) {
      throw new ParameterException(
          spec.commandLine(),
          "--batch %d, --steps %d, --rate %s: each must be positive".formatted(batch, steps, rate));
    }
  }

  private Environment environment(Device device) {
    return new Environment(device)
        .add("pytorch", TrainingComparison.torchVersion() + " through DJL, from its jars")
        .add("data", "drawn digits (Glyphs), 16 mini-batches in host memory")
        .add("optimiser", "SGD, momentum " + MOMENTUM + ", rate " + rate)
        .add("layout", "NCHW")
        .add("precision", against.precision())
        .add("reference", "PyTorch in float64: first outputs, and the weights after 5 steps")
        .add("timed", "from images in host memory to updated weights, or to outputs in host memory")
        .add("effort", options.effortOfSteps());
  }
}
