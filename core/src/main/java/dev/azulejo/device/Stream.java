package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A queue of operations on a device, run in the order of the calls; on the CPU also a team of
 * threads.
 *
 * <p>Threads: a stream is confined to the thread that opened it, which every operation checks.
 * {@link #bindToCurrentThread} hands it over; who calls it makes sure that the thread before is
 * done with the stream. Different streams may be used by different threads at once.
 *
 * <p>On the CPU an operation's work is done when the call returns. On other devices the call may
 * return earlier, and {@link #synchronize} waits; a {@link Tensor#download} waits for the
 * operations before it.
 */
public final class Stream implements AutoCloseable {
  private static final int MAX_THREADS = 1024;

  private final Device device;
  private final MemorySegment pointer;
  private final int threads;
  // The handle lives in an arena, so that it cannot be closed by one thread in the middle of a call
  // by another.
  private final Arena arena;
  private final MemorySegment handle;
  private final Workspace workspace;
  private volatile Thread owner;
  private volatile boolean open = true;

  private Stream(Device device, MemorySegment pointer, int threads) {
    this.device = device;
    this.pointer = pointer;
    this.threads = threads;
    this.arena = Arena.ofShared();
    this.handle = pointer.reinterpret(0, arena, null);
    this.workspace = new Workspace(this);
    this.owner = Thread.currentThread();
  }

  /** Called by the device, under its lock. */
  static Stream open(Device device, MemorySegment deviceHandle, int threads) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_stream_open(deviceHandle, threads, out), "azj_stream_open");
      MemorySegment pointer = out.get(azulejo_h.C_POINTER, 0);
      try {
        MemorySegment team = scratch.allocate(azulejo_h.C_INT);
        NativeCall.check(azulejo_h.azj_stream_threads(pointer, team), "azj_stream_threads");
        return new Stream(device, pointer, team.get(azulejo_h.C_INT, 0));
      } catch (RuntimeException | Error e) {
        NativeCall.check(azulejo_h.azj_stream_close(pointer), "azj_stream_close");
        throw e;
      }
    }
  }

  static void checkThreads(int threads) {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads must be 1.."
              + MAX_THREADS
              + ", or 0 for every usable processor, was "
              + threads);
    }
  }

  /** The device it runs on. */
  public Device device() {
    return device;
  }

  /** Size of its team of threads; 1 on devices that have none. */
  public int threads() {
    return threads;
  }

  /** The scratch memory of its operations. */
  public Workspace workspace() {
    return workspace;
  }

  /** Whether the stream is not closed yet. */
  public boolean isOpen() {
    return open;
  }

  /** Waits until all its work is done. */
  public void synchronize() {
    NativeCall.check(azulejo_h.azj_synchronize(handle()), "azj_synchronize");
  }

  /**
   * Hands the stream to the calling thread; the thread that had it may not use it any more.
   *
   * @throws IllegalStateException where the stream is closed
   */
  public void bindToCurrentThread() {
    checkOpen();
    owner = Thread.currentThread();
  }

  /**
   * The native stream, for an operation.
   *
   * @throws IllegalStateException where the stream is closed, or bound to another thread
   */
  public MemorySegment handle() {
    if (Thread.currentThread() != owner || !open) {
      throw misuse();
    }
    return handle;
  }

  /**
   * Waits for the stream's work and closes it, and frees its workspace; a second call does nothing.
   *
   * @throws IllegalStateException where the stream is bound to another thread
   */
  @Override
  public void close() {
    if (open) {
      handle();
      release();
    }
  }

  /** Closes whatever thread calls; refuses while a call on another thread is running. */
  void release() {
    synchronized (device.lock()) {
      if (!open) {
        return;
      }
      try {
        arena.close();
      } catch (IllegalStateException e) {
        throw new IllegalStateException(
            this + " is running an operation on " + owner + "; wait for it before closing", e);
      }
      open = false;
      device.forget(this);
      try {
        NativeCall.check(azulejo_h.azj_stream_close(pointer), "azj_stream_close");
      } finally {
        workspace.free();
      }
    }
  }

  /** The stream in words, such as "stream of device CPU 0". */
  @Override
  public String toString() {
    return "stream of " + device;
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  private IllegalStateException misuse() {
    checkOpen();
    return new IllegalStateException(
        this
            + " is bound to "
            + owner
            + ", but was used by "
            + Thread.currentThread()
            + "; open a stream for each thread, or hand it over with bindToCurrentThread()");
  }
}
