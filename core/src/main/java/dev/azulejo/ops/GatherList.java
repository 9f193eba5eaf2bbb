package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_gather_item;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The samples of an epoch in their order, each with its place in the image, and how far {@link
 * Gather#gather} has come in it: both in device memory. Used by one thread at a time.
 */
public final class GatherList implements AutoCloseable {
  private static final String OWNER = "gather list";
  private static final long ITEM_INTS = azj_gather_item.sizeof() / Integer.BYTES;

  private final int count;
  private final MemorySegment item = azj_gather_item.allocate(Arena.ofAuto());
  private final MemorySegment host;
  private final DeviceBuffer itemMemory;
  private final DeviceBuffer nextMemory;
  private final Tensor items;
  private final Tensor next;
  private boolean uploaded;

  /**
   * A list on a device, to be filled by {@link #set} and {@link #upload}.
   *
   * @param count its items, at least 1
   */
  public GatherList(Device device, int count) {
    this.count = (int) Sizes.atLeast(1, count, "items");
    host = Arena.ofAuto().allocate(azj_gather_item.layout(), count);
    itemMemory = device.allocate(OWNER, host.byteSize());
    try {
      nextMemory = device.allocate(OWNER, Long.BYTES);
    } catch (RuntimeException | Error e) {
      itemMemory.close();
      throw e;
    }
    items = itemMemory.ints();
    next = nextMemory.longs();
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
    MemorySegment.copy(item, 0, host, position * item.byteSize(), item.byteSize());
  }

  /**
   * Copies the items to the device, after the work that still reads the old ones.
   *
   * @param next the item that the next gather begins with
   */
  public void upload(Stream stream, long next) {
    items.upload(stream, host);
    this.next.upload(stream, new long[] {next});
    uploaded = true;
  }

  /** Items. */
  public int count() {
    return count;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    itemMemory.close();
    nextMemory.close();
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
