package dev.azulejo.device;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/** The open buffers of one device. Not thread-safe: its device calls it under its lock. */
final class MemoryLedger {
  private final Set<DeviceBuffer> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private long liveBytes;
  private long peakBytes;

  void add(DeviceBuffer buffer) {
    buffers.add(buffer);
    liveBytes += buffer.bytes();
    peakBytes = Math.max(peakBytes, liveBytes);
  }

  void remove(DeviceBuffer buffer) {
    if (buffers.remove(buffer)) {
      liveBytes -= buffer.bytes();
    }
  }

  List<DeviceBuffer> open() {
    return List.copyOf(buffers);
  }

  MemoryReport report() {
    return new MemoryReport(liveBytes, peakBytes, owners(buffers));
  }

  /** The given buffers by owner, the largest first, equal ones by name. */
  static List<MemoryReport.Owner> owners(Collection<DeviceBuffer> buffers) {
    var byName = new TreeMap<String, MemoryReport.Owner>();
    for (DeviceBuffer buffer : buffers) {
      byName.merge(
          buffer.owner(),
          new MemoryReport.Owner(buffer.owner(), buffer.bytes(), 1),
          (a, b) ->
              new MemoryReport.Owner(a.name(), a.bytes() + b.bytes(), a.buffers() + b.buffers()));
    }
    var owners = new ArrayList<>(byName.values());
    owners.sort(Comparator.comparingLong(MemoryReport.Owner::bytes).reversed());
    return List.copyOf(owners);
  }
}
