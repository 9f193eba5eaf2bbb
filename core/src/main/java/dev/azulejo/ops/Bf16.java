package dev.azulejo.ops;

/**
 * BF16 on the host: the upper half of a float32, with 8 bits of exponent and 7 of mantissa, in the
 * bits of a short. Rounded to nearest, ties to even, as the device rounds.
 */
public final class Bf16 {
  private static final int HALF = 16;
  private static final int QUIET = 0x40; // the first bit of the mantissa

  private Bf16() {}

  /** The number nearest to a float; NaN stays NaN. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> HALF | QUIET);
    }
    // Half of the last place that stays, less one where that place is even: a tie goes to even.
    int odd = bits >>> HALF & 1;
    return (short) (bits + (1 << HALF - 1) - 1 + odd >>> HALF);
  }

  /** The same number as a float. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << HALF);
  }

  /** The numbers nearest to floats. */
  public static short[] of(float[] values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = of(values[i]);
    }
    return bits;
  }

  /** The same numbers as floats. */
  public static float[] toFloats(short[] bits) {
    float[] values = new float[bits.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = toFloat(bits[i]);
    }
    return values;
  }

  /** Floats rounded to BF16, as floats. */
  public static float[] rounded(float[] values) {
    return toFloats(of(values));
  }
}
