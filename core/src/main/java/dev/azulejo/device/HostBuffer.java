package dev.azulejo.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The sole owner of host memory that a device copies from and to by itself (page-locked on CUDA),
 * for {@link Tensor#uploadAsync} and {@link Tensor#downloadAsync}. It is taken from the whole
 * machine: allocate little.
 *
 * <p>Threads: any thread may read, write and close it. Who changes it while a copy is under way
 * copies some mixture: wait with an {@link Event} first.
 */
public final class HostBuffer implements Holding {
  private final Device device;
  private final String owner;
  private final MemorySegment memory;
  private final long bytes;
  // As in DeviceBuffer: a native call holds the arena, so memory is never freed under it.
  private final Arena arena;
  private final MemorySegment segment;
  private volatile boolean open = true;

  /** Called by the device, under its lock. */
  HostBuffer(Device device, String owner, MemorySegment memory, long bytes) {
    this.device = device;
    this.owner = owner;
    this.memory = memory;
    this.bytes = bytes;
    this.arena = Arena.ofShared();
    this.segment = memory.reinterpret(bytes, arena, null);
  }

  /** Its size. */
  @Override
  public long bytes() {
    return bytes;
  }

  /** The device that copies from and to it. */
  public Device device() {
    return device;
  }

  /** Whether it is not closed yet. */
  public boolean isOpen() {
    return open;
  }

  /**
   * The memory, for the host to read and write until the buffer is closed; aligned to 256 bytes.
   *
   * @throws IllegalStateException where it is closed
   */
  public MemorySegment segment() {
    checkOpen();
    return segment;
  }

  /**
   * Waits for the copies under way and frees the memory; a second call does nothing.
   *
   * @throws IllegalStateException where another thread is just giving it to an operation, and it
   *     stays open
   */
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
            this + " is in use by an operation on another thread; wait for it before closing", e);
      }
      open = false;
      device.free(this, memory);
    }
  }

  @Override
  public String reportedOwner() {
    return owner + " (host memory)";
  }

  /** The buffer in words, such as "host buffer 'labels' (256 bytes) of device CUDA 0". */
  @Override
  public String toString() {
    return "host buffer '" + owner + "' (" + bytes + " bytes) of " + device;
  }

  /** A part of the memory as an argument of a copy; allocates nothing. */
  MemorySegment argument(Stream stream, MemorySegment part, long needed, String name) {
    checkOpen();
    if (stream.device() != device) {
      throw new IllegalArgumentException(
          name + " is of another device than the stream: " + this + ", and " + stream);
    }
    long offset = part.address() - memory.address();
    if (offset < 0 || offset > bytes) {
      throw new IllegalArgumentException(name + " is not a part of " + this);
    }
    long there = Math.min(part.byteSize(), bytes - offset);
    if (there < needed) {
      throw new IllegalArgumentException(
          name + " needs at least " + needed + " bytes, has " + there + ": " + this);
    }
    return part;
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException(this + " is closed");
    }
  }
}
