package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.UsageException;
import dev.azulejo.cli.options.AugmentOption;
import dev.azulejo.cli.options.OptimizerOptions;
import dev.azulejo.cli.report.Json;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Splits;
import dev.azulejo.data.TrainTest;
import dev.azulejo.nn.Network;
import dev.azulejo.train.EarlyStop;
import dev.azulejo.train.Trainer;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How to train. */
public final class TrainOptions {
  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often every training image is seen. Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of a mini-batch. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "42",
      description =
          "Decides the first weights, the order of the images and their augmentation: the same seed,"
              + " device and number of threads give the same bits. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private OptimizerOptions optimizer;

  @Mixin private AugmentOption augment;

  @Option(
      names = "--validation",
      paramLabel = "FRACTION",
      defaultValue = "0",
      description =
          "Keep this fraction of the training images, the same of each class, to measure on after"
              + " each epoch. Default: ${DEFAULT-VALUE}.")
  private double validation;

  @Option(
      names = "--early-stop",
      paramLabel = "EPOCHS",
      description =
          "End when the loss (of the validation part, where there is one) has not improved for so"
              + " many epochs.")
  private Integer earlyStop;

  @Option(
      names = "--until-accuracy",
      paramLabel = "FRACTION",
      description =
          "Measure the test images after each epoch, end with the one in which this fraction of them"
              + " is predicted right, and say how long that took. Not with --validation.")
  private Double untilAccuracy;

  @Option(
      names = "--workers",
      paramLabel = "T",
      defaultValue = "1",
      description =
          "Workers that share each mini-batch and the device's threads. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--report-every",
      paramLabel = "N",
      description =
          "Mini-batches of a GPU between two looks at its losses, which it runs ahead of. A loss that"
              + " is no number ends the run at the next one. Default: 50; the CPU shows each.")
  private Integer reportEvery;

  /** Where the training images are. */
  enum DataPlace {
    /** Copied once, as bytes. */
    device,
    /** Each mini-batch is copied. */
    host
  }

  @Option(
      names = "--data-on",
      paramLabel = "PLACE",
      defaultValue = "device",
      description =
          "Where a GPU takes the images from: device (copied there once, as bytes) or host (each"
              + " mini-batch is copied; for data sets larger than the GPU's memory). The results are"
              + " the same. Default: ${DEFAULT-VALUE}.")
  private DataPlace dataOn;

  @Option(
      names = "--resume",
      paramLabel = "FILE",
      description =
          "Go on from this checkpoint, bit for bit as if there had been no interruption; the other"
              + " options must be the same as before. --epochs counts those before too.")
  private Path resume;

  int batch() {
    return batch;
  }

  long seed() {
    return seed;
  }

  /** The checkpoint to go on from, or null. */
  Path resume() {
    return resume;
  }

  int epochs() {
    return epochs;
  }

  /** What can be found wrong before anything is loaded. */
  void check() {
    atLeast(1, epochs, "--epochs");
    atLeast(1, batch, "--batch");
    atLeast(1, workers, "--workers");
    if (workers > batch) {
      throw new UsageException(
          "--workers " + workers + " for mini-batches of " + batch + " images");
    }
    if (!(validation >= 0 && validation < 1)) {
      throw new UsageException("--validation " + validation + ": a fraction from 0 to below 1");
    }
    if (earlyStop != null) {
      atLeast(1, earlyStop, "--early-stop");
    }
    checkTarget();
    if (reportEvery != null) {
      atLeast(1, reportEvery, "--report-every");
    }
    optimizer.optimizer();
    optimizer.schedule();
  }

  private void checkTarget() {
    if (untilAccuracy == null) {
      return;
    }
    if (!(untilAccuracy > 0 && untilAccuracy <= 1)) {
      throw new UsageException(
          "--until-accuracy " + untilAccuracy + ": a fraction above 0 and at most 1");
    }
    if (validation > 0) {
      throw new UsageException(
          "--until-accuracy measures on the test images, --validation on a part of the training"
              + " images; leave one of them out");
    }
  }

  /**
   * What a run works with.
   *
   * @param train what is learned from
   * @param validation what is measured on after each epoch; null for nothing
   */
  record Parts(Dataset train, Dataset validation) {}

  /** Cuts the training part as asked for, or takes the test part to measure on. */
  Parts split(TrainTest data) {
    Dataset all = data.train();
    if (validation == 0) {
      return new Parts(all, untilAccuracy == null ? null : data.test());
    }
    Splits splits = UsageException.check(() -> Splits.stratified(all, validation, 0, seed));
    if (splits.validation().size() == 0) {
      throw new UsageException(
          "--validation " + validation + " of " + all.size() + " images leaves none to measure on");
    }
    return new Parts(splits.train(), splits.validation());
  }

  /** A trainer with these settings, without listeners. */
  Trainer trainer(Network network, Parts parts) {
    Trainer trainer =
        Trainer.of(network)
            .optimizer(optimizer.optimizer())
            .schedule(optimizer.schedule())
            .batchSize(batch)
            .workers(workers)
            .seed(seed)
            .residentData(dataOn == DataPlace.device)
            .augment(augment.transform(parts.train().shape()));
    if (parts.validation() != null) {
      trainer.validation(parts.validation());
    }
    if (earlyStop != null) {
      trainer.earlyStop(EarlyStop.patience(earlyStop));
    }
    if (untilAccuracy != null) {
      trainer.untilAccuracy(untilAccuracy);
    }
    if (reportEvery != null) {
      trainer.reportEvery(reportEvery);
    }
    return resume == null ? trainer : trainer.resume(resume);
  }

  /** The settings, a line. */
  String describe(Parts parts) {
    StringBuilder text = new StringBuilder();
    text.append(epochs).append(epochs == 1 ? " epoch" : " epochs").append(", batch ").append(batch);
    text.append(", ").append(optimizer.optimizer().describe());
    text.append(", schedule ").append(optimizer.scheduleText());
    if (augment.isGiven()) {
      text.append(", augment ").append(augment.text());
    }
    if (untilAccuracy != null) {
      text.append(", until ").append(100 * untilAccuracy).append(" % of the test images are right");
    } else if (parts.validation() != null) {
      text.append(", ").append(parts.validation().size()).append(" images for validation");
    }
    if (workers > 1) {
      text.append(", ").append(workers).append(" workers");
    }
    return text.append(", seed ").append(seed).toString();
  }

  /** The settings for programs. */
  ObjectNode json() {
    ObjectNode node = Json.object();
    node.put("epochs", epochs);
    node.put("batch", batch);
    node.put("seed", seed);
    node.put("optimizer", optimizer.optimizer().describe());
    node.put("schedule", optimizer.scheduleText());
    node.put("augment", augment.text());
    node.put("validation", validation);
    if (untilAccuracy != null) {
      node.put("untilAccuracy", untilAccuracy);
    }
    node.put("workers", workers);
    return node;
  }

  private static void atLeast(int least, int value, String option) {
    if (value < least) {
      throw new UsageException(option + " " + value + ": it must be at least " + least);
    }
  }
}
