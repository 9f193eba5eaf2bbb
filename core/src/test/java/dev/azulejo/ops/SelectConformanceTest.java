package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import org.junit.jupiter.api.Test;

/** azj_select, and the settings of an optimiser that are planned ahead with it. */
class SelectConformanceTest extends DeviceTest {
  @Test
  void rowsComeOneAfterAnother() {
    try (DeviceBuffer memory = device.allocateFloats("table", 12 + 4);
        DeviceBuffer position = device.allocate("next", Long.BYTES)) {
      Tensor table = memory.floats(0, 12);
      Tensor out = memory.floats(12, 4);
      table.upload(stream, new float[] {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23});
      position.longs().upload(stream, new long[] {1});
      Select.select(stream, 3, 4, table, position.longs(), out);
      assertArrayEquals(new float[] {10, 11, 12, 13}, out.toArray(stream));
      Select.select(stream, 3, 4, table, position.longs(), out);
      assertArrayEquals(new float[] {20, 21, 22, 23}, out.toArray(stream));
      Select.select(stream, 3, 4, table, position.longs(), out);
      for (float value : out.toArray(stream)) {
        assertTrue(Float.isNaN(value), "the table has no fourth row");
      }
      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Select.select(stream, 3, 4, table, position.longs(), table.slice(8, 4)));
      assertTrue(e.getMessage().startsWith("out overlaps table"), e.getMessage());
      assertThrows(
          IllegalArgumentException.class,
          () -> Select.select(stream, 0, 4, table, position.longs(), out));
      assertThrows(
          IllegalArgumentException.class, () -> Select.select(stream, 3, 4, table, out, out));
    }
  }

  /** A plan gives the bits that setting each step gives. */
  @Test
  void plannedStepsEqualStepsSetOneByOne() {
    int steps = 3;
    try (AdamSettings adam = new AdamSettings(device, steps);
        SgdSettings sgd = new SgdSettings(device, steps);
        DeviceBuffer memory = device.allocateFloats("w", 9 * 4)) {
      for (int i = 0; i < steps; i++) {
        adam.plan(i, 0.1f / (i + 1), 0.9f, 0.999f, 1e-8f, 0.01f, true, i + 5);
        sgd.plan(i, 0.1f / (i + 1), 0.9f, 0.01f, true);
      }
      adam.upload(stream, steps);
      sgd.upload(stream, steps);
      float[] planned = run(memory, adam, sgd, true);
      float[] set = run(memory, adam, sgd, false);
      assertArrayEquals(set, planned);
      assertThrows(IndexOutOfBoundsException.class, () -> sgd.plan(steps, 0.1f, 0, 0, false));
      assertThrows(IllegalArgumentException.class, () -> sgd.plan(0, -1, 0, 0, false));
    }
    assertEquals(0, device.memory().liveBytes());
  }

  private float[] run(DeviceBuffer memory, AdamSettings adam, SgdSettings sgd, boolean planned) {
    Tensor all = memory.floats();
    Elementwise.fill(stream, all.count(), 0, all);
    for (int i = 0; i < 3; i++) {
      Elementwise.fill(stream, 4, 0.5f + i, memory.floats(0, 4));
      if (planned) {
        adam.next(stream);
        sgd.next(stream);
      } else {
        adam.set(stream, 0.1f / (i + 1), 0.9f, 0.999f, 1e-8f, 0.01f, true, i + 5);
        sgd.set(stream, 0.1f / (i + 1), 0.9f, 0.01f, true);
      }
      Tensor g = memory.floats(0, 4);
      Optimizers.adam(
          stream, adam, 4, g, memory.floats(4, 4), memory.floats(8, 4), memory.floats(12, 4));
      Optimizers.sgd(stream, sgd, 4, g, memory.floats(16, 4), memory.floats(20, 4));
    }
    return all.toArray(stream);
  }
}
