package dev.azulejo.nn;

import dev.azulejo.device.Device;
import dev.azulejo.device.Event;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * How often a network's weights have been written, for plans that compute with copies of them. What
 * cannot be counted (a tensor that somebody holds, a recorded graph that writes whenever it is run)
 * makes every copy stale at once.
 *
 * <p>Threads: any. A copy on another stream than the last write's waits for that write on the
 * device, so it never lasts longer than what it was made from.
 */
final class WeightChanges implements AutoCloseable {
  /** The number of changes that no copy is as new as. */
  static final long UNCOUNTED = -1;

  private final AtomicLong count = new AtomicLong();
  private final Event written; // null on the host, where a call returns when its work is done

  WeightChanges(Device device) {
    written = device.isHost() ? null : device.openEvent();
  }

  /** The writes so far, or {@link #UNCOUNTED}. */
  long count() {
    return count.get();
  }

  /** From now on any time may have been a write. */
  void cannotBeCounted() {
    count.set(UNCOUNTED);
  }

  /** Counts what operations on a stream write to the weights. */
  void around(Stream stream, Consumer<Tensor> operations, Tensor weights) {
    try {
      operations.accept(weights);
    } catch (RuntimeException | Error e) {
      cannotBeCounted(); // what it has written, nobody knows
      throw e;
    }
    if (stream.isCapturing()) {
      cannotBeCounted(); // each run of the recording will write
      return;
    }
    if (written != null) {
      written.record(stream);
    }
    // After the record: who sees the new number waits for this write, or a later one.
    long before;
    do {
      before = count.get();
    } while (before != UNCOUNTED && !count.compareAndSet(before, before + 1));
  }

  /** What a stream is given from now on comes after the last write that was counted. */
  void await(Stream stream) {
    if (written != null && count.get() > 0) {
      stream.await(written);
    }
  }

  @Override
  public void close() {
    if (written != null) {
      written.close();
    }
  }
}
