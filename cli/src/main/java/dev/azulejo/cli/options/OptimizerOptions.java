package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.train.Adam;
import dev.azulejo.train.LearningRateSchedule;
import dev.azulejo.train.Optimizer;
import dev.azulejo.train.Sgd;
import picocli.CommandLine.Option;

/** How the weights are changed. */
public final class OptimizerOptions {
  private static final float SGD_RATE = 0.02f;
  private static final float SGD_MOMENTUM = 0.9f;
  private static final float ADAM_RATE = 0.001f;

  /** The kinds, as they are written. */
  private enum Kind {
    sgd,
    adam
  }

  @Option(
      names = "--optimizer",
      paramLabel = "KIND",
      defaultValue = "adam",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Kind optimizer;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Learning rate. Default: " + SGD_RATE + " for sgd, " + ADAM_RATE + " for adam.")
  private Float rate;

  @Option(
      names = "--momentum",
      paramLabel = "M",
      description = "Of sgd, 0 to below 1. Default: " + SGD_MOMENTUM + ".")
  private Float momentum;

  @Option(names = "--nesterov", description = "Nesterov's form of the momentum of sgd.")
  private boolean nesterov;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      defaultValue = "0",
      description =
          "Pulls the weights towards 0; with adam apart from the gradient (AdamW)."
              + " Default: ${DEFAULT-VALUE}.")
  private float weightDecay;

  @Option(
      names = "--schedule",
      paramLabel = "KIND",
      defaultValue = "cosine",
      description =
          "Of the learning rate over the run: constant, cosine, or step:EPOCHS,FACTOR (multiplied by"
              + " FACTOR after every EPOCHS). Default: ${DEFAULT-VALUE}.")
  private String schedule;

  @Option(
      names = "--warmup",
      paramLabel = "EPOCHS",
      defaultValue = "0",
      description = "The rate rises from 0 over so many epochs first, such as 0.5. Default: 0.")
  private double warmup;

  /** The optimiser asked for. */
  public Optimizer optimizer() {
    if (optimizer == Kind.adam && (momentum != null || nesterov)) {
      throw new UsageException(
          "--momentum and --nesterov are for --optimizer sgd; adam has its own");
    }
    return UsageException.check(optimizer == Kind.adam ? this::adam : this::sgd);
  }

  /** The schedule asked for. */
  public LearningRateSchedule schedule() {
    return UsageException.check(
        () -> {
          LearningRateSchedule base = baseSchedule();
          return warmup == 0 ? base : LearningRateSchedule.warmup(warmup, base);
        });
  }

  /** The schedule in words. */
  public String scheduleText() {
    return schedule + (warmup == 0 ? "" : " after a warm-up of " + warmup + " epochs");
  }

  private Optimizer sgd() {
    Sgd sgd =
        Sgd.rate(rate == null ? SGD_RATE : rate)
            .momentum(momentum == null ? SGD_MOMENTUM : momentum)
            .weightDecay(weightDecay);
    return nesterov ? sgd.nesterov() : sgd;
  }

  private Optimizer adam() {
    Adam adam = Adam.rate(rate == null ? ADAM_RATE : rate);
    return weightDecay == 0 ? adam : adam.weightDecay(weightDecay).decoupled();
  }

  private LearningRateSchedule baseSchedule() {
    String[] parts = schedule.split("[:,]");
    if (parts.length == 1 && parts[0].equals("constant")) {
      return LearningRateSchedule.constant();
    }
    if (parts.length == 1 && parts[0].equals("cosine")) {
      return LearningRateSchedule.cosine();
    }
    try {
      if (parts.length == 3 && parts[0].equals("step")) {
        return LearningRateSchedule.stepDecay(
            Integer.parseInt(parts[1]), Double.parseDouble(parts[2]));
      }
    } catch (NumberFormatException e) {
      // Said below, together with what would be right.
    }
    throw new UsageException(
        "unknown schedule \""
            + schedule
            + "\"; there are constant, cosine, and step:EPOCHS,FACTOR such as step:2,0.5");
  }
}
