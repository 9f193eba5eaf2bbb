package dev.azulejo.data;

import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * Feeds a data set to training in shuffled mini-batches (row T5, Algorithm 1), prepared ahead by a
 * thread of its own.
 *
 * <p>Every sample is in exactly one batch of an epoch. The order depends on (seed, epoch), a
 * sample's augmentation on (seed, epoch, index): an epoch that is taken up in the middle continues
 * with the very batches that would have come.
 *
 * <pre>{@code
 * try (Loader loader = new Loader(data, 64, seed, true, transform, 2)) {
 *   loader.start(epoch);
 *   for (Batch batch; (batch = loader.next()) != null; loader.release(batch)) {
 *     // use batch.images(), batch.labels()
 *   }
 * }
 * }</pre>
 *
 * <p>Batches live in a ring of off-heap memory made by the constructor; {@code next} and {@code
 * release} allocate nothing, and neither does the thread between them.
 *
 * <p>Threads: all methods are for one thread at a time (the consumer); a consumer may be followed
 * by another if it hands the loader over safely. The data set and the transform are used by the
 * loader's own thread, or by the consumer where {@code prefetch} is 0.
 */
public final class Loader implements AutoCloseable {

  private final BatchFiller filler;
  private final int batches;
  private final Batch[] ring;
  private final Arena arena;
  private final Thread producer; // null: batches are filled by next()

  // Written by the consumer, read by the producer. A new value of `requested` publishes the two
  // plain fields.
  private int requestedEpoch;
  private int requestedFirst;
  private volatile long requested;
  private volatile int released; // batches given back since start()
  private volatile boolean closing;
  private volatile Thread waitingConsumer;

  // Written by the producer, read by the consumer.
  private volatile long accepted; // the request it works on
  private volatile int filled; // batches ready since start()
  private volatile Throwable failure; // comes after the batches that are ready

  // The consumer's own.
  private int epochBatches; // batches from the first one asked for to the end of the epoch
  private int taken; // batches handed out since start()
  private boolean started;

  /**
   * A loader; {@link #start} begins an epoch.
   *
   * @param dataset not empty
   * @param batchSize samples in a batch, at least 1; the last batch of an epoch has what is left
   * @param seed of order and augmentation
   * @param shuffle whether each epoch has an order of its own; otherwise 0, 1, 2, ...
   * @param transform applied to each sample; {@link Transform#identity} for none
   * @param prefetch batches prepared ahead, at least 0; with 0 there is no thread and {@link #next}
   *     does the work
   * @throws IllegalArgumentException if the data set is empty or a number is out of range
   */
  public Loader(
      Dataset dataset,
      int batchSize,
      long seed,
      boolean shuffle,
      Transform transform,
      int prefetch) {
    this(dataset, batchSize, seed, shuffle, transform, prefetch, null);
  }

