package dev.azulejo.train;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Loader;
import dev.azulejo.data.Transform;
import dev.azulejo.nn.Evaluation;
import dev.azulejo.nn.Evaluator;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.Softmax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Trains a network on a data set by mini-batch gradient descent, the data shuffled in every epoch
 * (Algorithm 1, row T5).
 *
 * <p>Settings come first, then {@link #fit}. The same settings, seed, device and thread count give
 * the same bits, also across a {@link #save} and {@link #resume}.
 *
 * <p>Threads: belongs to the thread that opened the network's device; {@link #stop} may be called
 * from any.
 */
public final class Trainer {
  private static final int PREFETCH = 3;
  private static final int EVALUATION_BATCH = 256;

  private final Network network;
  private Optimizer optimizer = Sgd.rate(0.05f).momentum(0.9f);
  private Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
  private LearningRateSchedule schedule = LearningRateSchedule.constant();
  private Transform augmentation = Transform.identity();
  private final List<TrainingListener> listeners = new ArrayList<>();
  private Dataset validation;
  private EarlyStop earlyStop;
  private int batchSize = 64;
  private int workers = 1;
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

  /** Ends {@link #fit}, or the next one, after the mini-batch it is at; from any thread. */
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
    Checkpoint.write(file, network, run.step.optimizer(), run.state());
  }

  /**
   * Trains until so many epochs are done, those before a resume counted.
   *
   * @throws IllegalArgumentException if the data set does not fit the network, or a checkpoint
   *     these settings
   * @throws TrainingException if the loss is no longer finite; the weights are those before that
   *     mini-batch
   */
  public TrainingHistory fit(Dataset data, int epochs) {
    network.checkData(data);
    checkLoss();
    if (epochs < 1) {
      throw new IllegalArgumentException("epochs must be at least 1, was " + epochs);
    }
    if (run != null) {
      throw new IllegalStateException("this trainer is already running");
    }
    if (network.classNames().isEmpty()) {
      network.setClassNames(data.classNames());
    }
    int batch = Math.min(batchSize, data.size());
    Transform transform = Transform.chain(augmentation, network.spec().normalization());
    try (TrainingStep step =
            new TrainingStep(network, optimizer, loss, batch, Math.min(workers, batch));
        Loader loader = new Loader(data, batch, seed, true, transform, PREFETCH);
        Evaluator evaluator =
            validation == null
                ? null
                : new Evaluator(
                    network,
                    network.device().stream(),
                    loss,
                    Math.min(EVALUATION_BATCH, validation.size()))) {
      run = new TrainingRun(step, loader, epochs, settings(data));
      if (resumeFrom != null) {
        run.restore(Checkpoint.read(resumeFrom, network, step.optimizer(), run.settings));
        resumeFrom = null;
      }
      return train(evaluator);
    } finally {
      run = null;
      stopping = false;
    }
  }

  private TrainingHistory train(Evaluator evaluator) {
    Optional<String> reason = decideEarlyStop();
    while (run.epoch < run.epochs && reason.isEmpty()) {
      if (!epoch()) {
        return new TrainingHistory(run.history, true, Optional.empty());
      }
      Evaluation measured = evaluator == null ? null : evaluator.evaluate(validation);
      EpochReport report = run.finishEpoch(measured);
      for (TrainingListener listener : listeners) {
        listener.epoch(report);
      }
      reason = decideEarlyStop();
    }
    return new TrainingHistory(run.history, false, reason);
  }

  private void checkLoss() {
    if (loss == Loss.SOFTMAX_CROSS_ENTROPY
        && network.spec().layers().getLast() instanceof Softmax) {
      throw new IllegalArgumentException(
          "the network ends in a softmax, and the loss "
              + loss
              + " has one inside; leave the layer out (predict gives probabilities without it too),"
              + " or choose another loss");
    }
  }

  private Optional<String> decideEarlyStop() {
    return earlyStop == null ? Optional.empty() : earlyStop.decide(run.history);
  }

  /**
   * The mini-batches that are left of an epoch; false if told to stop before the last one was done.
   */
  private boolean epoch() {
    TrainingRun r = run;
    BatchReport report = r.report;
    r.loader.start(r.epoch, r.batch);
    long begin = System.nanoTime();
    report.trainedSamples = 0;
    report.nanos = 0;
    for (Batch batch = r.loader.next(); batch != null; batch = r.loader.next()) {
      if (stopping) {
        return false;
      }
      int samples = batch.count();
      r.step.gradients(batch.images(), batch.labels(), samples);
      r.loader.release(batch);
      checkFinite(samples);
      float rate =
          (float)
              (optimizer.learningRate()
                  * schedule.factor(r.step.steps(), r.loader.batches(), r.epochs));
      r.step.update(rate);
      r.batch++;
      report.epoch = r.epoch + 1;
      report.epochs = r.epochs;
      report.batch = r.batch;
      report.batches = r.loader.batches();
      report.samples += samples;
      report.lossSum += r.step.lossSum();
      report.hits += r.step.hitSum();
      report.learningRate = rate;
      report.trainedSamples += samples;
      report.nanos = System.nanoTime() - begin;
      for (int i = 0; i < listeners.size(); i++) {
        listeners.get(i).batch(report);
      }
    }
    return true;
  }

  /**
   * A loss that is no number means that nothing after it would be one: the run ends before the
   * update.
   */
  private void checkFinite(int samples) {
    double mean = run.step.lossSum() / samples;
    if (Double.isFinite(mean)) {
      return;
    }
    throw new TrainingException(
        "the loss is "
            + mean
            + " in epoch "
            + (run.epoch + 1)
            + ", mini-batch "
            + (run.batch + 1)
            + " of "
            + run.loader.batches()
            + " (step "
            + (run.step.steps() + 1)
            + "): "
            + run.step.firstNonFinite().orElse("the outputs are finite, but too large for the loss")
            + ". The weights are those before this mini-batch. A learning rate below "
            + optimizer.learningRate()
            + " is the usual cure; labels and inputs are worth a look");
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
