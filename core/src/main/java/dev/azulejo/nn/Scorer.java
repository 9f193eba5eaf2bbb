package dev.azulejo.nn;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.ops.Losses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Compares a network's outputs with the labels of a mini-batch: the loss and its gradient,
 * predictions and hits, the sums kept on the device until somebody asks. Belongs to its stream's
 * thread; scoring allocates nothing.
 */
public final class Scorer implements AutoCloseable {
  private final Stream stream;
  private final Loss loss;
  private final int classes;
  private final Arena arena;
  private final DeviceBuffer memory;
  private final Tensor labels;
  private final Tensor targets; // one-hot labels; null where the loss takes the labels themselves
  private final MemorySegment hostTargets;
  private final Tensor losses;
  private final Tensor predictions;
  private final Tensor hits;
  private final Tensor totals; // sum of losses, sum of hits
  private final Tensor lossTotal;
  private final Tensor hitTotal;
  private final MemorySegment hostTotals;
  private double lossSum;
  private double hitSum;

  /**
   * Allocates what it needs.
   *
   * @param classes outputs of the network
   * @param maxBatch the most samples of a mini-batch
   */
  public Scorer(Stream stream, Loss loss, int classes, int maxBatch) {
    this.stream = stream;
    this.loss = loss;
    this.classes = classes;
    Device device = stream.device();
    long outputs = Math.multiplyExact((long) maxBatch, classes);
    var offsets = new FloatOffsets();
    long labelsAt = offsets.take(maxBatch);
    long lossesAt = offsets.take(maxBatch);
    long predictionsAt = offsets.take(maxBatch);
    long hitsAt = offsets.take(maxBatch);
    long totalsAt = offsets.take(2);
    long targetsAt = loss.usesOneHot() ? offsets.take(outputs) : -1;
    memory = device.allocateFloats("scores", offsets.total());
    arena = Arena.ofShared(); // after the allocation that may fail
    try {
      hostTargets =
          loss.usesOneHot() ? arena.allocate(ValueLayout.JAVA_FLOAT, outputs) : MemorySegment.NULL;
      hostTotals = arena.allocate(ValueLayout.JAVA_FLOAT, 2);
      Elementwise.fill(stream, 2, 0, memory.floats(totalsAt, 2));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    labels = memory.ints(labelsAt, maxBatch);
    losses = memory.floats(lossesAt, maxBatch);
    predictions = memory.ints(predictionsAt, maxBatch);
    hits = memory.floats(hitsAt, maxBatch);
    totals = memory.floats(totalsAt, 2);
    lossTotal = totals.slice(0, 1);
    hitTotal = totals.slice(1, 1);
    targets = loss.usesOneHot() ? memory.floats(targetsAt, outputs) : null;
  }

  /**
   * Copies the labels of a mini-batch to the device: {@code samples} 32-bit integers of off-heap
   * memory.
   */
  public void load(MemorySegment hostLabels, int samples) {
    labels.upload(stream, samples, hostLabels);
    if (targets != null) {
      for (int i = 0; i < samples; i++) {
        int label = hostLabels.getAtIndex(ValueLayout.JAVA_INT, i);
        for (int c = 0; c < classes; c++) {
          hostTargets.setAtIndex(
              ValueLayout.JAVA_FLOAT, (long) i * classes + c, c == label ? 1 : 0);
        }
      }
      targets.upload(stream, (long) samples * classes, hostTargets);
    }
  }

  /**
   * Scores the loaded mini-batch.
   *
   * @param output [samples][classes]
   * @param gradScale factor of the gradient, 1 / size of the whole mini-batch for the gradient of
   *     the mean
   * @param grad receives the gradient of the loss to the output; null for none
   */
  public void score(Tensor output, int samples, float gradScale, Tensor grad) {
    Losses.argmax(stream, samples, classes, output, labels, predictions, hits);
    switch (loss) {
      case SOFTMAX_CROSS_ENTROPY ->
          Losses.softmaxCrossEntropy(
              stream, samples, classes, output, labels, gradScale, losses, grad);
      case SIGMOID_CROSS_ENTROPY ->
          Losses.sigmoidCrossEntropy(
              stream, samples, classes, output, targets, gradScale, losses, grad);
      case MEAN_SQUARED_ERROR ->
          Losses.meanSquaredError(
              stream, samples, classes, output, targets, gradScale, losses, grad);
    }
    Elementwise.sum(stream, samples, 1, losses, 1, lossTotal);
    Elementwise.sum(stream, samples, 1, hits, 1, hitTotal);
  }

  /** Where a mini-batch's labels go, for who brings them otherwise than by {@link #load}. */
  public Tensor labels() {
    return labels;
  }

  /** Sets the sums on the device to 0. */
  public void clear() {
    Elementwise.fill(stream, 2, 0, totals);
  }

  /** Sets the sums on the device, to which {@link #score} adds. */
  public void begin(float losses, float hits) {
    hostTotals.setAtIndex(ValueLayout.JAVA_FLOAT, 0, losses);
    hostTotals.setAtIndex(ValueLayout.JAVA_FLOAT, 1, hits);
    totals.upload(stream, hostTotals);
  }

  /**
   * Waits for the device and reads the sums since {@link #begin} or {@link #collect}, as {@link
   * #lossSum} and {@link #hitSum}; they stay as they are.
   */
  public void read() {
    totals.download(stream, hostTotals);
    lossSum = hostTotals.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
    hitSum = hostTotals.getAtIndex(ValueLayout.JAVA_FLOAT, 1);
  }

  /**
   * Waits for the device and takes over the sums since the last call, as {@link #lossSum} and
   * {@link #hitSum}.
   */
  public void collect() {
    read();
    clear();
  }

  /** Copies the sums, of losses and of hits, to the first two floats of a tensor of the device. */
  public void copyTotals(Tensor to) {
    to.copyFrom(stream, totals, 2);
  }

  /** The collected sum of the samples' losses. */
  public double lossSum() {
    return lossSum;
  }

  /** The collected number of samples predicted right. */
  public double hitSum() {
    return hitSum;
  }

  /** Copies the predictions of the last mini-batch to a tensor of the device. */
  void copyPredictions(int samples, Tensor to) {
    to.copyFrom(stream, predictions, samples);
  }

  /** The predictions of the last mini-batch, into {@code samples} elements of an array. */
  int[] predictions(int samples) {
    return predictions.slice(0, samples).toIntArray(stream);
  }

  /** Frees its memory; a second call does nothing. */
  @Override
  public void close() {
    memory.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
