package dev.azulejo.compare.measure;

import dev.azulejo.device.Event;
import dev.azulejo.device.Stream;

/** The time of a device, from an event in a stream before the work to one behind it. */
record EventClock(Stream stream) implements Clock {
  private static final double MILLIS = 1e3;

  @Override
  public double seconds(Runnable work) {
    try (Event begin = stream.device().openEvent();
        Event end = stream.device().openEvent()) {
      begin.record(stream);
      work.run();
      end.record(stream);
      return end.millisecondsSince(begin) / MILLIS;
    }
  }

  @Override
  public String toString() {
    return "device, events around the runs of a sample";
  }
}
