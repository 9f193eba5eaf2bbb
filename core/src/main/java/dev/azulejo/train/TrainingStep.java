package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One step of mini-batch gradient descent (Algorithm 1, row T5): gradients of the mean loss of a
 * mini-batch, then an update; by several workers, the gradients of each one's share are added up
 * before one update (Algorithm 2, row T13). All memory is allocated when it is made; a step
 * allocates nothing.
 *
 * <p>Belongs to the thread of the device's default stream. {@link Trainer} is built on it.
 */
public final class TrainingStep implements AutoCloseable {
  private final Network network;
  private final Stream stream;
  private final int maxBatch;
  private final Replica first;
  private final Stream ownStream; // of the first replica, where there are several; else null
  private final List<Worker> others = new ArrayList<>();
  private final OptimizerState optimizer;
  private final long imageBytes;
  private long steps;
  private int ownSamples; // of the last mini-batch, those of the first replica
  private double lossSum;
  private double hitSum;
  private float learningRate; // of the update under way
  private final Consumer<Tensor> updating = this::update; // made once: a step allocates nothing

  /**
   * Allocates everything a step needs.
   *
   * @param maxBatch the most samples of a mini-batch
   * @param workers 1, or how many share each mini-batch; they share the threads of the device's
   *     default stream
   */
  public TrainingStep(Network network, Optimizer optimizer, Loss loss, int maxBatch, int workers) {
    if (workers < 1 || workers > maxBatch) {
      throw new IllegalArgumentException(
          workers
              + " workers for mini-batches of "
              + maxBatch
              + ": there must be 1 to "
              + maxBatch);
    }
    this.network = network;
    this.maxBatch = maxBatch;
    Device device = network.device();
    stream = device.stream();
    imageBytes = (long) network.spec().input().size() * Float.BYTES;
    int share = (maxBatch + workers - 1) / workers;
    int threads = device.isHost() ? Math.max(1, stream.threads() / workers) : 0;
    ownStream = workers == 1 ? null : device.openStream(threads);
    Replica replica = null;
    OptimizerState state = null;
    try {
      replica = new Replica(network, workers == 1 ? stream : ownStream, loss, share);
      state = optimizer.start(device, stream, network.layout().count(), 1);
      for (int i = 1; i < workers; i++) {
        others.add(new Worker(i, network, threads, loss, share));
      }
    } catch (RuntimeException | Error e) {
      closeAll(replica, state);
      throw e;
    }
    first = replica;
    this.optimizer = state;
  }

  /**
   * Gradients, loss and hits of a mini-batch.
   *
   * @param images off-heap floats [samples][channels][height][width], normalised; with several
   *     workers of a shared arena
   * @param labels off-heap 32-bit integers [samples], likewise
   */
  public void gradients(MemorySegment images, MemorySegment labels, int samples) {
    if (samples < 1 || samples > maxBatch) {
      throw new IllegalArgumentException(
          "mini-batch of " + samples + " samples in a step for 1 to " + maxBatch);
    }
    if (others.isEmpty()) {
      ownShare(images, labels, samples, samples);
      return;
    }
    // The workers' streams do not wait for this one, which may still have to sum up the gradients
    // that they are about to overwrite, and to update the weights.
    stream.synchronize();
    try {
      handOut(images, labels, samples);
      // With fewer samples than workers the first shares are empty.
      ownShare(images, labels, samples / (others.size() + 1), samples);
      ownStream.synchronize();
    } catch (RuntimeException | Error e) {
      // Nobody may still read the mini-batch when this returns: its memory is the caller's.
      try {
        awaitAll();
      } catch (RuntimeException another) {
        e.addSuppressed(another);
      }
      throw e;
    }
    awaitAll();
    for (int i = 1; i <= others.size(); i++) {
      if (begin(i, samples) < begin(i + 1, samples)) {
        Replica replica = others.get(i - 1).replica();
        Tensor part = replica.gradients();
        Elementwise.axpy(stream, part.count(), 1, part, first.gradients());
        lossSum += replica.scorer().lossSum();
        hitSum += replica.scorer().hitSum();
      }
    }
  }

  /** The first sample of a worker's share. */
  private int begin(int worker, int samples) {
    return (int) ((long) samples * worker / (others.size() + 1));
  }

  private void handOut(MemorySegment images, MemorySegment labels, int samples) {
    // A mini-batch that is too short is the caller's mistake, not the end of a worker.
    if (images.byteSize() < samples * imageBytes
        || labels.byteSize() < (long) samples * Integer.BYTES) {
      throw new IllegalArgumentException(
          samples
              + " samples need images of "
              + samples * imageBytes
              + " bytes and labels of "
              + (long) samples * Integer.BYTES
              + ", got "
              + images.byteSize()
              + " and "
              + labels.byteSize());
    }
    for (int i = 1; i <= others.size(); i++) {
      int begin = begin(i, samples);
      others.get(i - 1).begin(images, labels, begin, begin(i + 1, samples) - begin, samples);
    }
  }

  private void ownShare(MemorySegment images, MemorySegment labels, int share, int samples) {
    ownSamples = share;
    if (share > 0) {
      first.gradients(images, labels, share, samples);
      first.scorer().collect();
      lossSum = first.scorer().lossSum();
      hitSum = first.scorer().hitSum();
    } else {
      // The others' gradients are added to these.
      Elementwise.fill(ownStream, first.gradients().count(), 0, first.gradients());
      lossSum = 0;
      hitSum = 0;
    }
  }

  /** Waits for every worker, also where one has failed. */
  private void awaitAll() {
    RuntimeException failure = null;
    for (int i = 0; i < others.size(); i++) {
      try {
        others.get(i).await();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Updates the weights by the gradients. */
  public void update(float learningRate) {
    steps++;
    this.learningRate = learningRate;
    network.write(stream, updating);
  }

  private void update(Tensor weights) {
    optimizer.update(stream, steps, learningRate, first.gradients(), weights);
  }

  /** Sum of the losses of the last mini-batch's samples. */
  public double lossSum() {
    return lossSum;
  }

  /** How many of the last mini-batch's samples were predicted right. */
  public double hitSum() {
    return hitSum;
  }

  /** Updates so far, those before a resume included. */
  public long steps() {
    return steps;
  }

  OptimizerState optimizer() {
    return optimizer;
  }

  void setSteps(long value) {
    steps = value;
  }

  /** Which numbers stopped being finite in the last mini-batch. */
  Optional<String> firstNonFinite() {
    Optional<String> found = ownSamples == 0 ? Optional.empty() : first.plan().firstNonFinite();
    return found.isPresent() || others.isEmpty()
        ? found
        : Optional.of("a worker's share of the mini-batch is not finite");
  }

  /** Ends the workers and frees all memory; a second call does nothing. */
  @Override
  public void close() {
    closeAll(first, optimizer);
  }

  private void closeAll(Replica replica, OptimizerState state) {
    for (Worker worker : others) {
      worker.close();
    }
    if (state != null) {
      state.close();
    }
    if (replica != null) {
      replica.close();
    }
    if (ownStream != null) {
      ownStream.close();
    }
  }
}
