package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Emulation.CudaError;
import dev.azulejo.ops.Elementwise;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What goes wrong with CUDA reaches Java as an exception of its own with a text that says what to
 * do, and the process carries on. The failures are injected into the emulated CUDA run time.
 */
@Tag("emulated")
class EmulatedFaultTest {
  @AfterEach
  void reset() {
    Emulation.reset();
  }

  static Stream<Arguments> driversThatDoNotServe() {
    return Stream.of(
        Arguments.of(CudaError.INSUFFICIENT_DRIVER, "the installed NVIDIA driver is too old"),
        Arguments.of(CudaError.NO_DEVICE, "sees no GPU; check nvidia-smi"));
  }

  @ParameterizedTest
  @MethodSource("driversThatDoNotServe")
  void driverThatDoesNotServe(CudaError error, String text) {
    Emulation.failNext("cudaGetDeviceCount", error);
    unavailable(text);
    assertWorks(0);
  }

  @Test
  void noDriver() {
    Emulation.failNext("cudaGetDeviceCount", CudaError.INSUFFICIENT_DRIVER);
    Emulation.failNext("cudaDriverGetVersion", CudaError.NO_DEVICE);
    unavailable("no NVIDIA driver was found (libcuda.so.1 cannot be loaded)");
    assertWorks(0);
  }

  /** Where there is no driver there is no device to list, and best is the CPU. */
  @Test
  void withoutDriverTheCpuIsThere() {
    for (int i = 0;
        i < 2;
        i++) { // asked for CUDA, and for emulated devices where the build has both
      Emulation.failNext("cudaGetDeviceCount", CudaError.NO_DEVICE);
    }
    assertTrue(Device.list().stream().allMatch(info -> info.kind() == DeviceKind.CPU));
    try (Device best = Device.best()) {
      assertEquals(DeviceKind.CPU, best.kind());
    }
  }

  @Test
  void noKernelsForTheArchitecture() {
    try (Device device = Device.open(DeviceKind.EMULATED);
        DeviceBuffer x = device.allocateFloats("x", 8)) {
      Emulation.failNext("cudaLaunchKernelExC", CudaError.NO_KERNEL_IMAGE);
      var e =
          assertThrows(
              DeviceUnavailableException.class,
              () -> Elementwise.fill(device.stream(), 8, 1, x.floats()));
      assertContains(e, "no kernels that the device can run (built for sm_");
      assertWorks(device);
    }
  }

  @Test
  void outOfMemory() {
    try (Device device = Device.open(DeviceKind.EMULATED)) {
      long total = device.info().totalBytes();
      var e =
          assertThrows(
              OutOfDeviceMemoryException.class, () -> device.allocate("too much", total + 1));
      assertContains(e, Long.toString(total + 1));
      assertEquals(0, device.memory().liveBytes());
      assertWorks(device);
    }
  }

  /** A launch that is refused, which does the device no harm. */
  @ParameterizedTest
  @EnumSource(names = {"INVALID_CONFIGURATION", "LAUNCH_OUT_OF_RESOURCES"})
  void launchThatIsRefused(CudaError error) {
    try (Device device = Device.open(DeviceKind.EMULATED);
        DeviceBuffer x = device.allocateFloats("x", 8)) {
      Emulation.failNext("cudaLaunchKernelExC", error);
      var e =
          assertThrows(
              AzulejoException.class, () -> Elementwise.fill(device.stream(), 8, 1, x.floats()));
      assertEquals(Status.INTERNAL, e.status());
      assertContains(e, "azj_fill");
      assertContains(e, "cudaError");
      assertWorks(device);
    }
  }

  /** Errors after which CUDA lets no process use the device again: it says so from then on. */
  @ParameterizedTest
  @EnumSource(names = {"ECC_UNCORRECTABLE", "ILLEGAL_ADDRESS", "LAUNCH_FAILURE"})
  void lostDevice(CudaError error) {
    try (Device other = Device.open(DeviceKind.EMULATED, 1);
        Device device = Device.open(DeviceKind.EMULATED, 0)) {
      try (DeviceBuffer x = device.allocateFloats("x", 8)) {
        Emulation.failNext("cudaStreamSynchronize", error);
        Elementwise.fill(device.stream(), 8, 1, x.floats());
        lost("cudaStreamSynchronize", device.stream()::synchronize);
        String first = "CUDA device 0 was lost in an earlier call: cudaStreamSynchronize";
        lost(first, device.stream()::synchronize);
        lost(first, () -> Elementwise.fill(device.stream(), 8, 1, x.floats()));
        lost(first, () -> x.floats().toArray(device.stream()));
        lost(first, () -> device.allocate("more", 8));
        lost(first, device::info);
        lost(first, () -> device.openStream(0));
        assertWorks(other);
      }
      assertEquals(0, device.memory().liveBytes());
      assertTrue(Device.list().stream().anyMatch(info -> info.kind() == DeviceKind.CPU));
    }
  }

  @Test
  void devicesAreNotMixedUp() {
    try (Device first = Device.open(DeviceKind.EMULATED, 0);
        Device second = Device.open(DeviceKind.EMULATED, 1);
        DeviceBuffer here = first.allocateFloats("here", 8);
        DeviceBuffer there = second.allocateFloats("there", 8)) {
      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Elementwise.fill(first.stream(), 8, 1, there.floats()));
      assertContains(e, "device EMULATED 1");
      assertContains(e, "device EMULATED 0");
      assertThrows(
          IllegalArgumentException.class,
          () -> Elementwise.axpy(second.stream(), 8, 1, here.floats(), there.floats()));
      assertThrows(
          IllegalArgumentException.class,
          () -> here.floats().copyFrom(first.stream(), there.floats(), 8));
      assertWorks(first);
      assertWorks(second);
    }
  }

  @Test
  void closedStream() {
    try (Device device = Device.open(DeviceKind.EMULATED);
        DeviceBuffer x = device.allocateFloats("x", 8)) {
      dev.azulejo.device.Stream closed = device.openStream(0);
      closed.close();
      assertFalse(closed.isOpen());
      var e =
          assertThrows(
              IllegalStateException.class, () -> Elementwise.fill(closed, 8, 1, x.floats()));
      assertContains(e, "is closed");
      assertWorks(device);
    }
  }

  private static void unavailable(String text) {
    var e = assertThrows(DeviceUnavailableException.class, () -> Device.open(DeviceKind.EMULATED));
    assertEquals(Status.NO_DEVICE, e.status());
    assertContains(e, text);
  }

  private static void lost(String text, Executable call) {
    var e = assertThrows(DeviceLostException.class, call);
    assertEquals(Status.DEVICE_LOST, e.status());
    assertContains(e, text);
  }

  private static void assertContains(Exception e, String text) {
    assertTrue(e.getMessage().contains(text), e.getMessage());
  }

  private static void assertWorks(int ordinal) {
    try (Device device = Device.open(DeviceKind.EMULATED, ordinal)) {
      assertWorks(device);
    }
  }

  private static void assertWorks(Device device) {
    try (DeviceBuffer x = device.allocateFloats("x", 4)) {
      Elementwise.fill(device.stream(), 4, 2, x.floats());
      Elementwise.scale(device.stream(), 4, 1.5f, x.floats());
      assertArrayEquals(new float[] {3, 3, 3, 3}, x.floats().toArray(device.stream()));
    }
  }
}
