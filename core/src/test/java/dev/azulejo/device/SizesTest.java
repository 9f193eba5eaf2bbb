package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Sizes that do not fit 64 bits are refused, with the product that does not. */
class SizesTest {
  private static final long BIG = Long.MAX_VALUE;

  @Test
  void productsThatFit() {
    assertEquals(12, Sizes.multiply(3, "a", 4, "b"));
    assertEquals(BIG, Sizes.multiply(BIG, "a", 1, "b"));
    assertEquals(0, Sizes.multiply(BIG, "a", 0, "b"));
    assertEquals(24, Sizes.product("a * b * c", 2, 3, 4));
    assertEquals(7, Sizes.add(3, "a", 4, "b"));
    assertEquals(40, Sizes.bytes(10, "x"));
    assertEquals(5, Sizes.atLeast(5, 5, "n"));
  }

  @Test
  void productsThatDoNot() {
    assertMessage(
        "batch * channels = 9223372036854775807 * 2 does not fit 64 bits",
        () -> Sizes.multiply(BIG, "batch", 2, "channels"));
    assertMessage(
        "batch * channels = 4294967296 * 2147483648 does not fit 64 bits",
        () -> Sizes.multiply(1L << 32, "batch", 1L << 31, "channels"));
    assertMessage(
        "a * b * c = 3037000500 * 3037000500 * 1 does not fit 64 bits",
        () -> Sizes.product("a * b * c", 3037000500L, 3037000500L, 1));
    assertMessage(
        "a + b = 9223372036854775807 + 1 does not fit 64 bits", () -> Sizes.add(BIG, "a", 1, "b"));
    assertMessage(
        "w has 2305843009213693952 elements of 4 bytes, which does not fit 64 bits",
        () -> Sizes.bytes(1L << 61, "w"));
    assertMessage("n must be at least 1, was 0", () -> Sizes.atLeast(1, 0, "n"));
  }

  private static void assertMessage(String message, Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }
}
