package dev.azulejo.device;

import java.lang.foreign.MemorySegment;

/**
 * The scratch memory of one stream, where the one X_unroll of row T15 lives. It grows only through
 * {@link #reserve}, called with what the operations' queries say before the first step; an
 * operation never grows it. All operations of the stream share it, one after another.
 *
 * <p>Confined to the stream's thread. Its bytes appear in the {@link MemoryReport} under {@value
 * #OWNER}, until the stream closes or {@link #trim} gives them back.
 */
public final class Workspace {
  /** The owner's name in memory reports. */
  public static final String OWNER = "workspace";

  private final Stream stream;
  private DeviceBuffer buffer;
  private MemorySegment segment = MemorySegment.NULL;
  private long bytes;

  Workspace(Stream stream) {
    this.stream = stream;
  }

  /** Bytes reserved; 0 before the first reserve. */
  public long bytes() {
    return bytes;
  }

  /**
   * Makes the workspace at least so large; its contents are lost where it grows. Never shrinks it.
   *
   * @param needed bytes, at least 0
   * @throws OutOfDeviceMemoryException where the device has not that much; the workspace stays as
   *     it was
   */
  public void reserve(long needed) {
    Sizes.atLeast(0, needed, "workspace bytes");
    stream.handle();
    if (needed > bytes) {
      // Work that still uses the old memory ends first. The new memory is got before the old is
      // given up.
      stream.synchronize();
      DeviceBuffer grown = stream.device().allocate(OWNER, needed);
      free();
      buffer = grown;
      segment = grown.segmentAt(0, needed);
      bytes = needed;
    }
  }

  /** Gives the memory back, after the stream's work is done; {@link #reserve} may follow. */
  public void trim() {
    stream.synchronize();
    free();
  }

  /** The memory, for an operation of this stream; NULL where nothing is reserved. */
  public MemorySegment segment() {
    return segment;
  }

  void free() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
      segment = MemorySegment.NULL;
      bytes = 0;
    }
  }
}
