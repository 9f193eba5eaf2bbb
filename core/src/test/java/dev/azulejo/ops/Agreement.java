package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

/** Compares results with references. NaN never agrees with anything. */
public final class Agreement {
  private Agreement() {}

  /** Fails where an element is further from the reference than its tolerance. */
  public static void check(String what, double[] expected, double[] tolerance, float[] actual) {
    assertEquals(expected.length, actual.length, what + ": number of elements");
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance[i])) {
        check(what + "[" + i + "]", expected[i], tolerance[i], actual[i]);
      }
    }
  }

  /** Fails where a value is further from the reference than its tolerance. */
  public static void check(String what, double expected, double tolerance, double actual) {
    double error = Math.abs(actual - expected);
    if (!(error <= tolerance)) {
      fail(
          what
              + ": "
              + actual
              + ", reference "
              + expected
              + ", off by "
              + error
              + ", allowed "
              + tolerance);
    }
  }
}
