package dev.azulejo.train;

/**
 * How an epoch goes so far. One object, changed by every mini-batch: read it during {@link
 * TrainingListener#batch}.
 */
public final class BatchReport {
  int epoch;
  int epochs;
  int batch;
  int batches;
  long samples;
  double lossSum;
  double hits;
  float learningRate;
  long trainedSamples;
  long nanos;

  BatchReport() {}

  /** The epoch, from 1. */
  public int epoch() {
    return epoch;
  }

  /** Epochs of the run. */
  public int epochs() {
    return epochs;
  }

  /** The mini-batch of the epoch, from 1. */
  public int batch() {
    return batch;
  }

  /** Mini-batches of an epoch. */
  public int batches() {
    return batches;
  }

  /** Samples of this epoch so far. */
  public long samples() {
    return samples;
  }

  /** Mean loss of this epoch so far. */
  public double loss() {
    return lossSum / samples;
  }

  /** Fraction of this epoch's samples so far that were predicted right. */
  public double accuracy() {
    return hits / samples;
  }

  /** Of this step. */
  public float learningRate() {
    return learningRate;
  }

  /** Samples trained on per second of this epoch so far. */
  public double samplesPerSecond() {
    return trainedSamples * 1e9 / nanos;
  }
}
