package dev.azulejo.data;

/**
 * Decides the order of an epoch and fills its batches: what a batch holds depends on (seed, epoch,
 * batch number) and nothing else. Used by one thread at a time; allocates nothing after
 * construction.
 */
final class BatchFiller {

  // Keeps the sequences that shuffle an epoch apart from those that augment its samples.
  private static final long SHUFFLING = 0x73687566666c65L;
  private static final long AUGMENTING = 0x6175676d656e74L;

  private final Dataset dataset;
  private final Shape shape;
  private final int classes;
  private final int batchSize;
  private final long seed;
  private final boolean shuffle;
  private final Transform transform;
  private final int[] order;
  private final float[] sample;
  private final SeededRandom random = new SeededRandom(0);
  private int epoch;

  BatchFiller(Dataset dataset, int batchSize, long seed, boolean shuffle, Transform transform) {
    this.dataset = dataset;
    this.shape = dataset.shape();
    this.classes = dataset.classes();
    this.batchSize = batchSize;
    this.seed = seed;
    this.shuffle = shuffle;
    this.transform = transform;
    this.order = new int[dataset.size()];
    this.sample = new float[shape.size()];
  }

  /** The number of batches of an epoch, the shorter last one included. */
  int batches() {
    return (order.length + batchSize - 1) / batchSize;
  }

  /** The number of samples of a batch. */
  int count(int number) {
    return Math.min(batchSize, order.length - number * batchSize);
  }

  /**
   * Sets the order of an epoch, always starting from 0, 1, 2, ...: epochs can be taken up in any
   * order.
   */
  void begin(int epoch) {
    this.epoch = epoch;
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (shuffle) {
      random.reseed(SeededRandom.combine(SeededRandom.combine(seed, SHUFFLING), epoch));
      random.shuffle(order);
    }
  }

  /**
   * Fills a batch of the epoch that was begun.
   *
   * @throws DatasetException if a sample cannot be read, transformed, or has no valid label
   */
  void fill(Batch batch, int number) {
    int first = number * batchSize;
    int count = count(number);
    batch.begin(count, epoch, number);
    for (int i = 0; i < count; i++) {
      int index = order[first + i];
      batch.put(i, index, sample, read(index, number));
    }
  }

  private int read(int index, int number) {
    int label;
    try {
      dataset.read(index, sample, 0);
      label = dataset.label(index);
      random.reseed(
          SeededRandom.combine(
              SeededRandom.combine(SeededRandom.combine(seed, AUGMENTING), epoch), index));
      transform.apply(sample, 0, shape, random);
    } catch (RuntimeException e) {
      throw new DatasetException(
          "sample %d, for batch %d of epoch %d, could not be prepared: %s"
              .formatted(index, number, epoch, e.getMessage() != null ? e.getMessage() : e),
          e);
    }
    if (label < 0 || label >= classes) {
      throw new DatasetException(
          "sample %d, for batch %d of epoch %d, has label %d; with %d classes a label is 0 to %d"
              .formatted(index, number, epoch, label, classes, classes - 1));
    }
    return label;
  }
}
