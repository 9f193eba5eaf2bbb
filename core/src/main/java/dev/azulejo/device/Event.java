package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A point in a stream's work: to wait for it, to let another stream wait for it ({@link
 * Stream#await}), and to measure time as the device sees it. Made by {@link Device#openEvent},
 * closed before the device.
 *
 * <p>Threads: recording belongs to the stream's thread; any thread may wait.
 */
public final class Event implements AutoCloseable {
  private final Device device;
  private final MemorySegment pointer;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment handle;
  private volatile boolean open = true;

  private Event(Device device, MemorySegment pointer) {
    this.device = device;
    this.pointer = pointer;
    this.handle = pointer.reinterpret(0, arena, null);
  }

  /** Called by the device, under its lock. */
  static Event open(Device device, MemorySegment deviceHandle) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_event_open(deviceHandle, out), "azj_event_open");
      return new Event(device, out.get(azulejo_h.C_POINTER, 0));
    }
  }

  /** The event is now the point after all work that the stream was given so far. */
  public void record(Stream stream) {
    Objects.requireNonNull(stream, "stream");
    checkDevice(stream.device(), stream);
    NativeCall.check(azulejo_h.azj_event_record(stream.handle(), handle()), "azj_event_record");
  }

  /**
   * Waits until the event's point is reached.
   *
   * @throws AzulejoException where the event was never recorded
   */
  public void synchronize() {
    NativeCall.check(azulejo_h.azj_event_synchronize(handle()), "azj_event_synchronize");
  }

  /**
   * Milliseconds from another event's point to this one's; waits for both.
   *
   * @throws AzulejoException where one of them was never recorded
   */
  public double millisecondsSince(Event start) {
    Objects.requireNonNull(start, "start");
    checkDevice(start.device, "the other event");
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(azulejo_h.C_DOUBLE);
      NativeCall.check(
          azulejo_h.azj_event_elapsed(start.handle(), handle(), out), "azj_event_elapsed");
      return out.get(azulejo_h.C_DOUBLE, 0);
    }
  }

  /** Closes the event; a second call does nothing. */
  @Override
  public void close() {
    synchronized (device.lock()) {
      if (!open) {
        return;
      }
      try {
        arena.close();
      } catch (IllegalStateException e) {
        throw new IllegalStateException(
            this + " is waited for by another thread; let that end before closing", e);
      }
      open = false;
      device.forget(this);
      NativeCall.check(azulejo_h.azj_event_close(pointer), "azj_event_close");
    }
  }

  /** The event in words, such as "event of device CPU 0". */
  @Override
  public String toString() {
    return "event of " + device;
  }

  /** The native event, for a stream of the same device. */
  MemorySegment handle() {
    if (!open) {
      throw new IllegalStateException(this + " is closed");
    }
    return handle;
  }

  /**
   * Checks that it may be used with something.
   *
   * @param what that, named in the message only: a check allocates nothing
   */
  void checkDevice(Device other, Object what) {
    if (other != device) {
      throw new IllegalArgumentException(
          this + " and " + what + " are of different devices; open an event on each");
    }
  }
}
