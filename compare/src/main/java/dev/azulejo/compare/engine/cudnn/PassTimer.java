package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.device.Event;
import dev.azulejo.device.Stream;
import java.util.Arrays;

/** How long something takes on the device. */
@FunctionalInterface
interface PassTimer {
  /** Milliseconds of a run. */
  double milliseconds(Runnable run);

  /** By the device's own clock: the median of a few runs, after others that are not counted. */
  static PassTimer of(Stream stream) {
    return run -> {
      double[] times = new double[5];
      try (Event start = stream.device().openEvent();
          Event end = stream.device().openEvent()) {
        run.run();
        run.run();
        for (int i = 0; i < times.length; i++) {
          start.record(stream);
          run.run();
          end.record(stream);
          times[i] = end.millisecondsSince(start);
        }
      }
      Arrays.sort(times);
      return times[times.length / 2];
    };
  }
}
