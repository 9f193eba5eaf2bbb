package dev.azulejo.device;

import java.util.List;

/**
 * The kinds of device that the conformance suites run on: whatever the loaded native library finds
 * on this machine.
 */
public final class Devices {
  private static List<DeviceKind> available;

  private Devices() {}

  /** The kinds, the CPU always among them. Printed once, so that a log says what was tested. */
  public static synchronized List<DeviceKind> available() {
    if (available == null) {
      available = Device.list().stream().map(DeviceInfo::kind).distinct().toList();
      if (!available.contains(DeviceKind.CPU)) {
        throw new AssertionError(
            "the native library does not offer the CPU; it offers " + available);
      }
      System.out.println("Conformance suites run on: " + available);
    }
    return available;
  }
}
