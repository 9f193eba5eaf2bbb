package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.ops.Elementwise;
import org.junit.jupiter.api.Test;

/** Points in a stream's work. */
class EventTest extends DeviceTest {
  @Test
  void timeAndOrderAcrossStreams() {
    try (Event start = device.openEvent();
        Event end = device.openEvent();
        Stream other = device.openStream(0);
        DeviceBuffer memory = device.allocateFloats("x", 1000)) {
      Tensor x = memory.floats();
      start.record(stream);
      Elementwise.fill(stream, 1000, 1, x);
      end.record(stream);
      other.await(end);
      Elementwise.scale(other, 1000, 2, x);
      assertEquals(2f, x.toArray(other)[999]);
      end.synchronize();
      double milliseconds = end.millisecondsSince(start);
      assertTrue(milliseconds >= 0 && milliseconds < 60_000, () -> "took " + milliseconds);
    }
  }

  @Test
  void misuseIsNamed() {
    try (Device second = Device.open(kind);
        Event foreign = second.openEvent()) {
      Event event = device.openEvent();
      assertNever(event::synchronize);
      assertNever(() -> stream.await(event));
      assertNever(() -> event.millisecondsSince(event));
      String different =
          "event of device "
              + kind
              + " 0 and stream of device "
              + kind
              + " 0 are of different devices; open an event on each";
      assertMessage(different, () -> foreign.record(stream));
      assertMessage(different, () -> stream.await(foreign));
      assertThrows(IllegalArgumentException.class, () -> event.millisecondsSince(foreign));
      event.close();
      event.close();
      assertEquals(
          "event of device " + kind + " 0 is closed",
          assertThrows(IllegalStateException.class, () -> event.record(stream)).getMessage());
    }
  }

  @Test
  void anEventThatIsForgottenIsClosedAndNamed() {
    device.openEvent();
    var e = assertThrows(IllegalStateException.class, device::close);
    assertTrue(e.getMessage().contains(" and 1 events were not closed"), e.getMessage());
    assertFalse(device.isOpen());
  }

  private static void assertNever(org.junit.jupiter.api.function.Executable call) {
    var e = assertThrows(AzulejoException.class, call);
    assertEquals(Status.INVALID_ARGUMENT, e.status());
    assertTrue(e.getMessage().contains("record"), e.getMessage());
  }

  private static void assertMessage(String text, org.junit.jupiter.api.function.Executable call) {
    assertEquals(text, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
