package dev.azulejo.device;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Uploads of which one may still be waiting in its stream, behind work that takes long, when the
 * next is called: two pieces of page-locked host memory take turns. The general {@link
 * Tensor#upload(Stream, MemorySegment)} shares its piece with all uploads of the stream, and would
 * wait. Used by one thread at a time.
 */
public final class Uploader implements AutoCloseable {
  private static final int PIECES = 2;

  private final HostBuffer[] pieces = new HostBuffer[PIECES];
  private final Event[] copied = new Event[PIECES];
  private final boolean[] underWay = new boolean[PIECES];
  private int turn;

  /**
   * Allocates the pieces.
   *
   * @param owner whose memory it is, shown in the {@link MemoryReport}
   * @param bytes of the largest upload
   */
  public Uploader(Device device, String owner, long bytes) {
    try {
      for (int i = 0; i < PIECES; i++) {
        pieces[i] = device.allocateHost(owner, bytes);
        copied[i] = device.openEvent();
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * Copies the first elements of off-heap host memory to the first of a tensor, in the stream's
   * order. The source may be reused at once. Waits for the upload before the last one, where that
   * is not done yet; allocates nothing.
   */
  public void upload(Stream stream, Tensor target, long elements, MemorySegment source) {
    Objects.requireNonNull(target, "target");
    long bytes = elements * target.type().bytes();
    HostCopy.checkHost(source, bytes, "source");
    if (underWay[turn]) {
      copied[turn].synchronize();
      underWay[turn] = false;
    }
    MemorySegment.copy(source, 0, pieces[turn].segment(), 0, bytes);
    target.uploadAsync(stream, elements, pieces[turn]);
    copied[turn].record(stream);
    underWay[turn] = true;
    turn = (turn + 1) % PIECES;
  }

  /** Waits for the copies under way and frees the memory; a second call does nothing. */
  @Override
  public void close() {
    for (int i = 0; i < PIECES; i++) {
      if (pieces[i] != null) {
        pieces[i].close();
      }
      if (copied[i] != null) {
        copied[i].close();
      }
    }
  }
}
