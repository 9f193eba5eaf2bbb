package dev.azulejo.device;

import java.util.Arrays;
import java.util.List;

/**
 * The kinds of device that the conformance suites run on: all that the loaded native library finds
 * on this machine, or those that the system property {@value #PROPERTY} names, such as "EMULATED".
 */
public final class Devices {
  private static final String PROPERTY = "azulejo.test.devices";

  private static List<DeviceKind> available;

  private Devices() {}

  /** The kinds to test. Printed once, so that a log says what was tested. */
  public static synchronized List<DeviceKind> available() {
    if (available == null) {
      String asked = System.getProperty(PROPERTY);
      List<DeviceKind> kinds =
          asked == null
              ? found()
              : Arrays.stream(asked.split(",")).map(DeviceKind::valueOf).toList();
      if (!found().containsAll(kinds) || !found().contains(DeviceKind.CPU)) {
        throw new AssertionError(
            "the native library must offer the CPU and " + kinds + "; it offers " + found());
      }
      for (DeviceInfo device : Device.list()) {
        if (kinds.contains(device.kind())) {
          System.out.printf(
              "Conformance suites run on: %s (%s, %s)%n",
              device.kind(), device.name(), device.instructionSet());
        }
      }
      available = kinds;
    }
    return available;
  }

  /** The kinds that the native library offers on this machine. */
  static List<DeviceKind> found() {
    return Device.list().stream().map(DeviceInfo::kind).distinct().toList();
  }
}
