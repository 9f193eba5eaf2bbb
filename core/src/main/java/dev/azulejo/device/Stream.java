package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

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
  private final List<Graph> graphs = new ArrayList<>();
  private volatile Thread owner;
  private volatile boolean open = true;
  private boolean capturing;

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
   * Work given to the stream after this call starts when the event's point is reached. The host
   * does not wait.
   *
   * @throws AzulejoException where the event was never recorded
   */
  public void await(Event event) {
    Objects.requireNonNull(event, "event");
    event.checkDevice(device, this);
    NativeCall.check(azulejo_h.azj_event_wait(handle(), event.handle()), "azj_event_wait");
  }

  /**
   * Records the operations that some work calls on this stream, instead of running them. What must
   * run at once cannot be recorded and fails: {@link #synchronize}, uploads and downloads that
   * wait, events. Waits for the stream's work first. Run the work once before: AUTO algorithms are
   * chosen then.
   *
   * @return the recording, to be closed before the stream, and closed with it at the latest
   * @throws UnsupportedProblemException on the CPU, where a call is already a plain function call
   * @throws AzulejoException where the work recorded nothing, or something that cannot be recorded
   */
  public Graph capture(Runnable work) {
    Objects.requireNonNull(work, "work");
    NativeCall.check(azulejo_h.azj_graph_begin(handle()), "azj_graph_begin");
    capturing = true;
    try {
      work.run();
    } catch (RuntimeException | Error e) {
      discardRecording(e);
      throw e;
    } finally {
      capturing = false;
    }
    Graph graph = Graph.end(this);
    graphs.add(graph);
    return graph;
  }

  /** Whether operations called now are recorded by {@link #capture}. */
  public boolean isCapturing() {
    return capturing;
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
   * The {@code CUstream} behind it, for another library on the same memory; makes its device the
   * calling thread's current one. Not for the training step: it allocates.
   *
   * @throws UnsupportedProblemException where the device is not a CUDA device
   */
  public MemorySegment nativeStream() {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_stream_native(handle(), out), "azj_stream_native");
      return out.get(azulejo_h.C_POINTER, 0);
    }
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
      List.copyOf(graphs).forEach(Graph::release);
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

  /** A native handle that cannot be closed in the middle of a call, and not used after close. */
  MemorySegment confine(MemorySegment other) {
    return other.reinterpret(0, arena, null);
  }

  /** Forgets a graph that is closed. */
  void forget(Graph graph) {
    graphs.remove(graph);
  }

  /** Lets the stream run again; what it cannot end is told beside the failure that came first. */
  private void discardRecording(Throwable failure) {
    try {
      Graph.end(this).release();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
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
