package dev.azulejo.data;

/**
 * The order of an epoch's samples, and the random numbers of each: functions of (seed, epoch) and
 * (seed, epoch, index) alone, the same whether the host or a device prepares the mini-batches. Used
 * by one thread at a time; allocates nothing after construction.
 */
final class EpochOrder {

  // Keeps the sequences that shuffle an epoch apart from those that augment its samples.
  private static final long SHUFFLING = 0x73687566666c65L;
  private static final long AUGMENTING = 0x6175676d656e74L;

  private final long seed;
  private final boolean shuffle;
  private final int[] order;
  private final SeededRandom random = new SeededRandom(0);
  private int epoch;

  EpochOrder(int samples, long seed, boolean shuffle) {
    this.seed = seed;
    this.shuffle = shuffle;
    this.order = new int[samples];
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

  int epoch() {
    return epoch;
  }

  int samples() {
    return order.length;
  }

  /** The sample at a position of the epoch. */
  int at(int position) {
    return order[position];
  }

  /** A sample's own random numbers in this epoch, from their beginning. */
  SeededRandom random(int index) {
    random.reseed(
        SeededRandom.combine(
            SeededRandom.combine(SeededRandom.combine(seed, AUGMENTING), epoch), index));
    return random;
  }
}
