package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rounding to BF16, and the pitch of channels. */
class Bf16Test {
  /** Every BF16 number is itself. */
  @Test
  void whatIsBf16Stays() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Bf16.toFloat((short) bits);
      if (Float.isNaN(value)) {
        assertTrue(Float.isNaN(Bf16.toFloat(Bf16.of(value))), Integer.toHexString(bits));
      } else {
        assertEquals((short) bits, Bf16.of(value), Integer.toHexString(bits));
      }
    }
  }

  /** Between two neighbours the nearer one, in the middle the even one, for every pair. */
  @Test
  void betweenNeighboursTheNearerOne() {
    for (int bits = 0; bits < 0x7f7f; bits++) {
      int low = bits << 16;
      short even = (short) (bits + (bits & 1));
      assertEquals((short) bits, Bf16.of(Float.intBitsToFloat(low + 0x7fff)));
      assertEquals(even, Bf16.of(Float.intBitsToFloat(low + 0x8000)));
      assertEquals((short) (bits + 1), Bf16.of(Float.intBitsToFloat(low + 0x8001)));
      assertEquals(
          (short) (even | 0x8000), Bf16.of(Float.intBitsToFloat(low + 0x8000 | 0x80000000)));
    }
  }

  @Test
  void theEndsOfTheRange() {
    assertEquals(0x7f80, Bf16.of(Float.MAX_VALUE), "rounded up to infinity");
    assertEquals(0x7f80, Bf16.of(Float.POSITIVE_INFINITY));
    // A NaN whose mark is in the lower half only must not become infinity.
    assertTrue(Float.isNaN(Bf16.toFloat(Bf16.of(Float.intBitsToFloat(0x7f800001)))));
    assertTrue(Float.isNaN(Bf16.toFloat(Bf16.of(Float.intBitsToFloat(0xffffffff)))));
    assertEquals(0, Bf16.of(Float.MIN_VALUE));
    assertEquals((short) 0x8000, Bf16.of(-0f));
  }

  @ParameterizedTest
  @CsvSource({"1,8", "7,8", "8,8", "9,16", "64,64", "9223372036854775800,9223372036854775800"})
  void thePitchIsTheNextMultipleOfEight(long channels, long pitch) {
    assertEquals(pitch, Bf16Packing.pitch(channels));
  }

  @Test
  void sizesAreChecked() {
    assertEquals(2 * 8 * 3, Bf16Packing.count(2, 5, 3));
    assertMessage("channels must be at least 1, was 0", () -> Bf16Packing.pitch(0));
    assertMessage("rows must be at least 1, was 0", () -> Bf16Packing.count(0, 1, 1));
    assertMessage("positions must be at least 1, was -1", () -> Bf16Packing.count(1, 1, -1));
    assertMessage(
        "channels + 7 = 9223372036854775807 + 7 does not fit 64 bits",
        () -> Bf16Packing.pitch(Long.MAX_VALUE));
    assertMessage(
        "rows * positions * channels rounded up to 8 = 4611686018427387904 * 8 does not fit 64 bits",
        () -> Bf16Packing.count(1L << 61, 1, 2));
  }

  private static void assertMessage(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
