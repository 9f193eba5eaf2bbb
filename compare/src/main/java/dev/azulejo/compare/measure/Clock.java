package dev.azulejo.compare.measure;

import dev.azulejo.device.Stream;

/** Tells how long work takes, and waits for it. Its text says in reports how it does that. */
@FunctionalInterface
public interface Clock {
  /**
   * Seconds that some work takes.
   *
   * @param work calls operations, which may return before they are done
   */
  double seconds(Runnable work);

  /**
   * The clock of a stream's operations: the host's on the CPU, elsewhere the device's, which does
   * not count the way from the host to the device and back.
   */
  static Clock of(Stream stream) {
    return stream.device().isHost() ? host() : new EventClock(stream);
  }

  /** The host's clock, for work that is done when its calls return. */
  static Clock host() {
    return new HostClock();
  }
}
