package dev.azulejo.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The sole owner of one allocation on a device. Tensors are views of it and end with it.
 *
 * <p>Threads: any thread may make views and close it. An operation that runs on another thread
 * holds the memory: closing fails until it is done. On devices whose operations return early,
 * synchronize the streams that use the memory first.
 */
public final class DeviceBuffer implements Holding {
  private final Device device;
  private final String owner;
  private final MemorySegment memory;
  private final long bytes;
  // Every segment given to an operation lives in this arena: a native call holds it open, so that
  // memory is never freed
  // under a running operation, and after close each use fails instead of touching freed memory.
  private final Arena arena;
  private volatile boolean open = true;

  /** Called by the device, under its lock. */
  DeviceBuffer(Device device, String owner, MemorySegment memory, long bytes) {
    this.device = device;
    this.owner = owner;
    this.memory = memory;
    this.bytes = bytes;
    this.arena = Arena.ofShared();
  }

  /** Its size. */
  @Override
  public long bytes() {
    return bytes;
  }

  /** The device whose memory it is. */
  public Device device() {
    return device;
  }

  /** Whose memory it is, as in the {@link MemoryReport}. */
  public String owner() {
    return owner;
  }

  @Override
  public String reportedOwner() {
    return owner;
  }

  /** Whether it is not closed yet. */
  public boolean isOpen() {
    return open;
  }

  /**
   * All of it as floats.
   *
   * @throws IllegalArgumentException where its bytes are no whole number of elements
   */
  public Tensor floats() {
    return all(ElementType.F32);
  }

  /**
   * A part of it as floats.
   *
   * @param offset of the first, in floats
   * @param count how many, at least 1
   * @throws IndexOutOfBoundsException where the part is not inside
   */
  public Tensor floats(long offset, long count) {
    return new Tensor(this, ElementType.F32, offset, count);
  }

  /** All of it as 32-bit integers; see {@link #floats()}. */
  public Tensor ints() {
    return all(ElementType.I32);
  }

  /** A part of it as 32-bit integers; see {@link #floats(long, long)}. */
  public Tensor ints(long offset, long count) {
    return new Tensor(this, ElementType.I32, offset, count);
  }

  /** All of it as 64-bit integers; see {@link #floats()}. */
  public Tensor longs() {
    return all(ElementType.I64);
  }

  /** A part of it as 64-bit integers; see {@link #floats(long, long)}. */
  public Tensor longs(long offset, long count) {
    return new Tensor(this, ElementType.I64, offset, count);
  }

  /** All of it as bytes 0 to 255; see {@link #floats()}. */
  public Tensor pixels() {
    return all(ElementType.U8);
  }

  /** A part of it as bytes 0 to 255; see {@link #floats(long, long)}. */
  public Tensor pixels(long offset, long count) {
    return new Tensor(this, ElementType.U8, offset, count);
  }

  /** All of it as BF16; see {@link #floats()}. */
  public Tensor bf16() {
    return all(ElementType.BF16);
  }

  /** A part of it as BF16; see {@link #floats(long, long)}. */
  public Tensor bf16(long offset, long count) {
    return new Tensor(this, ElementType.BF16, offset, count);
  }

  /**
   * Frees the memory; a second call does nothing.
   *
   * @throws IllegalStateException where an operation on another thread is using it, and it stays
   *     open
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

  /** The buffer in words, such as "buffer 'weights' (4096 bytes) of device CPU 0". */
  @Override
  public String toString() {
    return "buffer '" + owner + "' (" + bytes + " bytes) of " + device;
  }

  /**
   * A part of the memory; of no length where the host may not dereference it. The bounds are the
   * caller's.
   */
  MemorySegment segmentAt(long offset, long length) {
    checkOpen();
    return MemorySegment.ofAddress(memory.address() + offset)
        .reinterpret(device.isHost() ? length : 0, arena, null);
  }

  void checkOpen() {
    if (!open) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  private Tensor all(ElementType type) {
    if (bytes % type.bytes() != 0) {
      throw new IllegalArgumentException(
          this + " is no whole number of elements of " + type.bytes() + " bytes");
    }
    return new Tensor(this, type, 0, bytes / type.bytes());
  }
}
