package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.UsageException;
import dev.azulejo.cli.options.DataOptions;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.EngineOption;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.options.NetworkOption;
import dev.azulejo.cli.report.EvaluationReport;
import dev.azulejo.cli.report.LearningCurve;
import dev.azulejo.cli.report.Metrics;
import dev.azulejo.cli.report.Progress;
import dev.azulejo.cli.report.Terminal;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.TrainTest;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.nn.Evaluation;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import dev.azulejo.train.Trainer;
import dev.azulejo.train.TrainingHistory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code azulejo train}: data and a description in, a trained network and its learning curve out.
 */
@Command(
    name = "train",
    header = "Trains a network and measures it on test images.",
    description =
        "Without options: a small convolutional network on Fashion-MNIST, a few minutes on two cores.",
    footer = {
      "",
      "Ctrl-C saves a checkpoint after the mini-batch under way, says how to go on, and ends with exit"
          + " code 130. The last line of a finished run is \"Test accuracy: NN.NN %%\"."
    })
public final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Mixin private NetworkOption network;

  @Mixin private DeviceOptions device;

  @Mixin private EngineOption engine;

  @Mixin private TrainOptions options;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = RunFiles.DEFAULT_FOLDER,
      description =
          "Folder for model.safetensors, checkpoint.safetensors, learning-curve.png and .svg, and"
              + " metrics.json; files of an earlier run are replaced. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Mixin private JsonOption json;

  @Override
  public Integer call() throws IOException {
    options.check();
    data.check();
    network.check();
    RunFiles files = new RunFiles(out);
    files.check();
    json.check();
    PrintWriter text = json.text(spec);
    try (Device opened = device.open(text)) {
      Engine chosen = engine.open(opened);
      TrainTest loaded = data.load(text);
      TrainOptions.Parts parts = options.split(loaded);
      try (Network made = network(opened, parts.train())) {
        made.setEngine(chosen);
        text.println("network: " + networkName() + ", engine " + chosen.name());
        text.println(made.summary(Math.min(options.batch(), parts.train().size())));
        text.println("training: " + options.describe(parts));
        text.flush();
        Metrics metrics = new Metrics(settings(made));
        TrainingHistory history = fit(made, parts, files, metrics, text);
        if (history == null) {
          return StopRequest.EXIT_CODE;
        }
        finish(made, history, loaded.test(), files, metrics, text);
        return 0;
      }
    }
  }

  /** Trains; null if a signal ended it, and what was reached is saved. */
  private TrainingHistory fit(
      Network made, TrainOptions.Parts parts, RunFiles files, Metrics metrics, PrintWriter text)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Trainer trainer = options.trainer(made, parts);
    try (StopRequest stop = new StopRequest()) {
      TrainingHistory history;
      try (Progress progress = Progress.of(Terminal.ofProcess(), text, err)) {
        trainer.listener(progress).listener(new Saver(trainer, files, metrics, json, stop));
        history = trainer.fit(parts.train(), options.epochs());
      } catch (RuntimeException e) {
        if (stop.isRequested()) {
          // The process ends as soon as the request is closed: nobody else would get to say it.
          err.println("azulejo: stopped, and not saved: " + e.getMessage());
          err.flush();
        }
        throw e;
      }
      metrics.epochs(history.epochs());
      // A signal after the last mini-batch counts too: the process will not live to measure and
      // save the model.
      if (history.stopped() || stop.isRequested()) {
        metrics.ended("stopped by a signal");
        Saver.write(files, metrics, json);
        json.write(spec, metrics.document());
        err.println("stopped; the run is saved. To go on: " + resumeCommand(files));
        err.flush();
        return null;
      }
      return history;
    }
  }

  /** Saves the model, measures it, and says how it went. */
  private void finish(
      Network made,
      TrainingHistory history,
      Dataset test,
      RunFiles files,
      Metrics metrics,
      PrintWriter text)
      throws IOException {
    history.earlyStop().ifPresent(why -> text.println("early stop: " + why));
    history.earlyStop().ifPresent(metrics::ended);
    text.printf(Locale.ROOT, "training time: %.3f s, without set-up%n", history.seconds());
    metrics.took(history.seconds());
    made.save(files.model());
    Evaluation evaluation = made.evaluate(test);
    drawCurve(history, evaluation, files, text);
    EvaluationReport report = new EvaluationReport(evaluation);
    metrics.test(report);
    Saver.write(files, metrics, json);
    text.println("model: " + files.model());
    text.println("metrics: " + files.metrics());
    text.println();
    text.print(report.classTable());
    String worst = report.worst(3);
    text.print(worst.isEmpty() ? "" : "most frequent mistakes: " + worst + System.lineSeparator());
    text.println(report.lossLine());
    text.println(report.accuracyLine());
    text.flush();
    json.write(spec, metrics.document());
  }

  /** A new network, or that of the checkpoint to go on from. */
  private Network network(Device opened, Dataset training) throws IOException {
    if (options.resume() == null) {
      return Network.create(opened, network.spec(training), options.seed());
    }
    Network resumed = Network.load(opened, options.resume());
    try {
      resumed.checkData(training);
      checkSame(resumed.spec(), training);
      return resumed;
    } catch (IOException | RuntimeException e) {
      resumed.close();
      throw e;
    }
  }

  /** A checkpoint brings its network along; another one that is named besides would be ignored. */
  private void checkSame(NetworkSpec resumed, Dataset training) throws IOException {
    if (network.isGiven()
        && !network.spec(training.shape(), training.classes()).layers().equals(resumed.layers())) {
      throw new UsageException(
          options.resume()
              + " is a checkpoint of another network than --network "
              + network.name()
              + ":"
              + System.lineSeparator()
              + NetworkText.format(resumed)
              + "leave out --network to go on with it");
    }
  }

  private String networkName() {
    return options.resume() == null || network.isGiven()
        ? network.name()
        : "from " + options.resume();
  }

  /** The model is worth more than its picture: without fonts the run goes on, and says so. */
  private void drawCurve(
      TrainingHistory history, Evaluation test, RunFiles files, PrintWriter text) {
    String title = networkName() + " on " + data.name();
    try {
      LearningCurve.write(title, history.epochs(), test, files.curvePng(), files.curveSvg());
      text.println("learning curve: " + files.curvePng() + ", " + files.curveSvg());
    } catch (IOException e) {
      spec.commandLine().getErr().println("azulejo: " + e.getMessage());
      spec.commandLine().getErr().flush();
    }
  }

  private ObjectNode settings(Network made) {
    ObjectNode settings = options.json();
    settings.put("data", data.name());
    settings.put("network", NetworkText.format(made.spec()));
    settings.put("device", DeviceOptions.describe(made.device()));
    settings.put("engine", made.engine().name());
    return settings;
  }

  /** What the user typed, with the checkpoint to go on from. */
  private String resumeCommand(RunFiles files) {
    return Resume.command(spec.commandLine().getParseResult().originalArgs(), files.checkpoint());
  }
}
