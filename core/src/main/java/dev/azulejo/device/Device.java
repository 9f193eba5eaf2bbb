package dev.azulejo.device;

import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.bindings.azulejo.azj_device_info;
import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * An open device: its memory, and the streams that run operations on it.
 *
 * <p>Threads: any thread may allocate, free, ask for reports, open streams and close the device. A
 * {@link Stream} belongs to one thread.
 *
 * <p>Ownership: the device owns its streams and their workspaces. Every {@link DeviceBuffer}
 * belongs to who allocated it and is closed before the device; {@link #close} frees what was
 * forgotten, and then says so.
 */
public final class Device implements AutoCloseable {
  private final DeviceKind kind;
  private final int ordinal;
  private final MemorySegment handle;
  private final Object lock = new Object();
  private final Holdings holdings = new Holdings();
  private Stream defaultStream;
  private volatile boolean open = true;

  private Device(DeviceKind kind, int ordinal, MemorySegment handle) {
    this.kind = kind;
    this.ordinal = ordinal;
    this.handle = handle;
  }

  /** Opens the first device of a kind; see {@link #open(DeviceKind, int)}. */
  public static Device open(DeviceKind kind) {
    return open(kind, 0);
  }

  /**
   * Opens a device and its default stream, which is bound to the calling thread.
   *
   * @param ordinal which device of that kind, from 0
   * @throws DeviceUnavailableException where there is none; the message says what is missing
   */
  public static Device open(DeviceKind kind, int ordinal) {
    return open(kind, ordinal, 0);
  }

  /** Opens the host as a device, its default stream with a thread for every usable processor. */
  public static Device cpu() {
    return cpu(0);
  }

  /**
   * Opens the host as a device.
   *
   * @param threads size of the default stream's team, 1..1024, or 0 for every usable processor
   */
  public static Device cpu(int threads) {
    return open(DeviceKind.CPU, 0, threads);
  }

  /**
   * Opens the first CUDA device, or the CPU where there is none, and logs which it took and why.
   */
  public static Device best() {
    return DeviceSearch.best();
  }

  /**
   * Every device of this machine that this build of the native library can use. One that is there
   * but cannot be used (a GPU that the build has no kernels for, a lost device) is left out, and a
   * warning is logged.
   */
  public static List<DeviceInfo> list() {
    return DeviceSearch.list();
  }

  private static Device open(DeviceKind kind, int ordinal, int threads) {
    Objects.requireNonNull(kind, "kind");
    Stream.checkThreads(threads);
    NativeLibraries.loadAzulejo();
    Device device;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_device_open(kind.code(), ordinal, out), "azj_device_open");
      device = new Device(kind, ordinal, out.get(azulejo_h.C_POINTER, 0));
    }
    try {
      device.defaultStream = device.openStream(threads);
      return device;
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }

  /** What this device is. */
  public DeviceKind kind() {
    return kind;
  }

  /** Whether this device's memory is memory of the host, which Java may read and write. */
  public boolean isHost() {
    return kind == DeviceKind.CPU;
  }

  /** What the device says about itself now. */
  public DeviceInfo info() {
    synchronized (lock) {
      checkOpen();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment info = azj_device_info.allocate(arena);
        NativeCall.check(azulejo_h.azj_device_query(handle, info), "azj_device_query");
        return DeviceInfo.read(kind, info);
      }
    }
  }

  /**
   * Allocates device memory, contents undefined, aligned to 256 bytes.
   *
   * @param owner whose memory it is, shown in the {@link MemoryReport}
   * @param bytes how much, at least 1
   * @throws OutOfDeviceMemoryException where the device has not that much; everything else keeps
   *     working
   */
  public DeviceBuffer allocate(String owner, long bytes) {
    Objects.requireNonNull(owner, "owner");
    Sizes.atLeast(1, bytes, "bytes of '" + owner + "'");
    synchronized (lock) {
      checkOpen();
      MemorySegment memory = NativeMemory.allocate(handle, bytes);
      try {
        return holdings.memory().add(new DeviceBuffer(this, owner, memory, bytes));
      } catch (RuntimeException | Error e) {
        NativeMemory.free(handle, memory);
        throw e;
      }
    }
  }

  /**
   * Allocates memory for so many elements of 4 bytes, float or int; see {@link #allocate}.
   *
   * @param count at least 1
   * @throws IllegalArgumentException where the bytes do not fit 64 bits
   */
  public DeviceBuffer allocateFloats(String owner, long count) {
    Objects.requireNonNull(owner, "owner");
    Sizes.atLeast(1, count, "elements of '" + owner + "'");
    return allocate(owner, Sizes.bytes(count, "'" + owner + "'"));
  }

  /**
   * Allocates host memory for asynchronous copies, contents undefined; see {@link HostBuffer}.
   *
   * @param owner whose memory it is, shown in the {@link MemoryReport}
   * @param bytes how much, at least 1
   * @throws OutOfDeviceMemoryException where the system does not give that much
   */
  public HostBuffer allocateHost(String owner, long bytes) {
    Objects.requireNonNull(owner, "owner");
    Sizes.atLeast(1, bytes, "bytes of '" + owner + "'");
    synchronized (lock) {
      checkOpen();
      MemorySegment memory = NativeMemory.allocateHost(handle, bytes);
      try {
        return holdings.memory().add(new HostBuffer(this, owner, memory, bytes));
      } catch (RuntimeException | Error e) {
        NativeMemory.freeHost(handle, memory);
        throw e;
      }
    }
  }

  /** Opens an event, to be closed before the device. */
  public Event openEvent() {
    synchronized (lock) {
      checkOpen();
      Event event = Event.open(this, handle);
      holdings.events().add(event);
      return event;
    }
  }

  /** The stream that was opened with the device, for the thread that opened the device. */
  public Stream stream() {
    checkOpen();
    return defaultStream;
  }

  /**
   * Opens another stream, bound to the calling thread.
   *
   * @param threads size of its team, 1..1024, or 0 for every usable processor; 0 on devices without
   *     teams
   */
  public Stream openStream(int threads) {
    Stream.checkThreads(threads);
    synchronized (lock) {
      checkOpen();
      Stream stream = Stream.open(this, handle, threads);
      holdings.streams().add(stream);
      return stream;
    }
  }

  /** The memory now allocated on this device, by owner. May be asked after close. */
  public MemoryReport memory() {
    synchronized (lock) {
      return holdings.memory().report();
    }
  }

  /** Whether {@link #close} has not been called yet. */
  public boolean isOpen() {
    return open;
  }

  /**
   * Closes the device with its streams; a second call does nothing.
   *
   * @throws IllegalStateException where an operation is still running on another thread, and the
   *     device stays open; or where buffers or streams had not been closed: they are freed, the
   *     device is closed, and the message names them
   */
  @Override
  public void close() {
    synchronized (lock) {
      if (!open) {
        return;
      }
      String forgotten = holdings.closeAll(defaultStream);
      NativeCall.check(azulejo_h.azj_device_close(handle), "azj_device_close");
      open = false;
      if (!forgotten.isEmpty()) {
        throw new IllegalStateException(
            this
                + " was closed while in use: "
                + forgotten
                + " were not closed before it; they are closed now");
      }
    }
  }

  /** The device in words, such as "device CPU 0". */
  @Override
  public String toString() {
    return "device " + kind + " " + ordinal;
  }

  /** Bytes allocated as the native library counts them. */
  long nativeLiveBytes() {
    synchronized (lock) {
      checkOpen();
      return NativeMemory.liveBytes(handle);
    }
  }

  /** Frees a buffer's memory; called once, by the buffer. */
  void free(Holding buffer, MemorySegment memory) {
    synchronized (lock) {
      holdings.memory().remove(buffer);
      if (buffer instanceof HostBuffer) {
        NativeMemory.freeHost(handle, memory);
      } else {
        NativeMemory.free(handle, memory);
      }
    }
  }

  /** Forgets an event that is closed. */
  void forget(Event event) {
    synchronized (lock) {
      holdings.events().remove(event);
    }
  }

  /** Forgets a stream that is closed. */
  void forget(Stream stream) {
    synchronized (lock) {
      holdings.streams().remove(stream);
    }
  }

  /** The lock under which memory and streams of this device come and go. */
  Object lock() {
    return lock;
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException(this + " is closed");
    }
  }
}
