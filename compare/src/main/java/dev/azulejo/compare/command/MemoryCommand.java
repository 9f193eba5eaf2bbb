package dev.azulejo.compare.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.compare.conv.ConvCase;
import dev.azulejo.compare.memory.NetworkMemory;
import dev.azulejo.compare.memory.UnrollMemory;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.compare.report.Format;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.compare.report.Table;
import dev.azulejo.device.Device;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.engine.Engine;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.ops.Conv2dShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code azulejo compare memory}. */
@Command(
    name = "memory",
    header = "Predicted and used memory; X_unroll with several samples at a time.",
    description =
        "For each network what the memory plan predicts before a byte is allocated, and what then is"
            + " allocated, with our kernels and with others'; and what it costs and brings to unroll"
            + " several samples at a time.")
final class MemoryCommand implements Callable<Integer> {
  private static final List<String> ENGINES = List.of("onednn", "cudnn");
  private static final int CLASSES = 10;

  @Spec private CommandSpec spec;

  @Mixin private MachineOptions machine;

  @Mixin private AgainstOption against;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of a mini-batch. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Mixin private ReportOptions options;

  @Override
  public Integer call() throws IOException {
    PrintWriter text = spec.commandLine().getOut();
    against.check(ENGINES);
    if (batch < 1) {
      throw new ParameterException(
          spec.commandLine(), "--batch " + batch + ": it must be at least 1");
    }
    ReportFolder folder = options.folder();
    try (Device device = machine.open()) {
      Map<String, Engine> engines = new LinkedHashMap<>();
      engines.put("azulejo", Engine.azulejo());
      engines.putAll(against.engines(device, ENGINES, text));
      Environment environment =
          new Environment(device)
              .add("batch", batch)
              .add("precision", against.precision())
              .add("effort", options.effort());
      against.describe(environment, engines);
      text.println(environment);
      ObjectNode document = ReportFolder.document("memory", environment);
      Table networks = networks(device, engines, document.putArray("networks"));
      text.println(networks);
      Table unrolled = unrolled(device, document.putArray("unrolled"));
      text.print(unrolled);
      folder.json("memory", document);
      folder.table("memory-networks", networks);
      folder.table("memory-unroll", unrolled);
      text.println("saved in " + options.output());
      text.flush();
    }
    return 0;
  }

  private Table networks(Device device, Map<String, Engine> engines, ArrayNode array) {
    Table table =
        new Table(
            "network", "run", "engine", "predicted", "used", "workspace", "engine's own", "remark");
    for (String network : Zoo.names()) {
      NetworkSpec description = Zoo.spec(network, Zoo.defaultInput(network), CLASSES);
      engines.forEach(
          (name, engine) -> {
            for (boolean training : new boolean[] {true, false}) {
              String run = training ? "training" : "inference";
              ObjectNode node = array.addObject();
              node.put("network", network).put("run", run).put("engine", name).put("batch", batch);
              try {
                NetworkMemory memory =
                    training
                        ? NetworkMemory.training(device, description, batch, engine)
                        : NetworkMemory.inference(device, description, batch, engine);
                table.row(
                    network,
                    run,
                    name,
                    Format.bytes(memory.predicted()),
                    Format.bytes(memory.actual()),
                    Format.bytes(memory.workspace()),
                    Format.bytes(memory.engine()),
                    memory.predicted() == memory.actual() ? "" : "NOT AS PREDICTED");
                node.put("predictedBytes", memory.predicted());
                node.put("usedBytes", memory.actual());
                node.put("workspaceBytes", memory.workspace());
                node.put("engineBytes", memory.engine());
              } catch (OutOfDeviceMemoryException e) {
                table.row(network, run, name, "-", "-", "-", "-", e.getMessage());
                node.put("remark", e.getMessage());
              }
            }
          });
    }
    return table;
  }

  private Table unrolled(Device device, ArrayNode array) {
    ConvCase problem =
        new ConvCase(
            "vgg_small_2", batch, new Conv2dShape(32, 32, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1));
    Table table =
        new Table("problem", "samples of X_unroll", "workspace", "forward pass", "of one sample's");
    List<UnrollMemory> measured = UnrollMemory.measure(device, problem, options.effort());
    double one =
        measured.stream().filter(way -> way.samples() == 1).findFirst().orElseThrow().seconds();
    for (UnrollMemory way : measured) {
      table.row(
          problem.name(),
          way.samples() == 0 ? "one a thread" : Integer.toString(way.samples()),
          Format.bytes(way.workspaceBytes()),
          Format.time(way.seconds()),
          Format.percent(way.seconds() / one));
      array
          .addObject()
          .put("problem", problem.name())
          .put("batch", batch)
          .put("samplesPerUnroll", way.samples())
          .put("workspaceBytes", way.workspaceBytes())
          .put("forwardSeconds", way.seconds());
    }
    return table;
  }
}
