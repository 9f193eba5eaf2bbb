package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceTest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** He initialisation, row T6, T§2.5.7: weights N(0, sqrt(2 / N_in)), biases 0. */
class InitializationTest extends DeviceTest {
  private static final NetworkSpec SPEC = Zoo.spec("mnist-cnn", new Shape(1, 28, 28), 10);

  @Test
  void weightsAreNormalWithHesDeviationAndBiasesZeroT6() {
    try (Network network = Network.create(device, SPEC, 42)) {
      float[] values = network.weights().toArray(stream);
      long[] fanIns = {9, 32 * 9, 64 * 7 * 7, 128}; // C K K of the convolutions, then the inputs
      int weights = 0;
      for (ParameterLayout.Entry entry : network.layout().entries()) {
        float[] part = part(values, entry);
        if (entry.name().endsWith(".bias")) {
          assertArrayEquals(new float[part.length], part, entry.name());
          continue;
        }
        double deviation = Math.sqrt(2.0 / fanIns[weights++]);
        double mean = 0;
        double square = 0;
        double beyond = 0;
        for (float value : part) {
          mean += value / part.length;
          square += (double) value * value / part.length;
          beyond += Math.abs(value) > 2 * deviation ? 1.0 / part.length : 0;
        }
        // Four standard errors of the mean, of the variance, and of the share beyond two sigma.
        double n = Math.sqrt(part.length);
        assertEquals(0, mean, 4 * deviation / n, entry.name() + ": mean");
        assertEquals(1, square / (deviation * deviation), 4 * Math.sqrt(2) / n, entry.name());
        assertEquals(0.0455, beyond, 4 * Math.sqrt(0.0455 * 0.9545) / n, entry.name() + ": tails");
      }
      assertEquals(4, weights);
    }
  }

  @Test
  void sameSeedSameBitsAnotherSeedOthers() {
    float[] first = weights(42);
    assertArrayEquals(first, weights(42));
    float[] other = weights(43);
    int equal = 0;
    int drawn = 0;
    for (ParameterLayout.Entry entry : ParameterLayout.of(SPEC).entries()) {
      for (int i = 0; entry.shape().fanIn() > 0 && i < entry.count(); i++) {
        drawn++;
        equal += first[(int) entry.offset() + i] == other[(int) entry.offset() + i] ? 1 : 0;
      }
    }
    assertTrue(equal < drawn / 1000, equal + " of " + drawn + " weights are the same");
  }

  /** Bits that every machine and every later version must draw again: saved seeds stay good. */
  @Test
  void goldenWeights() {
    float[] values = ParameterLayout.of(SPEC).initialValues(42);
    assertEquals(GOLDEN, Arrays.hashCode(values));
  }

  private static final int GOLDEN = 301061759;

  /** Every layer has a sequence of its own. */
  @Test
  void layersDoNotRepeatEachOther() {
    NetworkSpec twins = NetworkText.parse("input 8x1x1\ndense 8\ndense 8");
    float[] values = ParameterLayout.of(twins).initialValues(1);
    ParameterLayout.Entry one = ParameterLayout.of(twins).entries().get(0);
    ParameterLayout.Entry two = ParameterLayout.of(twins).entries().get(2);
    assertEquals(one.count(), two.count());
    assertTrue(!Arrays.equals(part(values, one), part(values, two)));
  }

  @Test
  void moreParametersThanAnArrayHoldsAreRefused() {
    NetworkSpec huge = NetworkText.parse("input 100000x1x1\ndense 100000");
    assertEquals(10_000_100_000L, huge.parameterCount());
    InferencePlanTest.assertMessage(
        "10000100000 parameters",
        assertThrows(IllegalArgumentException.class, () -> Network.create(device, huge, 1)));
  }

  private float[] weights(long seed) {
    try (Network network = Network.create(device, SPEC, seed)) {
      return network.weights().toArray(stream);
    }
  }

  private static float[] part(float[] values, ParameterLayout.Entry entry) {
    return Arrays.copyOfRange(values, (int) entry.offset(), (int) (entry.offset() + entry.count()));
  }
}
