package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.reference.PackedReference;

/** A test of operations on BF16, which the CPU refuses. */
abstract class Bf16DeviceTest extends DeviceTest {
  private static final int HOPPER = 90;

  /** Runs an operation of every CUDA device; false where the device has none, and says so. */
  final boolean runs(Runnable operation) {
    return runs(kind != DeviceKind.CPU, operation);
  }

  /** Runs an operation of compute capability 9.0; false where the device has none, and says so. */
  final boolean runsOnHopper(Runnable operation) {
    return runs(device.info().capability() == HOPPER, operation);
  }

  private static boolean runs(boolean has, Runnable operation) {
    if (!has) {
      String text = assertThrows(UnsupportedProblemException.class, operation::run).getMessage();
      assertTrue(text.contains("BF16"), text);
      return false;
    }
    operation.run();
    return true;
  }

  /** Fails where a packed result is off, or what lies behind its channels is not zero. */
  static void check(
      String what, PackedReference layout, double[] expected, double[] allowed, short[] packed) {
    Agreement.check(what, expected, allowed, Bf16.toFloats(layout.unpack(packed)));
    assertTrue(layout.endsInZeros(packed), what + ": zeros up to the pitch");
  }

  /** Fails where a second run has other bits. */
  static void same(String what, GuardedBf16 first, GuardedBf16 second) {
    assertArrayEquals(first.written(), second.written(), what + ": bits of a second run");
  }
}
