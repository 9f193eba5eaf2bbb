package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Allocation, accounting by owner, running out, and the workspace. */
class MemoryTest extends DeviceTest {
  @Test
  void bytesAreCountedByOwnerWithTheirPeak() {
    DeviceBuffer a = device.allocate("weights", 100);
    DeviceBuffer b = device.allocate("activations", 5000);
    DeviceBuffer c = device.allocateFloats("weights", 30);
    assertEquals(
        new MemoryReport(
            5220,
            5220,
            0,
            List.of(
                new MemoryReport.Owner("activations", 5000, 1),
                new MemoryReport.Owner("weights", 220, 2))),
        device.memory());
    assertEquals(5220, device.nativeLiveBytes());
    b.close();
    assertEquals(220, device.memory().liveBytes());
    assertEquals(5220, device.memory().peakBytes());
    assertEquals(
        String.join(
            System.lineSeparator(),
            "live 220 bytes, peak 5220 bytes",
            "  'weights': 220 bytes in 2 buffers"),
        device.memory().toString());
    a.close();
    a.close();
    c.close();
    assertEquals(0, device.memory().liveBytes());
    assertEquals(List.of(), device.memory().owners());
    assertFalse(a.isOpen());
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 50, Long.MAX_VALUE, Long.MAX_VALUE - 255})
  void outOfMemoryLeavesTheDeviceWorking(long bytes) {
    try (DeviceBuffer before = device.allocateFloats("before", 4)) {
      before.floats().upload(stream, new float[] {1, 2, 3, 4});
      var e = assertThrows(OutOfDeviceMemoryException.class, () -> device.allocate("huge", bytes));
      assertEquals(Status.OUT_OF_MEMORY, e.status());
      assertEquals("azj_alloc", e.function());
      assertTrue(e.getMessage().contains(Long.toString(bytes)), e.getMessage());
      assertEquals(16, device.memory().liveBytes());
      assertEquals(16, device.nativeLiveBytes());
      assertEquals(4f, before.floats().toArray(stream)[3]);
      try (DeviceBuffer after = device.allocateFloats("after", 1000)) {
        after.floats().upload(stream, new float[1000]);
      }
    }
  }

  @Test
  void badSizesAreRefused() {
    assertMessage("bytes of 'x' must be at least 1, was 0", () -> device.allocate("x", 0));
    assertMessage("bytes of 'x' must be at least 1, was -8", () -> device.allocate("x", -8));
    assertMessage("elements of 'x' must be at least 1, was 0", () -> device.allocateFloats("x", 0));
    assertMessage(
        "'x' has 4611686018427387904 elements of 4 bytes, which does not fit 64 bits",
        () -> device.allocateFloats("x", 1L << 62));
    assertEquals(
        "owner",
        assertThrows(NullPointerException.class, () -> device.allocate(null, 4)).getMessage());
  }

  @Test
  void theWorkspaceGrowsAndNeverShrinksByItself() {
    Workspace workspace = stream.workspace();
    assertEquals(0, workspace.bytes());
    assertEquals(MemorySegment.NULL, workspace.segment());
    workspace.reserve(0);
    assertEquals(0, workspace.bytes());
    workspace.reserve(1000);
    workspace.reserve(500);
    assertEquals(1000, workspace.bytes());
    workspace.reserve(2000);
    assertEquals(2000, workspace.bytes());
    assertEquals(
        List.of(new MemoryReport.Owner(Workspace.OWNER, 2000, 1)), device.memory().owners());
    assertThrows(OutOfDeviceMemoryException.class, () -> workspace.reserve(1L << 50));
    assertEquals(2000, workspace.bytes(), "as it was");
    assertMessage("workspace bytes must be at least 0, was -1", () -> workspace.reserve(-1));
    workspace.trim();
    assertEquals(0, workspace.bytes());
    assertEquals(0, device.memory().liveBytes());
  }

  /**
   * The host may look into memory only where the device is the host, within bounds, and not after
   * close.
   */
  @Test
  void hostViewsAreBoundedAndEndWithTheBuffer() {
    DeviceBuffer buffer = device.allocateFloats("x", 10);
    Tensor tensor = buffer.floats(2, 3);
    if (device.isHost()) {
      MemorySegment view = tensor.hostView();
      assertEquals(12, view.byteSize());
      view.setAtIndex(ValueLayout.JAVA_FLOAT, 2, 5f);
      assertEquals(5f, buffer.floats().toArray(stream)[4]);
      assertThrows(
          IndexOutOfBoundsException.class, () -> view.getAtIndex(ValueLayout.JAVA_FLOAT, 3));
      buffer.close();
      assertThrows(IllegalStateException.class, () -> view.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
    } else {
      assertTrue(
          assertThrows(IllegalStateException.class, tensor::hostView)
              .getMessage()
              .endsWith("lies in memory that the host cannot reach; use upload and download"));
      assertEquals(0, tensor.argument(stream, ElementType.F32, 1, "x").byteSize());
      buffer.close();
    }
    assertEquals(
        "buffer 'x' (40 bytes) of device " + kind + " 0 is closed",
        assertThrows(IllegalStateException.class, tensor::hostView).getMessage());
  }

  private static void assertMessage(
      String message, org.junit.jupiter.api.function.Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }
}
