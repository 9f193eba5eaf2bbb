package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Host memory for asynchronous copies: its account, its bounds, its end. */
class HostBufferTest extends DeviceTest {
  @Test
  void copiesAreDoneWhenTheStreamHasComeThisFar() {
    try (DeviceBuffer memory = device.allocateFloats("x", 10);
        HostBuffer in = device.allocateHost("in", 40);
        HostBuffer out = device.allocateHost("out", 40);
        Event done = device.openEvent()) {
      for (int i = 0; i < 10; i++) {
        in.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, i * 1.5f);
      }
      memory.floats().uploadAsync(stream, 10, in);
      memory.floats(2, 8).downloadAsync(stream, 8, out);
      done.record(stream);
      done.synchronize();
      for (int i = 0; i < 8; i++) {
        assertEquals((i + 2) * 1.5f, out.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i));
      }
    }
  }

  @Test
  void isPartOfTheMemoryReport() {
    HostBuffer buffer = device.allocateHost("in", 1000);
    assertEquals(0, buffer.segment().address() % 256);
    assertEquals(1000, buffer.segment().byteSize());
    assertEquals(
        new MemoryReport(0, 0, 1000, List.of(new MemoryReport.Owner("in (host memory)", 1000, 1))),
        device.memory());
    assertTrue(device.memory().toString().contains("host memory 1000 bytes"));
    buffer.close();
    buffer.close();
    assertFalse(buffer.isOpen());
    assertEquals(new MemoryReport(0, 0, 0, List.of()), device.memory());
  }

  @Test
  void misuseIsNamed() {
    try (DeviceBuffer memory = device.allocateFloats("x", 4);
        Device second = Device.open(kind);
        HostBuffer foreign = second.allocateHost("foreign", 16)) {
      HostBuffer small = device.allocateHost("small", 12);
      Tensor x = memory.floats();
      assertMessage(
          "source needs at least 16 bytes, has 12: host buffer 'small' (12 bytes) of device "
              + kind
              + " 0",
          () -> x.uploadAsync(stream, 4, small));
      assertThrows(IllegalArgumentException.class, () -> x.downloadAsync(stream, 4, foreign));
      assertThrows(IllegalArgumentException.class, () -> x.uploadAsync(stream, 5, foreign));
      assertMessage("bytes of 'x' must be at least 1, was 0", () -> device.allocateHost("x", 0));
      assertThrows(
          OutOfDeviceMemoryException.class, () -> device.allocateHost("huge", Long.MAX_VALUE));
      MemorySegment segment = small.segment();
      small.close();
      assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(
          "host buffer 'small' (12 bytes) of device " + kind + " 0 is closed",
          assertThrows(IllegalStateException.class, () -> x.uploadAsync(stream, 3, small))
              .getMessage());
    }
  }

  private static void assertMessage(String text, org.junit.jupiter.api.function.Executable call) {
    assertEquals(text, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
