package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.UsageException;
import dev.azulejo.cli.options.DataOptions;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.EngineOption;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.report.EvaluationReport;
import dev.azulejo.data.Dataset;
import dev.azulejo.device.Device;
import dev.azulejo.nn.Network;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code azulejo evaluate}: what a saved network does on the test part of a data set. */
@Command(
    name = "evaluate",
    header = "Measures a saved network on test images.",
    description =
        "Prints the precision, recall and F1 of each class, the confusion matrix, the loss, and as"
            + " the last line the accuracy.")
public final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      defaultValue = RunFiles.DEFAULT_FOLDER + "/" + RunFiles.MODEL,
      description = "The network's file, a model or a checkpoint. Default: ${DEFAULT-VALUE}.")
  private Path model;

  @Mixin private DataOptions data;

  @Mixin private DeviceOptions device;

  @Mixin private EngineOption engine;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "256",
      description = "Images at a time. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Mixin private JsonOption json;

  @Override
  public Integer call() throws IOException {
    if (batch < 1) {
      throw new UsageException("--batch " + batch + ": it must be at least 1");
    }
    data.check();
    json.check();
    PrintWriter text = json.text(spec);
    try (Device opened = device.open(text);
        Network network = Network.load(opened, model)) {
      network.setEngine(engine.open(opened));
      Dataset test = data.load(text).test();
      EvaluationReport report = new EvaluationReport(network.evaluate(test, batch));
      text.println("model: " + model);
      text.println();
      text.println(report.classTable());
      text.println(report.matrix());
      text.println(report.lossLine());
      text.println(report.accuracyLine());
      text.flush();
      ObjectNode document = report.json();
      document.put("model", model.toString());
      document.put("data", data.name());
      document.put("device", DeviceOptions.describe(opened));
      document.put("engine", network.engine().name());
      json.write(spec, document);
    }
    return 0;
  }
}
