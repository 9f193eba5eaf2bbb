package dev.azulejo.data;

/**
 * Decides the order of an epoch and fills its batches: what a batch holds depends on (seed, epoch,
 * batch number) and nothing else. Used by one thread at a time; allocates nothing after
 * construction.
 */
final class BatchFiller {

  private final Dataset dataset;
  private final Shape shape;
  private final int classes;
  private final int batchSize;
  private final Transform transform;
  private final EpochOrder order;
  private final float[] sample;

  BatchFiller(Dataset dataset, int batchSize, long seed, boolean shuffle, Transform transform) {
    this.dataset = dataset;
    this.shape = dataset.shape();
    this.classes = dataset.classes();
    this.batchSize = batchSize;
    this.transform = transform;
    this.order = new EpochOrder(dataset.size(), seed, shuffle);
    this.sample = new float[shape.size()];
  }

  /** The number of batches of an epoch, the shorter last one included. */
  int batches() {
    return (order.samples() + batchSize - 1) / batchSize;
  }

  /** The number of samples of a batch. */
  int count(int number) {
    return Math.min(batchSize, order.samples() - number * batchSize);
  }

  /** Sets the order of an epoch; epochs can be taken up in any order. */
  void begin(int epoch) {
    order.begin(epoch);
  }

  /**
   * Fills a batch of the epoch that was begun.
   *
   * @throws DatasetException if a sample cannot be read, transformed, or has no valid label
   */
  void fill(Batch batch, int number) {
    int first = number * batchSize;
    int count = count(number);
    batch.begin(count, order.epoch(), number);
    for (int i = 0; i < count; i++) {
      int index = order.at(first + i);
      batch.put(i, index, sample, read(index, number));
    }
  }

  private int read(int index, int number) {
    int label;
    try {
      dataset.read(index, sample, 0);
      label = dataset.label(index);
      transform.apply(sample, 0, shape, order.random(index));
    } catch (RuntimeException e) {
      throw new DatasetException(
          "sample %d, for batch %d of epoch %d, could not be prepared: %s"
              .formatted(index, number, order.epoch(), e.getMessage() != null ? e.getMessage() : e),
          e);
    }
    if (label < 0 || label >= classes) {
      throw new DatasetException(
          "sample %d, for batch %d of epoch %d, has label %d; with %d classes a label is 0 to %d"
              .formatted(index, number, order.epoch(), label, classes, classes - 1));
    }
    return label;
  }
}
