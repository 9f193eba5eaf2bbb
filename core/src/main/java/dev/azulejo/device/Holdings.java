package dev.azulejo.device;

import java.util.ArrayList;
import java.util.List;

/**
 * What a device has given out and not got back: memory, streams and events. Not thread-safe: its
 * device calls it under its lock.
 */
final class Holdings {
  private final MemoryLedger memory = new MemoryLedger();
  private final List<Stream> streams = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();

  MemoryLedger memory() {
    return memory;
  }

  List<Stream> streams() {
    return streams;
  }

  List<Event> events() {
    return events;
  }

  /**
   * Closes everything.
   *
   * @param own the stream that the device itself opened
   * @return what others had forgotten to close; empty for nothing
   * @throws IllegalStateException where an operation is still running on another thread
   */
  String closeAll(Stream own) {
    List<Stream> forgottenStreams = new ArrayList<>(streams);
    forgottenStreams.remove(own);
    for (Stream stream : List.copyOf(streams)) {
      stream.release();
    }
    List<Event> forgottenEvents = List.copyOf(events);
    forgottenEvents.forEach(Event::close);
    List<Holding> forgotten = memory.open();
    var owners = MemoryLedger.owners(forgotten);
    forgotten.forEach(Holding::close);
    if (forgotten.isEmpty() && forgottenStreams.isEmpty() && forgottenEvents.isEmpty()) {
      return "";
    }
    return "memory of "
        + (owners.isEmpty() ? "nobody" : owners)
        + " and "
        + forgottenStreams.size()
        + " opened streams"
        + (forgottenEvents.isEmpty() ? "" : " and " + forgottenEvents.size() + " events");
  }
}
