package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Status;
import dev.azulejo.device.Tensor;
import org.junit.jupiter.api.Test;

/** Philox on every device: the authors' known answer, positions, moments. */
class RandomConformanceTest extends DeviceTest {
  /** Random123's kat_vectors: counter 0, key 0. */
  private static final int[] KNOWN = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};

  @Test
  void uniformNumbersAreTheAuthors() {
    try (RandomState state = new RandomState(device, stream, 0);
        DeviceBuffer memory = device.allocateFloats("x", 8)) {
      Tensor x = memory.floats();
      Random.uniform(stream, state, 4, 0, 1, x);
      float[] first = x.toArray(stream);
      for (int i = 0; i < 4; i++) {
        assertEquals((KNOWN[i] >>> 8) * 0x1p-24f, first[i]);
      }
      Random.uniform(stream, state, 3, 0, 1, x); // moved on
      float[] then = x.toArray(stream);
      state.set(stream, 0, 0);
      Random.uniform(stream, state, 7, 0, 1, x);
      float[] again = x.toArray(stream);
      assertArrayEquals(
          new float[] {first[3], then[0], then[1], then[2]},
          new float[] {again[3], again[4], again[5], again[6]});
    }
  }

  @Test
  void normalNumbersHaveTheirMoments() {
    int count = 4000;
    try (RandomState state = new RandomState(device, stream, 7);
        DeviceBuffer memory = device.allocateFloats("x", count)) {
      Random.normal(stream, state, count, 3, 2, memory.floats());
      double sum = 0;
      double squares = 0;
      for (float value : memory.floats().toArray(stream)) {
        sum += value;
        squares += (double) value * value;
      }
      double mean = sum / count;
      // Five standard errors: 2 / sqrt(4000), and 4 sqrt(2 / 4000) for the variance.
      assertEquals(3, mean, 5 * 2 / Math.sqrt(count));
      assertEquals(4, squares / count - mean * mean, 5 * 4 * Math.sqrt(2.0 / count));
    }
  }

  @Test
  void misuseIsNamed() {
    try (RandomState state = new RandomState(device, stream, 0);
        DeviceBuffer memory = device.allocateFloats("x", 4)) {
      Tensor x = memory.floats();
      assertEquals(
          Status.INVALID_ARGUMENT,
          assertThrows(
                  AzulejoException.class, () -> Random.uniform(stream, state, 4, 1, Float.NaN, x))
              .status());
      assertThrows(AzulejoException.class, () -> Random.normal(stream, state, 4, 0, -1, x));
      assertThrows(IllegalArgumentException.class, () -> Random.uniform(stream, state, 5, 0, 1, x));
      assertThrows(IllegalArgumentException.class, () -> state.set(stream, 0, -1));
    }
  }
}
