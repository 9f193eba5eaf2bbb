package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread with a {@link Replica}, which works on its share of each mini-batch (Algorithm 2, row
 * T13). Handing over takes two volatile counters and allocates nothing.
 */
final class Worker implements AutoCloseable {
  /** How long a side looks at the other's counter before it sleeps; shares arrive a step apart. */
  private static final int SPINS = 2000;

  private final Thread thread;
  private final Thread trainer = Thread.currentThread();
  private final Network network;
  private final int threads;
  private final Loss loss;
  private final int maxShare;
  private final long imageBytes;
  private final Shares imageShares = new Shares();
  private final Shares labelShares = new Shares();
  private Replica replica;
  private MemorySegment images;
  private MemorySegment labels;
  private int first;
  private int samples;
  private int whole;
  private volatile Throwable failure;
  private volatile long asked;
  private volatile long done;
  private volatile boolean closing;

  /** Starts the thread; its replica is there when this returns. */
  Worker(int number, Network network, int threads, Loss loss, int maxShare) {
    this.network = network;
    this.threads = threads;
    this.loss = loss;
    this.maxShare = maxShare;
    this.imageBytes = (long) network.spec().input().size() * Float.BYTES;
    thread = Thread.ofPlatform().daemon().name("azulejo-worker-" + number).unstarted(this::work);
    asked = 1; // the first job is to allocate
    thread.start();
    try {
      await();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Gives the worker its share of a mini-batch; returns at once.
   *
   * @param first the share's first sample
   * @param samples of the share
   * @param whole samples of the mini-batch
   */
  void begin(MemorySegment images, MemorySegment labels, int first, int samples, int whole) {
    this.images = images;
    this.labels = labels;
    this.first = first;
    this.samples = samples;
    this.whole = whole;
    asked = asked + 1; // publishes the share; only the trainer writes it
    LockSupport.unpark(thread);
  }

  /** Waits until the share is done; rethrows what went wrong. */
  void await() {
    // A worker that failed has ended: it answers nothing any more.
    for (int spins = 0; done != asked && failure == null; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
    Throwable cause = failure;
    if (cause != null) {
      throw new IllegalStateException(thread.getName() + " failed: " + cause.getMessage(), cause);
    }
  }

  /** What it works with; only between {@link #await} and {@link #begin}. */
  Replica replica() {
    return replica;
  }

  /** Ends the thread, which frees its memory; a second call does nothing. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true; // the memory is freed first
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try (Stream stream = network.device().openStream(threads);
        Replica mine = new Replica(network, stream, loss, maxShare)) {
      replica = mine;
      finish(1);
      for (long job = 2; next(job); job++) {
        if (samples > 0) {
          mine.gradients(
              imageShares.of(images, first * imageBytes, samples * imageBytes),
              labelShares.of(labels, (long) first * Integer.BYTES, (long) samples * Integer.BYTES),
              samples,
              whole);
          mine.scorer().collect();
        }
        finish(job);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      finish(asked);
    }
  }

  private boolean next(long job) {
    for (int spins = 0; asked < job; spins++) {
      if (closing) {
        return false;
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
    return !closing;
  }

  private void finish(long job) {
    done = job;
    LockSupport.unpark(trainer);
  }
}