  /**
   * As {@link #Loader(Dataset, int, long, boolean, Transform, int)}, with the batches in given
   * memory, such as a device's host memory.
   *
   * @param memory gives {@link #bytes} bytes that live until the loader is closed; null for an
   *     arena of the loader's own
   */
  public Loader(
      Dataset dataset,
      int batchSize,
      long seed,
      boolean shuffle,
      Transform transform,
      int prefetch,
      SegmentAllocator memory) {
    Objects.requireNonNull(dataset, "dataset");
    Objects.requireNonNull(transform, "transform");
    if (dataset.size() < 1) {
      throw new IllegalArgumentException("the data set is empty: there is nothing to load");
    }
    if (batchSize < 1 || prefetch < 0) {
      throw new IllegalArgumentException(
          "loader with batch size %d and prefetch %d: the batch size must be at least 1, prefetch at least 0"
              .formatted(batchSize, prefetch));
    }
    int capacity = Math.min(batchSize, dataset.size());
    filler = new BatchFiller(dataset, capacity, seed, shuffle, transform);
    batches = filler.batches();
    arena = Arena.ofShared();
    ring = new Batch[Math.addExact(prefetch, 1)]; // one with the consumer, the others ahead
    try {
      for (int i = 0; i < ring.length; i++) {
        ring[i] =
            new Batch(
                memory == null ? arena : memory,
                capacity,
                filler.count(batches - 1),
                dataset.shape().size());
      }
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
    producer =
        prefetch == 0
            ? null
            : Thread.ofPlatform().daemon().name("azulejo-loader").unstarted(this::produce);
    if (producer != null) {
      producer.start();
    }
  }

  /** Bytes of the batches of a loader. */
  public static long bytes(Dataset dataset, int batchSize, int prefetch) {
    int capacity = Math.min(batchSize, dataset.size());
    return Math.multiplyExact(prefetch + 1L, Batch.bytes(capacity, dataset.shape().size()));
  }

  /** The number of batches of a whole epoch. */
  public int batches() {
    return batches;
  }

  /** Begins an epoch at its first batch. What is left of an earlier epoch is dropped. */
  public void start(int epoch) {
    start(epoch, 0);
  }

  /**
   * Begins an epoch in the middle, as a resumed run does. What is left of an earlier epoch is
   * dropped; batches that have not been released become invalid.
   *
   * @param epoch any number; the same number gives the same order
   * @param firstBatch the number of the first batch, 0 to {@link #batches}
   * @throws IllegalArgumentException if there is no such batch
   * @throws IllegalStateException after {@link #close}
   */
  public void start(int epoch, int firstBatch) {
    checkOpen();
    if (firstBatch < 0 || firstBatch > batches) {
      throw new IllegalArgumentException(
          "an epoch cannot start at batch %d: it has the batches 0 to %d"
              .formatted(firstBatch, batches - 1));
    }
    started = true;
    epochBatches = batches - firstBatch;
    taken = 0;
    requestedEpoch = epoch;
    requestedFirst = firstBatch;
    if (producer == null) {
      released = 0;
      filler.begin(epoch);
      return;
    }
    long request = requested + 1;
    requested = request;
    LockSupport.unpark(producer);
    // The producer finishes the batch it is at, then starts over: its counters are not ours to
    // reset before.
    await(() -> accepted == request);
  }

  /**
   * The next batch, or null at the end of the epoch. Waits until it is ready.
   *
   * @throws DatasetException if a sample could not be read or transformed, with the cause; the
   *     batches before come first, and after it only {@link #start} goes on
   * @throws IllegalStateException before {@link #start}, after {@link #close}, or if all batches of
   *     the ring are out
   */
  public Batch next() {
    checkOpen();
    if (!started) {
      throw new IllegalStateException("start(epoch) must come before next()");
    }
    if (taken == epochBatches) {
      return null;
    }
    if (taken - released == ring.length) {
      throw new IllegalStateException(
          "all %d batches of the loader are taken: release one before the next"
              .formatted(ring.length));
    }
    Batch batch = ring[taken % ring.length];
    if (producer == null) {
      filler.fill(batch, requestedFirst + taken);
    } else {
      awaitBatch();
    }
    taken++;
    return batch;
  }

  private void awaitBatch() {
    if (filled <= taken && failure == null) {
      await(batchOrFailure);
    }
    // Asked again: a failure comes after the batches that were ready before it.
    if (filled <= taken) {
      Throwable cause = failure;
      throw cause instanceof DatasetException
          ? new DatasetException(cause.getMessage(), cause)
          : new DatasetException("the loader's thread failed: " + cause, cause);
    }
  }

  /**
   * Gives a batch back, so that its memory is used for another one. Batches go back in the order
   * they came.
   *
   * @throws IllegalArgumentException if it is not the oldest batch that is out
   * @throws IllegalStateException after {@link #close}
   */
  public void release(Batch batch) {
    checkOpen();
    Objects.requireNonNull(batch, "batch");
    int oldest = released;
    if (oldest == taken || batch != ring[oldest % ring.length]) {
      throw new IllegalArgumentException(
          oldest == taken
              ? "no batch is out: it was released before, or belongs to another loader"
              : "batches must be released in the order they came, the oldest first");
    }
    released = oldest + 1;
    LockSupport.unpark(producer); // does nothing for null
  }

  /**
   * Stops the thread and frees the memory; batches become invalid. Does nothing the second time.
   */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    LockSupport.unpark(
        waitingConsumer); // should it wait in spite of the contract, it finds the loader closed
    if (producer != null) {
      LockSupport.unpark(producer);
      boolean interrupted = false;
      while (producer.isAlive()) {
        try {
          producer.join();
        } catch (InterruptedException e) {
          interrupted = true; // the memory cannot be freed under the producer's hands: wait on
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    arena.close();
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("the loader is closed");
    }
  }

  /** A condition the consumer waits for. */
  private interface Condition {
    boolean holds();
  }

  // Made once, so that next() does not make it.
  private final Condition batchOrFailure = this::batchOrFailure;

  private boolean batchOrFailure() {
    return filled > taken || failure != null;
  }

  /**
   * Parks the consumer until the producer has brought a condition about. An interrupt is kept for
   * later.
   */
  private void await(Condition condition) {
    boolean interrupted = false;
    waitingConsumer = Thread.currentThread();
    while (!condition.holds() && !closing) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    waitingConsumer = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    checkOpen();
  }

  private void produce() {
    long request = 0;
    while (awaitRequest(request)) {
      request = requested;
      int first = requestedFirst;
      int epoch = requestedEpoch;
      filled = 0;
      released = 0; // the consumer waits in start(): nobody else writes it now
      failure = null;
      accepted = request;
      LockSupport.unpark(waitingConsumer);
      try {
        filler.begin(epoch);
        for (int i = 0; first + i < batches && awaitRoom(request, i); i++) {
          filler.fill(ring[i % ring.length], first + i);
          filled = i + 1;
          LockSupport.unpark(waitingConsumer);
        }
      } catch (Throwable e) {
        failure = e;
        LockSupport.unpark(waitingConsumer);
      }
    }
  }

  /** Waits for a request other than the last one; false: close instead. */
  private boolean awaitRequest(long last) {
    while (requested == last && !closing) {
      LockSupport.park(this);
    }
    return !closing;
  }

  /** Waits for a free batch; false: leave this epoch. */
  private boolean awaitRoom(long request, int number) {
    while (number - released >= ring.length && requested == request && !closing) {
      LockSupport.park(this);
    }
    return requested == request && !closing;
  }
}
