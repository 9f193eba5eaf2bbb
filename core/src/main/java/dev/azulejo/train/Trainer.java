package dev.azulejo.train;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Transform;
import dev.azulejo.nn.Evaluator;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Trains a network on a data set by mini-batch gradient descent, the data shuffled in every epoch
 * (Algorithm 1, row T5).
 *
 * <p>On a device other than the host the data set is copied there once and each step is one native
 * call ({@link #residentData}, {@link #recordedSteps}); the log says at INFO what a run does and
 * why. Order, augmentation and normalisation are those of the CPU, bit for bit.
 *
 * <p>Settings come first, then {@link #fit}. The same settings, seed, device and thread count give
 * the same bits, also across a {@link #save} and {@link #resume}.
 *
 * <p>Threads: belongs to the thread that opened the network's device; {@link #stop} may be called
 * from any.
 */
public final class Trainer {
  private static final int EVALUATION_BATCH = 256;

  private final Network network;
  private Optimizer optimizer = Sgd.rate(0.05f).momentum(0.9f);
  private Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
  private LearningRateSchedule schedule = LearningRateSchedule.constant();
  private Transform augmentation = Transform.identity();
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Dataset validation;
  private EarlyStop earlyStop;
  private double targetAccuracy = Double.POSITIVE_INFINITY;
  private int batchSize = 64;
  private int workers = 1;
  private int reportEvery = 50;
  private boolean residentData = true;
  private boolean recordedSteps = true;
  private long seed = 42;
  private Path resumeFrom;
  private volatile boolean stopping;
  private TrainingRun run;

  private Trainer(Network network) {
    this.network = Objects.requireNonNull(network, "network");
  }

  /**
   * A trainer with plain settings: SGD 0.05 with momentum 0.9, softmax cross-entropy, mini-batches
   * of 64.
   */
  public static Trainer of(Network network) {
    return new Trainer(network);
  }

  /** How the weights are updated. */
  public Trainer optimizer(Optimizer value) {
    optimizer = Objects.requireNonNull(value, "optimizer");
    return this;
  }

  /** Samples of a mini-batch, at least 1. */
  public Trainer batchSize(int value) {
    if (value < 1) {
      throw new IllegalArgumentException("batch size must be at least 1, was " + value);
    }
    batchSize = value;
    return this;
  }

  /** What is made small. */
  public Trainer loss(Loss value) {
    loss = Objects.requireNonNull(value, "loss");
    return this;
  }

  /** How the learning rate changes. */
  public Trainer schedule(LearningRateSchedule value) {
    schedule = Objects.requireNonNull(value, "schedule");
    return this;
  }

  /** Changes to each training sample, before the network's own normalisation. */
  public Trainer augment(Transform value) {
    augmentation = Objects.requireNonNull(value, "augmentation");
    return this;
  }

  /** A data set to measure on after every epoch. */
  public Trainer validation(Dataset value) {
    network.checkData(value);
    validation = value;
    return this;
  }

  /** When to end before the last epoch. */
  public Trainer earlyStop(EarlyStop value) {
    earlyStop = Objects.requireNonNull(value, "earlyStop");
    return this;
  }

  /**
   * Ends after the epoch whose accuracy on the {@link #validation} set reaches this; {@link
   * TrainingHistory#seconds} is how long that took.
   *
   * @param value above 0 and at most 1
   */
  public Trainer untilAccuracy(double value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "the accuracy to reach must be above 0 and at most 1, was " + value);
    }
    targetAccuracy = value;
    return this;
  }

  /** Somebody to tell how it goes; may be called several times. */
  public Trainer listener(TrainingListener value) {
    listeners.add(Objects.requireNonNull(value, "listener"));
    return this;
  }

  /**
   * How many workers share each mini-batch (row T13); 1 leaves it to the threads of the device's
   * stream.
   */
  public Trainer workers(int value) {
    if (value < 1) {
      throw new IllegalArgumentException("workers must be at least 1, was " + value);
    }
    workers = value;
    return this;
  }

  /**
   * Mini-batches between two reports of a device that runs ahead of the host, at least 1; an
   * epoch's last mini-batch is always reported. Only then are the losses read: a loss that is no
   * number ends the run at the next report. The CPU, and several workers, report every mini-batch.
   */
  public Trainer reportEvery(int miniBatches) {
    if (miniBatches < 1) {
      throw new IllegalArgumentException(
          "reports must be at least 1 mini-batch apart, was " + miniBatches);
    }
    reportEvery = miniBatches;
    return this;
  }

  /**
   * Whether a device keeps a copy of data sets that are bytes in memory, and gathers the
   * mini-batches itself; otherwise they are copied from the host. The same bits either way. The CPU
   * needs no copy.
   */
  public Trainer residentData(boolean value) {
    residentData = value;
    return this;
  }

  /**
   * Whether a device's steps are recorded as a graph and then run by one call each; otherwise their
   * operations are called one by one, for layers that cannot be recorded. The same bits either way.
   */
  public Trainer recordedSteps(boolean value) {
    recordedSteps = value;
    return this;
  }

  /** Decides the order of the samples and their augmentation. */
  public Trainer seed(long value) {
    seed = value;
    return this;
  }

  /**
   * The next {@link #fit} goes on from a checkpoint; the settings must be those it was written
   * with.
   */
  public Trainer resume(Path checkpoint) {
    resumeFrom = Objects.requireNonNull(checkpoint, "checkpoint");
    return this;
  }

  /**
   * Ends {@link #fit}, or the next one, with the next report, and from a listener with the one it
   * is told; from any thread. What a device has done beyond that report is dropped.
   */
  public void stop() {
    stopping = true;
  }

  /**
   * Writes a checkpoint of the run: from a listener during {@link #fit}.
   *
   * @throws IllegalStateException if no run is under way
   * @throws dev.azulejo.io.CheckpointException if it cannot be written; what was there before stays
   */
  public void save(Path file) {
    if (run == null) {
      throw new IllegalStateException(
          "there is no training run to save: call save from a listener while fit runs");
    }
    Checkpoint.write(file, network, run.moments(), run.state());
  }

  /**
   * Trains until so many epochs are done, those before a resume counted.
   *
   * @throws IllegalArgumentException if the data set does not fit the network, which may also have
   *     nothing to train, or a checkpoint these settings
   * @throws TrainingException if the loss is no longer finite; the weights are those before that
   *     mini-batch, or, on a device, those of the last report, where they were finite
   */
  public TrainingHistory fit(Dataset data, int epochs) {
    network.checkData(data);
    network.checkTrainable();
    checkTarget();
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1, was " + epochs);
    }
    if (run != null) {
      throw new IllegalStateException("this trainer is already running");
    }
    int batch = Math.min(batchSize, data.size());
    PassSettings how =
        new PassSettings(
            network,
            data,
            optimizer,
            loss,
            augmentation,
            batch,
            Math.min(workers, batch),
            seed,
            reportEvery,
            residentData,
            recordedSteps);
    if (network.classNames().isEmpty()) {
      network.setClassNames(data.classNames());
    }
    try (Pass pass = how.open();
        Evaluator evaluator = evaluator()) {
      StepRates rates = new StepRates(optimizer.learningRate(), schedule, pass.batches(), epochs);
      Map<String, String> settings = settings(data);
      run = new TrainingRun(pass, rates, settings, listeners, () -> stopping);
      if (resumeFrom != null) {
        run.restore(Checkpoint.read(resumeFrom, network, pass.optimizer(), settings));
        resumeFrom = null;
      }
      if (evaluator != null) {
        evaluator.prepare(validation, recordedSteps);
      }
      TrainingHistory history =
          run.train(
              evaluator == null ? null : () -> evaluator.evaluate(validation),
              new Ending(targetAccuracy, earlyStop));
      // Other streams may read the weights at once.
      network.device().stream().synchronize();
      return history;
    } finally {
      run = null;
      stopping = false;
    }
  }

  /** Null without a validation set. */
  private Evaluator evaluator() {
    return validation == null
        ? null
        : new Evaluator(
            network,
            network.device().stream(),
            loss,
            Math.min(EVALUATION_BATCH, validation.size()),
            residentData);
  }

  private void checkTarget() {
    if (validation == null && targetAccuracy <= 1) {
      throw new IllegalArgumentException(
          "an accuracy to reach needs a validation set to measure it on: call validation(...)");
    }
  }

  private Map<String, String> settings(Dataset data) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("samples", Integer.toString(data.size()));
    settings.put("batch-size", Integer.toString(batchSize));
    settings.put("seed", Long.toString(seed));
    settings.put("loss", loss.toString());
    settings.put("optimizer", optimizer.describe());
    return settings;
  }
}
