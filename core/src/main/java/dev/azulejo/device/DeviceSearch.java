package dev.azulejo.device;

import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.bindings.azulejo.azj_device_info;
import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Finds the devices of this machine, and the best of them. */
final class DeviceSearch {
  private static final System.Logger LOG = System.getLogger(DeviceSearch.class.getName());

  private DeviceSearch() {}

  static List<DeviceInfo> list() {
    var devices = new ArrayList<DeviceInfo>();
    for (DeviceKind kind : DeviceKind.values()) {
      int count = count(kind);
      for (int ordinal = 0; ordinal < count; ordinal++) {
        try {
          devices.add(describe(kind, ordinal));
        } catch (DeviceUnavailableException | DeviceLostException e) {
          // It is there, but not for this build or not any more; the others are not lost by that.
          LOG.log(System.Logger.Level.WARNING, "left out: " + e.getMessage());
        }
      }
    }
    return List.copyOf(devices);
  }

  /** The first CUDA device, else the CPU. Never the emulation, which is for tests. */
  static Device best() {
    int gpus = count(DeviceKind.CUDA);
    Device device = Device.open(gpus > 0 ? DeviceKind.CUDA : DeviceKind.CPU);
    if (LOG.isLoggable(System.Logger.Level.INFO)) {
      String why =
          gpus > 0
              ? "the first of " + gpus + " CUDA devices"
              : "no CUDA device is usable here, or this build has no CUDA backend; "
                  + NativeLibraries.describe();
      LOG.log(
          System.Logger.Level.INFO, "using " + device + " (" + device.info().name() + "): " + why);
    }
    return device;
  }

  private static int count(DeviceKind kind) {
    NativeLibraries.loadAzulejo();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(azulejo_h.C_INT);
      NativeCall.check(azulejo_h.azj_device_count(kind.code(), count), "azj_device_count");
      return count.get(azulejo_h.C_INT, 0);
    }
  }

  /** Asks a device without the cost of a default stream. */
  private static DeviceInfo describe(DeviceKind kind, int ordinal) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_device_open(kind.code(), ordinal, out), "azj_device_open");
      MemorySegment device = out.get(azulejo_h.C_POINTER, 0);
      try {
        MemorySegment info = azj_device_info.allocate(arena);
        NativeCall.check(azulejo_h.azj_device_query(device, info), "azj_device_query");
        return DeviceInfo.read(kind, info);
      } finally {
        NativeCall.check(azulejo_h.azj_device_close(device), "azj_device_close");
      }
    }
  }
}
