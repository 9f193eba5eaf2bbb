package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.Scorer;
import dev.azulejo.nn.TrainingPlan;
import java.lang.foreign.MemorySegment;

/**
 * One worker's memory: activations, gradients and scores on a stream of its own; the weights are
 * the network's, unless others are given.
 */
final class Replica implements AutoCloseable {
  private final TrainingPlan plan;
  private final Scorer scorer;
  private final long sample;

  Replica(Network network, Stream stream, Loss loss, int maxBatch) {
    this(network, stream, loss, new TrainingPlan(network, stream, maxBatch));
  }

  /** With other weights than the network's, in its layout. */
  Replica(Network network, Stream stream, Loss loss, int maxBatch, Tensor weights) {
    this(network, stream, loss, new TrainingPlan(network, stream, maxBatch, weights));
  }

  private Replica(Network network, Stream stream, Loss loss, TrainingPlan plan) {
    this.plan = plan;
    sample = network.spec().input().size();
    try {
      scorer = new Scorer(stream, loss, network.spec().output().size(), plan.maxBatch());
    } catch (RuntimeException | Error e) {
      plan.close();
      throw e;
    }
  }

  /**
   * The gradients of the loss of these samples, as their part of the whole mini-batch's mean.
   *
   * @param images off-heap, at least {@code samples} of them, normalised
   * @param labels off-heap 32-bit integers
   * @param whole samples of the whole mini-batch
   */
  void gradients(MemorySegment images, MemorySegment labels, int samples, int whole) {
    plan.input().upload(plan.stream(), samples * sample, images);
    scorer.load(labels, samples);
    gradients(samples, whole);
  }

  /** As above, of samples that are in the plan's input and the scorer's labels already. */
  void gradients(int samples, int whole) {
    plan.setBatch(samples);
    plan.forward();
    scorer.score(plan.output(), samples, 1f / whole, plan.outputGradient());
    plan.backward();
  }

  TrainingPlan plan() {
    return plan;
  }

  Scorer scorer() {
    return scorer;
  }

  Tensor gradients() {
    return plan.gradients();
  }

  @Override
  public void close() {
    plan.close();
    scorer.close();
  }
}
