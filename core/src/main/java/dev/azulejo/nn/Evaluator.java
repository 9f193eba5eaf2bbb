package dev.azulejo.nn;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Loader;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;

/**
 * Measures a network on data sets (row T1), as often as wanted, with memory allocated once. Belongs
 * to its stream's thread.
 */
public final class Evaluator implements AutoCloseable {
  private final Network network;
  private final InferencePlan plan;
  private final Scorer scorer;
  private final Loss loss;

  /**
   * Allocates a plan and a scorer.
   *
   * @param maxBatch the most samples of one run
   */
  public Evaluator(Network network, Stream stream, Loss loss, int maxBatch) {
    this.network = network;
    this.loss = loss;
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
   */
  public Evaluation evaluate(Dataset data) {
    network.checkData(data);
    int classes = data.classes();
    long[][] counts = new long[classes][classes];
    double lossSum = 0;
    long hits = 0;
    try (Loader loader =
        new Loader(data, plan.maxBatch(), 0, false, network.spec().normalization(), 1)) {
      loader.start(0);
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        int samples = batch.count();
        plan.input().upload(plan.stream(), samples * (long) data.shape().size(), batch.images());
        scorer.load(batch.labels(), samples);
        // The softmax cross-entropy has the softmax inside: a network that ends in one is asked for
        // what
        // goes into it. The predictions are the same.
        Tensor output =
            loss == Loss.SOFTMAX_CROSS_ENTROPY ? plan.logits(samples) : plan.run(samples);
        scorer.score(output, samples, 1, null);
        scorer.collect();
        lossSum += scorer.lossSum();
        int[] predictions = scorer.predictions(samples);
        for (int i = 0; i < samples; i++) {
          int actual = data.label(batch.index(i));
          counts[actual][predictions[i]]++;
          if (actual == predictions[i]) {
            hits++;
          }
        }
        loader.release(batch);
      }
    }
    return new Evaluation(
        data.size(),
        lossSum / data.size(),
        (double) hits / data.size(),
        new ConfusionMatrix(data.classNames(), counts));
  }

  /** Frees its memory; a second call does nothing. */
  @Override
  public void close() {
    plan.close();
    scorer.close();
  }
}
