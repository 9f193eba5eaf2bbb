package dev.azulejo.compare.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ClockTest {
  private static final double SHORTEST = 0.02;

  /** At least so long, whatever wakes the thread early. */
  private static void work() {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(20);
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private static void assertMeasures(Clock clock) {
    long begin = System.nanoTime();
    double seconds = clock.seconds(ClockTest::work);
    double around = (System.nanoTime() - begin) / 1e9;
    assertTrue(seconds >= SHORTEST && seconds <= around, seconds + " of " + around);
  }

  @Test
  void theCpuHasTheHostsClock() {
    try (Device device = Device.cpu(1)) {
      Clock clock = Clock.of(device.stream());
      assertInstanceOf(HostClock.class, clock);
      assertMeasures(clock);
      assertEquals("host, around the runs of a sample", clock.toString());
    }
  }

  /** The CPU's events stand for any device's; none of them is left, also where the work fails. */
  @Test
  void eventsMeasureWhatIsBetweenThem() {
    try (Device device = Device.cpu(1)) {
      Clock clock = new EventClock(device.stream());
      assertMeasures(clock);
      Runnable failing =
          () -> {
            throw new ArithmeticException();
          };
      assertThrows(ArithmeticException.class, () -> clock.seconds(failing));
      assertEquals("device, events around the runs of a sample", clock.toString());
    }
  }
}
