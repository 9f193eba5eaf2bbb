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
  private final Set<Holding> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
  private long liveBytes;
  private long peakBytes;
  private long hostBytes;

  <T extends Holding> T add(T buffer) {
    buffers.add(buffer);
    count(buffer, buffer.bytes());
    peakBytes = Math.max(peakBytes, liveBytes);
    return buffer;
  }

  void remove(Holding buffer) {
    if (buffers.remove(buffer)) {
      count(buffer, -buffer.bytes());
    }
  }

  List<Holding> open() {
    return List.copyOf(buffers);
  }

  MemoryReport report() {
    return new MemoryReport(liveBytes, peakBytes, hostBytes, owners(buffers));
  }

  /** The given buffers by owner, the largest first, equal ones by name. */
  static List<MemoryReport.Owner> owners(Collection<? extends Holding> buffers) {
    var byName = new TreeMap<String, MemoryReport.Owner>();
    for (Holding buffer : buffers) {
      String name = buffer.reportedOwner();
      byName.merge(
          name,
          new MemoryReport.Owner(name, buffer.bytes(), 1),
          (a, b) ->
              new MemoryReport.Owner(a.name(), a.bytes() + b.bytes(), a.buffers() + b.buffers()));
    }
    var owners = new ArrayList<>(byName.values());
    owners.sort(Comparator.comparingLong(MemoryReport.Owner::bytes).reversed());
    return List.copyOf(owners);
  }

  private void count(Holding buffer, long bytes) {
    switch (buffer) {
      case DeviceBuffer own -> liveBytes += bytes;
      case HostBuffer pinned -> hostBytes += bytes;
    }
  }
}
