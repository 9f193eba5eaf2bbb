package dev.azulejo.ops;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.device.Uploader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An optimiser's settings in device memory: those in force, and those of the steps to come, a row
 * each, of which {@link #next} puts the next one in force. Used by one thread at a time.
 */
final class SettingsTable implements AutoCloseable {
  private static final long FIRST_FLOAT = Long.BYTES / Float.BYTES; // behind the position

  private final String owner;
  private final int rows;
  private final long columns;
  private final MemorySegment row;
  private final MemorySegment host; // position, then the rows
  private final DeviceBuffer memory; // position, the rows, then the settings in force
  private final Uploader uploader;
  private final Tensor position;
  private final Tensor table;
  private final Tensor current;
  private boolean set;

  /**
   * Allocates a table.
   *
   * @param rows the most steps that are planned at once
   * @param layout the C struct of the settings, floats only
   */
  SettingsTable(Device device, String owner, int rows, MemoryLayout layout) {
    this.owner = owner;
    this.rows = (int) Sizes.atLeast(1, rows, "steps of the " + owner);
    columns = layout.byteSize() / Float.BYTES;
    row = Arena.ofAuto().allocate(layout);
    long cells = Math.multiplyExact(rows, columns);
    host = Arena.ofAuto().allocate((FIRST_FLOAT + cells) * Float.BYTES, Long.BYTES);
    memory = device.allocateFloats(owner, FIRST_FLOAT + cells + columns);
    try {
      uploader = new Uploader(device, owner, host.byteSize());
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
    position = memory.longs(0, 1);
    table = memory.floats(FIRST_FLOAT, cells);
    current = memory.floats(FIRST_FLOAT + cells, columns);
  }

  /** A row in host memory, to be written before {@link #apply} or {@link #put}. */
  MemorySegment row() {
    return row;
  }

  /** Puts the row in force. */
  void apply(Stream stream) {
    current.upload(stream, row);
    set = true;
  }

  /** Makes the row that of a step to come. */
  void put(int step) {
    Objects.checkIndex(step, rows);
    long at = Long.BYTES + step * row.byteSize();
    MemorySegment.copy(row, 0, host, at, row.byteSize());
  }

  /**
   * Copies the host's first rows to the device, after the work that still reads the old ones, and
   * without waiting for that; {@link #next} begins with the first.
   */
  void upload(Stream stream, int count) {
    uploader.upload(stream, memory.floats(), FIRST_FLOAT + count * columns, host);
    set = true;
  }

  /** Puts the next row in force. */
  void next(Stream stream) {
    Settings.checkSet(set, owner);
    Select.select(stream, rows, columns, table, position, current);
  }

  /** The settings in force. */
  Tensor current() {
    Settings.checkSet(set, owner);
    return current;
  }

  @Override
  public void close() {
    memory.close();
    uploader.close();
  }
}
