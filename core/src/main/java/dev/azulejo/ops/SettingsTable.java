package dev.azulejo.ops;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An optimiser's settings in device memory: those in force, and those of the steps to come, a row
 * each, of which {@link #next} puts the next one in force. Used by one thread at a time.
 */
final class SettingsTable implements AutoCloseable {
  private final String owner;
  private final int rows;
  private final long columns;
  private final MemorySegment row;
  private final MemorySegment host;
  private final DeviceBuffer memory;
  private final DeviceBuffer positionMemory;
  private final Tensor table;
  private final Tensor current;
  private final Tensor position;
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
    host = Arena.ofAuto().allocate(layout, rows);
    memory = device.allocateFloats(owner, Math.addExact(rows * columns, columns));
    try {
      positionMemory = device.allocate(owner, Long.BYTES);
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
    current = memory.floats(0, columns);
    table = memory.floats(columns, rows * columns);
    position = positionMemory.longs();
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
    MemorySegment.copy(row, 0, host, step * row.byteSize(), row.byteSize());
  }

  /** Copies the host's first rows to the device; {@link #next} begins with the first. */
  void upload(Stream stream, int count) {
    table.upload(stream, count * columns, host);
    position.upload(stream, new long[] {0});
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
    positionMemory.close();
  }
}
