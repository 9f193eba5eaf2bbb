package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Opening, closing and describing devices. */
class DeviceLifecycleTest extends DeviceTest {
  @Test
  void describesItself() {
    DeviceInfo info = device.info();
    assertEquals(kind, info.kind());
    assertEquals(kind, device.kind());
    assertEquals(0, info.ordinal());
    assertFalse(info.name().isBlank());
    assertFalse(info.instructionSet().isBlank());
    assertTrue(info.computeUnits() >= 1);
    assertTrue(info.totalBytes() > 0);
    assertTrue(info.freeBytes() > 0 && info.freeBytes() <= info.totalBytes(), info.toString());
    assertEquals(kind == DeviceKind.CPU, device.isHost());
    assertEquals(kind == DeviceKind.CPU, info.capability() == 0);
    assertEquals("device " + kind + " 0", device.toString());
    assertTrue(
        Device.list().stream().anyMatch(i -> i.kind() == kind && i.name().equals(info.name())));
  }

  @Test
  void closingTwiceIsFine() {
    Device other = Device.open(kind);
    assertTrue(other.isOpen());
    other.close();
    other.close();
    assertFalse(other.isOpen());
  }

  @Test
  void useAfterCloseIsRefused() {
    Device other = Device.open(kind);
    Stream otherStream = other.stream();
    other.close();
    String closed = "device " + kind + " 0 is closed";
    assertIllegalState(closed, other::info);
    assertIllegalState(closed, other::stream);
    assertIllegalState(closed, () -> other.openStream(0));
    assertIllegalState(closed, () -> other.allocate("x", 4));
    assertIllegalState("stream of " + closed, otherStream::synchronize);
    assertIllegalState("stream of " + closed, otherStream::bindToCurrentThread);
    assertEquals(0, other.memory().liveBytes());
  }

  /** What was forgotten is freed, and named. */
  @Test
  void closingNamesWhoForgotToClose() {
    Device other = Device.open(kind);
    DeviceBuffer weights = other.allocate("conv1 weights", 1000);
    Tensor tensor = weights.floats();
    DeviceBuffer more = other.allocate("conv1 weights", 24);
    other.allocate("loss", 4);
    Stream forgotten = other.openStream(0);
    other.stream().workspace().reserve(100); // the device's own: no leak
    assertIllegalState(
        "device "
            + kind
            + " 0 was closed while in use: memory of ['conv1 weights': 1024 bytes in 2 buffers,"
            + " 'loss': 4 bytes in 1 buffer] and 1 opened streams were not closed before it; they"
            + " are closed now",
        other::close);
    assertFalse(other.isOpen());
    assertFalse(weights.isOpen());
    assertFalse(forgotten.isOpen());
    assertEquals(0, other.memory().liveBytes());
    other.close();
    weights.close();
    more.close();
    forgotten.close();
    assertIllegalState(
        "buffer 'conv1 weights' (1000 bytes) of device " + kind + " 0 is closed",
        () -> tensor.slice(0, 1));
  }

  @Test
  void badArgumentsAreRefused() {
    assertEquals(
        "kind", assertThrows(NullPointerException.class, () -> Device.open(null)).getMessage());
    assertEquals(
        "threads must be 1..1024, or 0 for every usable processor, was -1",
        assertThrows(IllegalArgumentException.class, () -> Device.cpu(-1)).getMessage());
    assertEquals(
        "threads must be 1..1024, or 0 for every usable processor, was 1025",
        assertThrows(IllegalArgumentException.class, () -> device.openStream(1025)).getMessage());
    assertThrows(DeviceUnavailableException.class, () -> Device.open(kind, 999));
  }

  /** A device that is not there is refused with what is missing; nothing else is taken instead. */
  @Test
  void missingDevicesAreNamed() {
    for (DeviceKind missing : DeviceKind.values()) {
      if (!Devices.found().contains(missing)) {
        var e = assertThrows(DeviceUnavailableException.class, () -> Device.open(missing));
        assertEquals(Status.NO_DEVICE, e.status());
        assertEquals("azj_device_open", e.function());
        assertTrue(e.getMessage().startsWith("azj_device_open: NO_DEVICE: "), e.getMessage());
        assertTrue(e.getMessage().length() > 60, e.getMessage());
      }
    }
  }

  @Test
  void bestIsCudaOrElseTheCpu() {
    try (Device best = Device.best()) {
      boolean cuda = Devices.found().contains(DeviceKind.CUDA);
      assertEquals(cuda ? DeviceKind.CUDA : DeviceKind.CPU, best.kind());
    }
  }

  @Test
  void twoDevicesLiveSideBySide() {
    try (Device other = Device.open(kind);
        DeviceBuffer here = device.allocate("here", 8);
        DeviceBuffer there = other.allocate("there", 16)) {
      assertEquals(8, device.memory().liveBytes());
      assertEquals(16, other.memory().liveBytes());
      assertEquals(8, device.nativeLiveBytes());
      assertEquals(16, other.nativeLiveBytes());
      assertEquals(device, here.device());
      assertEquals(other, there.device());
    }
  }

  private static void assertIllegalState(
      String message, org.junit.jupiter.api.function.Executable executable) {
    assertEquals(message, assertThrows(IllegalStateException.class, executable).getMessage());
  }
}
