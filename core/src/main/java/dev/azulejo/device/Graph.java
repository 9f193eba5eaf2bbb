package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Operations of a stream, recorded once by {@link Stream#capture} and run as a whole, as often as
 * wanted, by one native call. It holds the addresses that it was recorded with: the tensors must
 * stay open as long as it is run.
 *
 * <p>Belongs to its stream and the stream's thread; closed with the stream at the latest.
 */
public final class Graph implements AutoCloseable {
  private final Stream stream;
  private final MemorySegment pointer;
  // In the stream's arena, so that the stream cannot be closed by one thread while another
  // launches.
  private final MemorySegment handle;
  private final long size;
  private boolean open = true;

  private Graph(Stream stream, MemorySegment pointer, long size) {
    this.stream = stream;
    this.pointer = pointer;
    this.handle = stream.confine(pointer);
    this.size = size;
  }

  /** Ends the stream's recording. */
  static Graph end(Stream stream) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment out = scratch.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_graph_end(stream.handle(), out), "azj_graph_end");
      MemorySegment pointer = out.get(azulejo_h.C_POINTER, 0);
      try {
        MemorySegment count = scratch.allocate(azulejo_h.C_LONG);
        NativeCall.check(azulejo_h.azj_graph_size(pointer, count), "azj_graph_size");
        return new Graph(stream, pointer, count.get(azulejo_h.C_LONG, 0));
      } catch (RuntimeException | Error e) {
        NativeCall.check(azulejo_h.azj_graph_close(pointer), "azj_graph_close");
        throw e;
      }
    }
  }

  /**
   * Gives the recorded operations to the stream, in its order; returns before they are done.
   * Allocates nothing.
   *
   * @throws IllegalStateException where the graph or its stream is closed, or the stream is bound
   *     to another thread
   * @throws AzulejoException where memory that the graph uses has been freed
   * @throws DeviceLostException where the device has failed
   */
  public void launch() {
    NativeCall.check(azulejo_h.azj_graph_launch(handle()), "azj_graph_launch");
  }

  /**
   * The native graph, for a call of the bindings.
   *
   * @throws IllegalStateException where the graph or its stream is closed, or the stream is bound
   *     to another thread
   */
  public MemorySegment handle() {
    checkOpen();
    stream.handle(); // the thread
    return handle;
  }

  /** Operations recorded: kernels and copies. */
  public long size() {
    return size;
  }

  /** The stream it runs on. */
  public Stream stream() {
    return stream;
  }

  /** Waits for the stream's work and closes the graph; a second call does nothing. */
  @Override
  public void close() {
    if (open) {
      stream.handle(); // the thread
      release();
    }
  }

  /** Closes whatever thread calls. */
  void release() {
    if (open) {
      open = false;
      stream.forget(this);
      NativeCall.check(azulejo_h.azj_graph_close(pointer), "azj_graph_close");
    }
  }

  /** The graph in words, such as "graph of 12 operations of stream of device CUDA 0". */
  @Override
  public String toString() {
    return "graph of " + size + " operations of " + stream;
  }

  private void checkOpen() {
    if (!open) {
      throw new IllegalStateException(
          this + (stream.isOpen() ? " is closed" : " is closed, with its stream"));
    }
  }
}
