package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

/** The triangle filter that resizes images. */
class ResamplerTest {

  @Test
  void enlargingIsBilinear() {
    // Two pixels to four: centres at 0.25, 0.75, 1.25, 1.75 of the source, clamped at the edges.
    float[] row = Resampler.resize(new float[] {0, 1}, 1, 2, 1, 4);
    assertArrayEquals(new float[] {0, 0.25f, 0.75f, 1}, row, 1e-6f);
    float[] column = Resampler.resize(new float[] {0, 1}, 2, 1, 4, 1);
    assertArrayEquals(row, column, 1e-6f);
  }

  @Test
  void reducingCountsEveryPixel() {
    // Weights of the triangle of half width 2 at distances 0.5 and 1.5, cut off at the edge and
    // made to add up to 1.
    float[] row = Resampler.resize(new float[] {1, 0, 0, 0}, 1, 4, 1, 2);
    assertArrayEquals(new float[] {0.75f / 1.75f, 0}, row, 1e-6f);
    // A checkerboard of single pixels averages out instead of aliasing to one of its colours.
    float[] board = new float[32 * 32];
    for (int i = 0; i < board.length; i++) {
      board[i] = (i / 32 + i % 32) % 2;
    }
    for (float value : Resampler.resize(board, 32, 32, 8, 8)) {
      assertEquals(0.5f, value, 0.02f);
    }
  }

  @Test
  void aRampStaysARampAndNothingShifts() {
    int size = 60;
    float[] ramp = new float[size];
    for (int i = 0; i < size; i++) {
      ramp[i] = (i + 0.5f) / size;
    }
    for (int newSize : new int[] {7, 20, 59, 61, 200}) {
      float[] resized = Resampler.resize(ramp, 1, size, 1, newSize);
      for (int i = newSize / 5; i < newSize * 4 / 5; i++) {
        assertEquals((i + 0.5f) / newSize, resized[i], 2e-3f);
      }
    }
  }

  @Test
  void theSameSizeIsNotTouched() {
    float[] plane = {1, 2, 3, 4, 5, 6};
    assertSame(plane, Resampler.resize(plane, 2, 3, 2, 3));
  }
}
