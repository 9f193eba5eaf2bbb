package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_random_state;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Where a sequence of random numbers is, in device memory, so that a replayed graph draws new
 * numbers. Used by one thread at a time.
 */
public final class RandomState implements AutoCloseable {
  private final DeviceBuffer memory;
  private final Tensor tensor;

  /** The beginning of the sequence of a seed. */
  public RandomState(Device device, Stream stream, long seed) {
    memory = device.allocate("random state", azj_random_state.sizeof());
    try {
      tensor = memory.longs();
      set(stream, seed, 0);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /**
   * Goes to a position of a seed's sequence.
   *
   * @param position of the next number, at least 0
   */
  public void set(Stream stream, long seed, long position) {
    tensor.upload(stream, new long[] {seed, Sizes.atLeast(0, position, "position")});
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    memory.close();
  }

  MemorySegment argument(Stream stream) {
    return Args.longs(stream, tensor, tensor.count(), "state");
  }
}
