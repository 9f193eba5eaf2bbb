package dev.azulejo.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Philox in Java gives its authors' numbers: Random123's kat_vectors, philox4x32 10. */
class RandomReferenceTest {
  @Test
  void theAuthorsAnswers() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, RandomReference.block(0, 0));
    assertEquals((0xe169c58d >>> 8) * 0x1p-24, RandomReference.uniform(0, 1));
  }

  /** A pair of numbers is a point: its distance from the origin is the radius. */
  @Test
  void pairsArePointsOnACircle() {
    for (long at = 0; at < 64; at += 2) {
      double x = RandomReference.normal(5, at);
      double y = RandomReference.normal(5, at + 1);
      assertEquals(RandomReference.radius(5, at), Math.hypot(x, y), 1e-12);
    }
  }
}
