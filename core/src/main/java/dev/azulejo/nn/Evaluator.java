package dev.azulejo.nn;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Loader;
import dev.azulejo.data.Transform;
import dev.azulejo.device.CapturedStep;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;

/**
 * Measures a network on data sets (row T1), as often as wanted, with memory allocated once. On a
 * device other than the host the last data set stays there as bytes, where it can ({@link
 * ResidentBatches#obstacle}), and losses and predictions are read once, at the end. Belongs to its
 * stream's thread.
 */
public final class Evaluator implements AutoCloseable {
  private static final String ALTERNATIVE =
      "measure on parts of it, Subset.range(data, from, to), or copy the mini-batches from the host:"
          + " an Evaluator with resident false";

  /** Mini-batches of one graph, each a dozen operations. */
  private static final int MOST_RECORDED = 1024;

  private final Network network;
  private final InferencePlan plan;
  private final Scorer scorer;
  private final Loss loss;
  private final boolean resident;
  private Dataset residentData;
  private ResidentBatches batches;
  private DeviceBuffer predictionMemory;
  private Tensor predictions;
  private CapturedStep whole; // an evaluation of the resident data

  /** As below, with data sets kept on the device where they can be. */
  public Evaluator(Network network, Stream stream, Loss loss, int maxBatch) {
    this(network, stream, loss, maxBatch, true);
  }

  /**
   * Allocates a plan and a scorer.
   *
   * @param maxBatch the most samples of one run
   * @param resident whether a device keeps the data set; otherwise the host copies each mini-batch
   */
  public Evaluator(Network network, Stream stream, Loss loss, int maxBatch, boolean resident) {
    this.network = network;
    this.loss = loss;
    this.resident = resident && !stream.device().isHost();
    this.plan = new InferencePlan(network, stream, maxBatch);
    try {
      this.scorer = new Scorer(stream, loss, network.spec().output().size(), maxBatch);
    } catch (RuntimeException | Error e) {
      plan.close();
      throw e;
    }
  }

  /**
   * Runs the network on every sample.
   *
   * @throws IllegalArgumentException if the samples' shape or the number of classes is not the
   *     network's
   * @throws dev.azulejo.device.OutOfDeviceMemoryException if a device has no room for the data set
   */
  public Evaluation evaluate(Dataset data) {
    network.checkData(data);
    Tally tally = new Tally(data);
    if (canStay(data)) {
      evaluateResident(data, tally);
    } else {
      evaluateLoaded(data, tally);
    }
    return tally.evaluation();
  }

  /**
   * Does now what the first evaluations of a data set on a device would do: copies the data set
   * there, lets AUTO choose algorithms, and records an evaluation as a graph, so that one is one
   * native call. Nothing where the data set does not stay on the device.
   *
   * @param recorded false for operations that are called one by one, for layers that cannot be
   *     recorded
   */
  public void prepare(Dataset data, boolean recorded) {
    network.checkData(data);
    if (canStay(data)) {
      keep(data, recorded);
      evaluate(data);
      if (whole.isRecording()) {
        evaluate(data);
      }
    }
  }

  private boolean canStay(Dataset data) {
    return resident && ResidentBatches.obstacle(data, Transform.identity(), loss).isEmpty();
  }

  private void evaluateLoaded(Dataset data, Tally tally) {
    try (Loader loader =
        new Loader(data, plan.maxBatch(), 0, false, network.spec().normalization(), 1)) {
      loader.start(0);
      plan.pack();
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        int samples = batch.count();
        plan.input().upload(plan.stream(), samples * (long) data.shape().size(), batch.images());
        scorer.load(batch.labels(), samples);
        score(samples);
        scorer.collect();
        tally.add(scorer.lossSum(), scorer.predictions(samples));
        loader.release(batch);
      }
    }
  }

  private void evaluateResident(Dataset data, Tally tally) {
    if (data != residentData) {
      keep(data, false); // once, as far as anybody knows
    }
    batches.rewind();
    whole.run();
    scorer.collect();
    tally.add(scorer.lossSum(), predictions.toIntArray(plan.stream()));
  }

  private void scoreAll() {
    plan.pack();
    scorer.clear();
    long done = 0;
    for (int i = 0; i < batches.batches(); i++) {
      int samples = batches.count(i);
      batches.gather(samples, plan.input(), scorer.labels());
      score(samples);
      scorer.copyPredictions(samples, predictions.slice(done, samples));
      done += samples;
    }
  }

  /** Copies a data set to the device. */
  private void keep(Dataset data, boolean recorded) {
    forget();
    Stream stream = plan.stream();
    batches =
        new ResidentBatches(
            network, stream, data, 0, false, Transform.identity(), plan.maxBatch(), ALTERNATIVE);
    predictionMemory = stream.device().allocateFloats("predictions", data.size());
    predictions = predictionMemory.ints();
    boolean records = recorded && batches.batches() <= MOST_RECORDED;
    whole = new CapturedStep(stream, this::scoreAll, records);
    batches.start(0, 0);
    residentData = data;
  }

  private void forget() {
    residentData = null;
    if (whole != null) {
      whole.close();
      whole = null;
    }
    if (predictionMemory != null) {
      predictionMemory.close();
      predictionMemory = null;
    }
    if (batches != null) {
      batches.close();
      batches = null;
    }
  }

  private void score(int samples) {
    // The softmax cross-entropy has the softmax inside: a network that ends in one is asked for
    // what goes into it. The predictions are the same.
    Tensor output =
        loss == Loss.SOFTMAX_CROSS_ENTROPY ? plan.logitsPacked(samples) : plan.runPacked(samples);
    scorer.score(output, samples, 1, null);
  }

  /** Frees its memory; a second call does nothing. */
  @Override
  public void close() {
    forget();
    plan.close();
    scorer.close();
  }

  /** Counts predictions, which come in the data set's order. */
  private static final class Tally {
    private final Dataset data;
    private final long[][] counts;
    private double lossSum;
    private int counted;
    private long hits;

    Tally(Dataset data) {
      this.data = data;
      counts = new long[data.classes()][data.classes()];
    }

    void add(double losses, int[] predictions) {
      lossSum += losses;
      for (int predicted : predictions) {
        int actual = data.label(counted++);
        counts[actual][predicted]++;
        if (actual == predicted) {
          hits++;
        }
      }
    }

    Evaluation evaluation() {
      return new Evaluation(
          data.size(),
          lossSum / data.size(),
          (double) hits / data.size(),
          new ConfusionMatrix(data.classNames(), counts));
    }
  }
}
