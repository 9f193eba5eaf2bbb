package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_gather_item;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.device.Uploader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * The samples of an epoch in their order, each with its place in the image, and how far {@link
 * Gather#gather} has come in it: both in device memory. Used by one thread at a time.
 */
public final class GatherList implements AutoCloseable {
  private static final String OWNER = "gather list";
  private static final long FIRST_INT = Long.BYTES / Integer.BYTES; // behind the next item
  private static final long ITEM_INTS = azj_gather_item.sizeof() / Integer.BYTES;

  private final int count;
  private final MemorySegment item = azj_gather_item.allocate(Arena.ofAuto());
  private final MemorySegment host; // the next item, then all of them
  private final DeviceBuffer memory; // likewise
  private final Uploader uploader;
  private final Tensor next;
  private final Tensor items;
  private boolean uploaded;

  /**
   * A list on a device, to be filled by {@link #set} and {@link #upload}.
   *
   * @param count its items, at least 1
   */
  public GatherList(Device device, int count) {
    this.count = (int) Sizes.atLeast(1, count, "items");
    long ints = Math.addExact(FIRST_INT, Math.multiplyExact(ITEM_INTS, (long) count));
    host = Arena.ofAuto().allocate(ints * Integer.BYTES, Long.BYTES);
    memory = device.allocateFloats(OWNER, ints);
    try {
      uploader = new Uploader(device, OWNER, host.byteSize());
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
    next = memory.longs(0, 1);
    items = memory.ints(FIRST_INT, ITEM_INTS * count);
  }

  /**
   * Sets an item, in host memory; allocates nothing.
   *
   * @param position in the list
   * @param index of the sample in the data set
   * @param down rows by which the image is moved, less than 0 for up; |down| less than the height
   * @param right columns by which it is moved, less than 0 for left; |right| less than the width
   * @param mirrored whether it is then mirrored left to right
   * @throws IndexOutOfBoundsException where the list has no such position
   * @throws IllegalArgumentException where a distance does not fit 16 bits
   */
  public void set(int position, int index, int down, int right, boolean mirrored) {
    Objects.checkIndex(position, count);
    if (down != (short) down || right != (short) right) {
      throw new IllegalArgumentException(
          "an image moved by " + down + ", " + right + ": distances must fit 16 bits");
    }
    azj_gather_item.index(item, index);
    azj_gather_item.down(item, (short) down);
    azj_gather_item.right(item, (short) right);
    azj_gather_item.mirror(item, mirrored ? 1 : 0);
    long at = Long.BYTES + position * item.byteSize();
    MemorySegment.copy(item, 0, host, at, item.byteSize());
  }

  /**
   * Copies the items to the device, after the work that still reads the old ones. Does not wait for
   * that work.
   *
   * @param next the item that the next gather begins with
   */
  public void upload(Stream stream, long next) {
    host.set(ValueLayout.JAVA_LONG, 0, next);
    uploader.upload(stream, memory.ints(), host.byteSize() / Integer.BYTES, host);
    uploaded = true;
  }

  /** The next gather begins with this item of those that are there. */
  public void rewind(Stream stream, long next) {
    host.set(ValueLayout.JAVA_LONG, 0, next);
    uploader.upload(stream, this.next, 1, host);
  }

  /** Items. */
  public int count() {
    return count;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    memory.close();
    uploader.close();
  }

  MemorySegment items(Stream stream) {
    if (!uploaded) {
      throw new IllegalStateException("the gather list was not uploaded yet; call upload(...)");
    }
    return Args.ints(stream, items, ITEM_INTS * count, "items");
  }

  MemorySegment next(Stream stream) {
    return Args.longs(stream, next, 1, "next");
  }
}
